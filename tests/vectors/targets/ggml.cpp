// ggml's rope through the shared libraries that an npm package ships: ./ggml LIB_DIR SUITE_DIR RESULTS.
// Declarations by hand (ggml.h of llama.cpp v0.5.0): the package has no headers.
#include <dlfcn.h>

#include <cstdint>
#include <cstdio>
#include <cstring>

#include "../../../vectors/runners/cpp/json.hpp"

struct Params {
  size_t size;
  void* buffer;
  bool no_alloc;
};
enum { F32 = 0, I32 = 26 };

template <typename F>
F find(void* library, const char* name) {
  void* found = dlsym(library, name);
  if (!found) throw std::runtime_error(std::string("no ") + name);
  return reinterpret_cast<F>(found);
}

void* open(const std::string& path) {
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (!library) throw std::runtime_error(dlerror());
  return library;
}

int main(int, char** args) {
  std::string libraries = args[1], suite = args[2];
  void* base = open(libraries + "/libggml-base.so");
  void* cpu = open(libraries + "/libggml-cpu-x64.so");
  auto init = find<void* (*)(Params)>(base, "ggml_init");
  auto free_context = find<void (*)(void*)>(base, "ggml_free");
  auto tensor = find<void* (*)(void*, int, int, const int64_t*)>(base, "ggml_new_tensor");
  auto data = find<void* (*)(const void*)>(base, "ggml_get_data");
  auto graph = find<void* (*)(void*)>(base, "ggml_new_graph");
  auto expand = find<void (*)(void*, void*)>(base, "ggml_build_forward_expand");
  auto compute = find<int (*)(void*, void*, int)>(cpu, "ggml_graph_compute_with_ctx");
  using Rope = void* (*)(void*, void*, void*, void*, int, int, int, float, float, float, float, float, float);
  using Multi = void* (*)(void*, void*, void*, void*, int, int*, int, int, float, float, float, float, float, float);
  auto rope = find<Rope>(base, "ggml_rope_ext");
  auto back = find<Rope>(base, "ggml_rope_ext_back");
  auto multi = find<Multi>(base, "ggml_rope_multi");
  const std::map<std::string, int> modes = {{"NORMAL", 0}, {"NEOX", 2}, {"MROPE", 8}, {"IMROPE", 40}, {"VISION", 24}};

  std::string out = "{";
  const Json file = Json::read(suite + "/rotary.json");
  for (const Json& one : file["cases"].list) {
    const Json &p = one["params"], &in = one["inputs"];
    if (!one["op"].is("ggml_rope") || p["n_offs"].number != 0 || in["x"]["shape"].list.size() != 3) continue;
    void* context = init({16 << 20, nullptr, false});
    std::vector<double> shape = in["x"]["shape"].numbers(), x = in["x"]["data"].numbers(), ids = in["positions"]["data"].numbers();
    int64_t sizes[] = {int64_t(shape[2]), int64_t(shape[1]), int64_t(shape[0])}, count = ids.size();
    void* a = tensor(context, F32, 3, sizes);
    for (size_t i = 0; i < x.size(); ++i) static_cast<float*>(data(a))[i] = x[i];
    void* b = tensor(context, I32, 1, &count);
    for (size_t i = 0; i < ids.size(); ++i) static_cast<int32_t*>(data(b))[i] = ids[i];
    void* factors = nullptr;
    std::vector<double> divisors = in["freq_factors"]["data"].numbers();
    if (!divisors.empty()) {
      int64_t pairs = divisors.size();
      factors = tensor(context, F32, 1, &pairs);
      for (size_t i = 0; i < divisors.size(); ++i) static_cast<float*>(data(factors))[i] = divisors[i];
    }
    auto number = [&](const char* key) { return float(p[key].number); };
    int mode = modes.at(p["mode"].text), dims = p["n_dims"].number, original = p["n_ctx_orig"].number;
    int sections[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < p["sections"].list.size() && i < 4; ++i) sections[i] = p["sections"].list[i].number;
    Rope way = p["back"].number ? back : rope;
    void* y = mode >= 8 ? multi(context, a, b, factors, dims, sections, mode, original, number("freq_base"), number("freq_scale"), number("ext_factor"), number("attn_factor"), number("beta_fast"), number("beta_slow"))
                        : way(context, a, b, factors, dims, mode, original, number("freq_base"), number("freq_scale"), number("ext_factor"), number("attn_factor"), number("beta_fast"), number("beta_slow"));
    void* g = graph(context);
    expand(g, y);
    if (compute(context, g, 1) != 0) throw std::runtime_error("compute");
    out += (out.size() > 1 ? ",\"" : "\"") + one["id"].text + "\":{\"y\":[";
    char digits[32];
    for (size_t i = 0; i < x.size(); ++i) out += (std::snprintf(digits, 32, i ? ",%.9g" : "%.9g", double(static_cast<float*>(data(y))[i])), digits);
    out += "]}";
    free_context(context);
  }
  std::ofstream(args[3]) << out << "}";
}
