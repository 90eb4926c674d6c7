// posenc-vectors, an implementation in C++: c++ -std=c++17 runner.cpp -o runner && ./runner SUITE_DIR [results.json].
// Copy it and put your code in.
#include <cmath>
#include <cstdio>

#include "json.hpp"

using Vec = std::vector<double>;

// -- the implementation: replace these by calls of yours --------------------------------------------------------------

Vec inv_freq(int dim, double base, const Json& p) {
  Vec freqs;
  for (int j = 0; j < dim / 2; ++j)
    freqs.push_back(std::pow(base, -2.0 * j / dim) / (p["rope_type"].is("linear") ? p["factor"].number : 1));
  return freqs;
}

void rotate(const double* row, double* out, double position, const Vec& freqs, bool half) {
  int pairs = freqs.size();
  for (int j = 0; j < pairs; ++j) {
    int a = half ? j : 2 * j, b = half ? j + pairs : 2 * j + 1;
    double angle = position * freqs[j];
    double c = std::cos(angle), s = std::sin(angle);
    out[a] = row[a] * c - row[b] * s;
    out[b] = row[b] * c + row[a] * s;
  }
}

int bucket(int relative, bool bidirectional, int buckets, int longest) {
  int offset = 0, n = relative < 0 ? -relative : 0;
  if (bidirectional) {
    buckets /= 2;
    offset = relative > 0 ? buckets : 0;
    n = std::abs(relative);
  }
  int exact = buckets / 2;
  if (n < exact) return offset + n;
  float log = std::log(float(n) / exact) / float(std::log(double(longest) / exact));
  return offset + std::min(exact + int(log * (buckets - exact)), buckets - 1);
}

Vec slopes(int heads) {
  int below = 1;
  while (below * 2 <= heads) below *= 2;
  Vec out;
  for (int h = 1; h <= below; ++h) out.push_back(std::exp2(-8.0 * h / below));
  for (int h = 1; int(out.size()) < heads; h += 2) out.push_back(std::exp2(-8.0 * h / (2 * below)));
  return out;
}

Vec ids_from_mask(const double* row, int length) {
  Vec ids;
  double seen = 0;
  for (int i = 0; i < length; ++i) {
    seen += row[i];
    ids.push_back(row[i] ? seen - 1 : 0);
  }
  return ids;
}

// -- from cases to calls; an empty map is "not implemented" -----------------------------------------------------------

std::map<std::string, Vec> answer(const Json& one) {
  const Json &op = one["op"], &p = one["params"], &in = one["inputs"];
  std::map<std::string, Vec> out;
  Vec ids = in["position_ids"]["data"].numbers();
  bool plain = p["rope_type"].is("default"), system = p["system"].is("rotary/hf_llama_half") || p["system"].is("rotary/hf_gptj_interleaved");
  if (op.is("inv_freq") && (plain || p["rope_type"].is("linear")) && p["head_dim"].number > 0 && p["partial_rotary_factor"].number == 1) {
    out["inv_freq"] = inv_freq(p["head_dim"].number, p["rope_theta"].number, p);
    out["attention_factor"] = {1};
  } else if (op.is("cos_sin_table") && (p["system"].is("rotary/hf_llama_half") || p["system"].is("rotary/exact_tables"))) {
    Vec freqs = inv_freq(p["rotary_dim"].number, p["rope_theta"].number, p);
    for (double position : ids)
      for (double f : freqs) {
        out["cos"].push_back(std::cos(position * f));
        out["sin"].push_back(std::sin(position * f));
      }
  } else if (op.is("rope_end_to_end") && plain && system) {
    Vec freqs = inv_freq(p["rotary_dim"].number, p["rope_theta"].number, p);
    for (const char* name : {"q", "k"}) {
      Vec x = in[name]["data"].numbers(), shape = in[name]["shape"].numbers(), y = x;
      int u = shape[1], v = shape[2], size = shape[3], rows = x.size() / size;
      for (int r = 0; r < rows; ++r) {
        bool heads_first = p["layout"].is("BHSD");
        int tokens = heads_first ? v : u, token = heads_first ? r % v : r / v % u;
        double position = ids[(r / (u * v) * tokens + token) % ids.size()];
        rotate(&x[r * size], &y[r * size], position, freqs, p["pairing"].is("half"));
      }
      out[name] = y;
    }
  } else if (op.is("t5_buckets")) {
    for (double d : in["relative_position"]["data"].numbers())
      out["buckets"].push_back(bucket(d, p["bidirectional"].number, p["num_buckets"].number, p["max_distance"].number));
  } else if (op.is("alibi_slopes")) {
    out["slopes"] = slopes(p["heads"].number);
  } else if (op.is("position_ids_from_mask") && p["rule"].is("cumsum(mask)-1, masked -> 0")) {
    Vec mask = in["attention_mask"]["data"].numbers();
    int length = in["attention_mask"]["shape"].list[1].number;
    for (size_t r = 0; r < mask.size(); r += length)
      for (double id : ids_from_mask(&mask[r], length)) out["position_ids"].push_back(id);
  }
  return out;
}

// |got - want| <= abs + rel |want|; abs has one number, or one for each row
bool passes(const Json& want, const Vec& got) {
  Vec data = want["data"].numbers(), abs = want["abs"].numbers(), shape = want["shape"].numbers();
  if (got.size() != data.size()) return false;
  for (size_t i = 0; i < data.size(); ++i) {
    double bound = abs[abs.size() == 1 ? 0 : i / size_t(shape.back())] + want["rel"].number * std::fabs(data[i]);
    if (!(std::fabs(got[i] - data[i]) <= bound)) return false;
  }
  return true;
}

int main(int count, char** args) {
  std::string suite = count > 1 ? args[1] : ".", text = "{";
  std::map<std::string, std::pair<int, int>> flags;
  const Json index = Json::read(suite + "/index.json");
  for (const Json& group : index["groups"].list) {
    const Json file = Json::read(suite + "/" + group["file"].text);
    for (const Json& one : file["cases"].list) {
      auto got = answer(one);
      if (got.empty() || one["refuse"].kind) continue;
      bool ok = true;
      std::string outputs;
      for (auto& [name, numbers] : got) {
        ok = ok && passes(one["outputs"][name], numbers);
        outputs += (outputs.empty() ? "\"" : ",\"") + name + "\":[";
        char digits[32];
        for (size_t i = 0; i < numbers.size(); ++i) outputs += (std::snprintf(digits, 32, i ? ",%.17g" : "%.17g", numbers[i]), digits);
        outputs += "]";
      }
      text += (text.size() > 1 ? ",\"" : "\"") + one["id"].text + "\":{" + outputs + "}";
      if (!one["result"].is("valid")) continue;
      std::vector<Json> names = one["flags"].list;
      names.push_back({Json::Text, 0, "all", {}, {}});
      for (const Json& flag : names) {
        flags[flag.text].first += ok;
        flags[flag.text].second++;
      }
    }
  }
  for (auto& [flag, n] : flags) std::printf("%s: %d / %d\n", flag.c_str(), n.first, n.second);
  if (count > 2) std::ofstream(args[2]) << text << "}";
  return flags["all"].first == flags["all"].second ? 0 : 1;
}
