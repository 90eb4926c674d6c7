"""posenc-vectors, an implementation in Python: python3 runner.py SUITE_DIR [results.json]. Copy it and put your code in."""
import json
import math
import struct
import sys


def f32(x):
    return struct.unpack("f", struct.pack("f", x))[0]


# -- the implementation: replace these by calls of yours --------------------------------------------------------------

def inv_freq(dim, base, p):
    freqs = [base ** (-2 * j / dim) for j in range(dim // 2)]
    if p.get("rope_type") == "linear":
        freqs = [f / p["factor"] for f in freqs]
    return freqs


def rotate(row, position, freqs, pairing, sign):
    out = list(row)
    for j, f in enumerate(freqs):
        a, b = (j, j + len(freqs)) if pairing == "half" else (2 * j, 2 * j + 1)
        angle = position * f
        c, s = math.cos(angle), sign * math.sin(angle)
        out[a], out[b] = row[a] * c - row[b] * s, row[b] * c + row[a] * s
    return out


def bucket(relative, bidirectional, buckets, longest):
    offset, n = 0, max(-relative, 0)
    if bidirectional:
        buckets //= 2
        offset, n = (buckets if relative > 0 else 0), abs(relative)
    exact = buckets // 2
    if n < exact:
        return offset + n
    log = f32(f32(math.log(f32(n / exact))) / f32(math.log(longest / exact)))
    return offset + min(exact + int(f32(log * (buckets - exact))), buckets - 1)


def slopes(heads):
    if heads & (heads - 1) == 0:
        return [2 ** (-8 * (h + 1) / heads) for h in range(heads)]
    below = 1 << (heads.bit_length() - 1)
    return slopes(below) + slopes(2 * below)[0::2][: heads - below]


def sinusoid(position, dim, base, layout):
    angles = [position * base ** (-2 * j / dim) for j in range(dim // 2)]
    if layout == "concat":
        return [math.sin(a) for a in angles] + [math.cos(a) for a in angles]
    return [g(a) for a in angles for g in (math.sin, math.cos)]


def ids_from_mask(row):
    seen, ids = 0, []
    for real in row:
        seen += real
        ids.append(seen - 1 if real else 0)
    return ids


# -- from cases to calls; None is "not implemented" -------------------------------------------------------------------

def answer(op, p, inputs, outputs):
    if op == "inv_freq" and p["rope_type"] in ("default", "linear") and p.get("head_dim") and not p["partial_rotary_factor"] < 1:
        return {"inv_freq": inv_freq(p["head_dim"], p["rope_theta"], p), "attention_factor": [1]}
    if op == "cos_sin_table" and p["system"] in ("rotary/hf_llama_half", "rotary/exact_tables"):
        angles = [q * f for q in inputs["position_ids"]["data"] for f in inv_freq(p["rotary_dim"], p["rope_theta"], p)]
        return {"cos": [math.cos(a) for a in angles], "sin": [math.sin(a) for a in angles]}
    if op == "rope_end_to_end" and p["rope_type"] == "default" and p["system"] in ("rotary/hf_llama_half", "rotary/hf_gptj_interleaved"):
        freqs, ids, answers = inv_freq(p["rotary_dim"], p["rope_theta"], p), inputs["position_ids"], {}
        for name in ("q", "k"):
            _, u, v, size = inputs[name]["shape"]
            tokens, x, out = (v if p["layout"] == "BHSD" else u), inputs[name]["data"], []
            for r in range(len(x) // size):
                token = r % v if p["layout"] == "BHSD" else r // v % u
                position = ids["data"][(r // (u * v) * tokens + token) % len(ids["data"])]
                out += rotate(x[r * size:(r + 1) * size], position, freqs, p["pairing"], 1)
            answers[name] = out
        return answers
    if op == "t5_buckets":
        sizes = p["bidirectional"], p["num_buckets"], p["max_distance"]
        return {"buckets": [bucket(d, *sizes) for d in inputs["relative_position"]["data"]]}
    if op == "alibi_slopes":
        return {"slopes": slopes(p["heads"])}
    if op == "sinusoidal_rows" and p["exponent_denominator"] in ("d", "half") and p["d_model"] % 2 == 0 and "rows" in outputs:
        return {"rows": [v for q in inputs["position_ids"]["data"] for v in sinusoid(q, p["d_model"], p["base"], p["layout"])]}
    if op == "position_ids_from_mask" and p["rule"].endswith("masked -> 0"):
        mask, length = inputs["attention_mask"]["data"], inputs["attention_mask"]["shape"][-1]
        return {"position_ids": [i for r in range(0, len(mask), length) for i in ids_from_mask(mask[r:r + length])]}
    return None


def passes(want, got):
    """|got - want| <= abs + rel |want|; abs has one number, or one for each row."""
    width = want["shape"][-1] if want["shape"] else 1
    bound = lambda i: want["abs"][0 if len(want["abs"]) == 1 else i // width]
    return len(got) == len(want["data"]) and all(
        abs(g - w) <= bound(i) + want["rel"] * abs(w) for i, (g, w) in enumerate(zip(got, want["data"])))


def main(suite, results_file=None):
    results, flags = {}, {}
    for group in json.load(open(f"{suite}/index.json"))["groups"]:
        for case in json.load(open(f"{suite}/{group['file']}"))["cases"]:
            got = answer(case["op"], case["params"], case["inputs"], case["outputs"]) if not case.get("refuse") else None
            if got is None:
                continue
            results[case["id"]] = got
            ok = all(passes(case["outputs"][name], got[name]) for name in got)  # optional outputs may be missing
            for flag in ["all", *case["flags"]] if case["result"] == "valid" else []:
                flags[flag] = [n + m for n, m in zip(flags.get(flag, [0, 0]), (ok, 1))]
    for flag, (ok, count) in flags.items():
        print(f"{flag}: {ok} / {count}")
    if results_file:
        json.dump(results, open(results_file, "w"))
    return flags["all"][0] == flags["all"][1]


if __name__ == "__main__":
    sys.exit(0 if main(*sys.argv[1:]) else 1)
