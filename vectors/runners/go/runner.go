// posenc-vectors, an implementation in Go: go run runner.go SUITE_DIR [results.json]. Copy it and put your code in.
package main

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
)

// -- the implementation: replace these by calls of yours --------------------------------------------------------------

func invFreq(dim int, base float64, p map[string]any) []float64 {
	freqs := make([]float64, dim/2)
	for j := range freqs {
		freqs[j] = math.Pow(base, -2*float64(j)/float64(dim))
		if p["rope_type"] == "linear" {
			freqs[j] /= p["factor"].(float64)
		}
	}
	return freqs
}

func rotate(row []float64, position float64, freqs []float64, pairing string) []float64 {
	out := append([]float64{}, row...)
	for j, f := range freqs {
		a, b := 2*j, 2*j+1
		if pairing == "half" {
			a, b = j, j+len(freqs)
		}
		angle := position * f
		s, c := math.Sincos(angle)
		out[a], out[b] = row[a]*c-row[b]*s, row[b]*c+row[a]*s
	}
	return out
}

func bucket(relative int, bidirectional bool, buckets, longest int) int {
	offset, n := 0, -relative
	if bidirectional {
		buckets /= 2
		if relative > 0 {
			offset, n = buckets, relative
		}
	} else if n < 0 {
		n = 0
	}
	exact := buckets / 2
	if n < exact {
		return offset + n
	}
	log := float32(math.Log(float64(float32(n)/float32(exact)))) / float32(math.Log(float64(longest)/float64(exact)))
	large := exact + int(log*float32(buckets-exact))
	if large > buckets-1 {
		large = buckets - 1
	}
	return offset + large
}

func slopes(heads int) []float64 {
	below, out := 1, []float64{}
	for below*2 <= heads {
		below *= 2
	}
	for h := 1; h <= below; h++ {
		out = append(out, math.Exp2(-8*float64(h)/float64(below)))
	}
	for h := 1; len(out) < heads; h += 2 {
		out = append(out, math.Exp2(-8*float64(h)/float64(2*below)))
	}
	return out
}

func idsFromMask(row []float64) []float64 {
	ids, seen := []float64{}, 0.0
	for _, real := range row {
		seen += real
		ids = append(ids, math.Max(seen-1, 0)*real)
	}
	return ids
}

// -- from cases to calls; nil is "not implemented" --------------------------------------------------------------------

type array struct {
	Shape []int
	Data  []any
	Abs   []float64
	Rel   float64
}

func numbers(a array) []float64 {
	out := make([]float64, len(a.Data))
	for i, v := range a.Data {
		out[i], _ = v.(float64)
	}
	return out
}

func answer(op string, p map[string]any, in map[string]array) map[string][]float64 {
	number := func(key string) int { v, _ := p[key].(float64); return int(v) }
	base, _ := p["rope_theta"].(float64)
	ids, out := numbers(in["position_ids"]), map[string][]float64{}
	switch {
	case op == "inv_freq" && (p["rope_type"] == "default" || p["rope_type"] == "linear") && number("head_dim") > 0 && p["partial_rotary_factor"] == 1.0:
		out["inv_freq"], out["attention_factor"] = invFreq(number("head_dim"), base, p), []float64{1}
	case op == "cos_sin_table" && (p["system"] == "rotary/hf_llama_half" || p["system"] == "rotary/exact_tables"):
		for _, position := range ids {
			for _, f := range invFreq(number("rotary_dim"), base, p) {
				out["cos"], out["sin"] = append(out["cos"], math.Cos(position*f)), append(out["sin"], math.Sin(position*f))
			}
		}
	case op == "rope_end_to_end" && p["rope_type"] == "default" && (p["system"] == "rotary/hf_llama_half" || p["system"] == "rotary/hf_gptj_interleaved"):
		freqs := invFreq(number("rotary_dim"), base, p)
		for _, name := range []string{"q", "k"} {
			x, u, v, size := numbers(in[name]), in[name].Shape[1], in[name].Shape[2], in[name].Shape[3]
			for r := 0; r < len(x)/size; r++ {
				tokens, token := u, r/v%u
				if p["layout"] == "BHSD" {
					tokens, token = v, r%v
				}
				position := ids[(r/(u*v)*tokens+token)%len(ids)]
				out[name] = append(out[name], rotate(x[r*size:(r+1)*size], position, freqs, p["pairing"].(string))...)
			}
		}
	case op == "t5_buckets":
		for _, d := range numbers(in["relative_position"]) {
			out["buckets"] = append(out["buckets"], float64(bucket(int(d), p["bidirectional"].(bool), number("num_buckets"), number("max_distance"))))
		}
	case op == "alibi_slopes":
		out["slopes"] = slopes(number("heads"))
	case op == "position_ids_from_mask" && p["rule"] == "cumsum(mask)-1, masked -> 0":
		mask, length := numbers(in["attention_mask"]), in["attention_mask"].Shape[1]
		for r := 0; r < len(mask); r += length {
			out["position_ids"] = append(out["position_ids"], idsFromMask(mask[r:r+length])...)
		}
	default:
		return nil
	}
	return out
}

// |got - want| <= abs + rel |want|; abs has one number, or one for each row
func passes(want array, got []float64) bool {
	for i, w := range numbers(want) {
		bound := want.Abs[0]
		if len(want.Abs) > 1 {
			bound = want.Abs[i/want.Shape[len(want.Shape)-1]]
		}
		if i >= len(got) || !(math.Abs(got[i]-w) <= bound+want.Rel*math.Abs(w)) {
			return false
		}
	}
	return len(got) == len(want.Data)
}

func read(name string, into any) {
	text, err := os.ReadFile(os.Args[1] + "/" + name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		panic(err)
	}
}

func main() {
	var index struct{ Groups []struct{ File string } }
	read("index.json", &index)
	results, passed, count := map[string]any{}, map[string]int{}, map[string]int{}
	for _, group := range index.Groups {
		var file struct {
			Cases []struct {
				Id, Op, Result  string
				Flags           []string
				Params          map[string]any
				Inputs, Outputs map[string]array
			}
		}
		read(group.File, &file)
		for _, one := range file.Cases {
			got := answer(one.Op, one.Params, one.Inputs)
			if got == nil {
				continue
			}
			results[one.Id] = got
			ok := true
			for name, list := range got {
				ok = ok && passes(one.Outputs[name], list)
			}
			for _, flag := range append([]string{"all"}, one.Flags...) {
				if one.Result == "valid" {
					count[flag]++
					if ok {
						passed[flag]++
					}
				}
			}
		}
	}
	for flag, n := range count {
		fmt.Printf("%s: %d / %d\n", flag, passed[flag], n)
	}
	if len(os.Args) > 2 {
		text, _ := json.Marshal(results)
		if err := os.WriteFile(os.Args[2], text, 0o644); err != nil {
			panic(err)
		}
	}
	if passed["all"] != count["all"] {
		os.Exit(1)
	}
}
