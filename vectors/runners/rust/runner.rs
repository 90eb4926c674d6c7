//! posenc-vectors, an implementation in Rust: rustc -O --edition 2021 runner.rs && ./runner SUITE_DIR [results.json].
//! Copy it and put your code in.
mod json;
use json::Json;
use std::collections::BTreeMap;

// -- the implementation: replace these by calls of yours --------------------------------------------------------------

fn inv_freq(dim: usize, base: f64, p: &Json) -> Vec<f64> {
    let factor = if p["rope_type"].text() == "linear" { p["factor"].number() } else { 1.0 };
    (0..dim / 2).map(|j| base.powf(-2.0 * j as f64 / dim as f64) / factor).collect()
}

fn rotate(row: &[f64], position: f64, freqs: &[f64], half: bool) -> Vec<f64> {
    let mut out = row.to_vec();
    for (j, f) in freqs.iter().enumerate() {
        let (a, b) = if half { (j, j + freqs.len()) } else { (2 * j, 2 * j + 1) };
        let angle = position * f;
        let (s, c) = angle.sin_cos();
        out[a] = row[a] * c - row[b] * s;
        out[b] = row[b] * c + row[a] * s;
    }
    out
}

fn bucket(relative: i64, bidirectional: bool, mut buckets: i64, longest: i64) -> i64 {
    let (mut offset, mut n) = (0, (-relative).max(0));
    if bidirectional {
        buckets /= 2;
        offset = if relative > 0 { buckets } else { 0 };
        n = relative.abs();
    }
    let exact = buckets / 2;
    if n < exact {
        return offset + n;
    }
    let log = (n as f32 / exact as f32).ln() / (longest as f64 / exact as f64).ln() as f32;
    offset + (exact + (log * (buckets - exact) as f32) as i64).min(buckets - 1)
}

fn slopes(heads: usize) -> Vec<f64> {
    let below = 1usize << (usize::BITS - 1 - heads.leading_zeros());
    let of = |count: usize| (1..=count).map(move |h| (-8.0 * h as f64 / count as f64).exp2());
    of(below).chain(of(2 * below).step_by(2).take(heads - below)).collect()
}

fn ids_from_mask(row: &[f64]) -> Vec<f64> {
    let mut seen = 0.0;
    row.iter()
        .map(|real| {
            seen += real;
            if *real == 0.0 { 0.0 } else { seen - 1.0 }
        })
        .collect()
}

// -- from cases to calls; None is "not implemented" -------------------------------------------------------------------

fn answer(one: &Json) -> Option<BTreeMap<&'static str, Vec<f64>>> {
    let (op, p, inputs) = (one["op"].text(), &one["params"], &one["inputs"]);
    let (dim, base) = (p["rotary_dim"].number() as usize, p["rope_theta"].number());
    let plain = p["rope_type"].text() == "default";
    let ids = inputs["position_ids"]["data"].numbers();
    let mut out = BTreeMap::new();
    match op {
        "inv_freq" if (plain || p["rope_type"].text() == "linear") && p["head_dim"].number() > 0.0 && p["partial_rotary_factor"].number() == 1.0 => {
            out.insert("inv_freq", inv_freq(p["head_dim"].number() as usize, base, p));
            out.insert("attention_factor", vec![1.0]);
        }
        "cos_sin_table" if ["rotary/hf_llama_half", "rotary/exact_tables"].contains(&p["system"].text()) => {
            let freqs = inv_freq(dim, base, p);
            let angles: Vec<f64> = ids.iter().flat_map(|position| freqs.iter().map(move |f| position * f)).collect();
            out.insert("cos", angles.iter().map(|a| a.cos()).collect());
            out.insert("sin", angles.iter().map(|a| a.sin()).collect());
        }
        "rope_end_to_end" if plain && ["rotary/hf_llama_half", "rotary/hf_gptj_interleaved"].contains(&p["system"].text()) => {
            let freqs = inv_freq(dim, base, p);
            for name in ["q", "k"] {
                let (x, shape) = (inputs[name]["data"].numbers(), inputs[name]["shape"].numbers());
                let (u, v, size) = (shape[1] as usize, shape[2] as usize, shape[3] as usize);
                let rows = x.chunks(size).enumerate().flat_map(|(r, row)| {
                    let heads_first = p["layout"].text() == "BHSD";
                    let (tokens, token) = if heads_first { (v, r % v) } else { (u, r / v % u) };
                    let position = ids[(r / (u * v) * tokens + token) % ids.len()];
                    rotate(row, position, &freqs, p["pairing"].text() == "half")
                });
                out.insert(name, rows.collect());
            }
        }
        "t5_buckets" => {
            let sizes = (p["num_buckets"].number() as i64, p["max_distance"].number() as i64);
            let of = |d: f64| bucket(d as i64, p["bidirectional"].number() == 1.0, sizes.0, sizes.1) as f64;
            out.insert("buckets", inputs["relative_position"]["data"].numbers().into_iter().map(of).collect());
        }
        "alibi_slopes" => {
            out.insert("slopes", slopes(p["heads"].number() as usize));
        }
        "position_ids_from_mask" if p["rule"].text().ends_with("masked -> 0") => {
            let length = inputs["attention_mask"]["shape"].numbers()[1] as usize;
            let mask = inputs["attention_mask"]["data"].numbers();
            out.insert("position_ids", mask.chunks(length).flat_map(ids_from_mask).collect());
        }
        _ => return None,
    }
    Some(out)
}

/// |got - want| <= abs + rel |want|; abs has one number, or one for each row
fn passes(want: &Json, got: &[f64]) -> bool {
    let (data, abs, shape) = (want["data"].numbers(), want["abs"].numbers(), want["shape"].numbers());
    got.len() == data.len()
        && data.iter().zip(got).enumerate().all(|(i, (w, g))| {
            let row = if abs.len() == 1 { 0 } else { i / *shape.last().unwrap() as usize };
            (g - w).abs() <= abs[row] + want["rel"].number() * w.abs()
        })
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let (mut results, mut flags) = (Vec::new(), BTreeMap::<String, (usize, usize)>::new());
    for group in Json::read(&format!("{}/index.json", args[1]))["groups"].list() {
        for one in Json::read(&format!("{}/{}", args[1], group["file"].text()))["cases"].list() {
            let got = match answer(one) {
                Some(got) if one["refuse"] == Json::Null => got,
                _ => continue,
            };
            let outputs: Vec<String> = got.iter().map(|(name, numbers)| format!("\"{name}\":{numbers:?}")).collect();
            results.push(format!("\"{}\":{{{}}}", one["id"].text(), outputs.join(",")));
            let ok = got.iter().all(|(name, numbers)| passes(&one["outputs"][name], numbers));
            if one["result"].text() != "valid" {
                continue;
            }
            for flag in std::iter::once("all").chain(one["flags"].list().iter().map(Json::text)) {
                let count = flags.entry(flag.to_string()).or_default();
                *count = (count.0 + usize::from(ok), count.1 + 1);
            }
        }
    }
    for (flag, (ok, count)) in &flags {
        println!("{flag}: {ok} / {count}");
    }
    if let Some(file) = args.get(2) {
        std::fs::write(file, format!("{{{}}}", results.join(","))).unwrap();
    }
    std::process::exit(i32::from(flags["all"].0 != flags["all"].1));
}
