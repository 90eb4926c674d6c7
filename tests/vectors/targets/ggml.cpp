// ggml's rope through the shared libraries that an npm package ships: ./ggml LIB_DIR cpu-x64|vulkan SUITE_DIR RESULTS.
// Declarations by hand (ggml.h, ggml-backend.h, ggml-vulkan.h of llama.cpp v0.5.0): the package has no headers.
// Ends with 3 if there is no device.
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
  std::string libraries = args[1], device = args[2], suite = args[3];
  void* base = open(libraries + "/libggml-base.so");
  void* own = open(libraries + "/libggml-" + device + ".so");
  auto init = find<void* (*)(Params)>(base, "ggml_init");
  auto free_context = find<void (*)(void*)>(base, "ggml_free");
  auto tensor = find<void* (*)(void*, int, int, const int64_t*)>(base, "ggml_new_tensor");
  auto graph = find<void* (*)(void*)>(base, "ggml_new_graph");
  auto expand = find<void (*)(void*, void*)>(base, "ggml_build_forward_expand");
  auto allocate = find<void* (*)(void*, void*)>(base, "ggml_backend_alloc_ctx_tensors");
  auto free_buffer = find<void (*)(void*)>(base, "ggml_backend_buffer_free");
  auto set = find<void (*)(void*, const void*, size_t, size_t)>(base, "ggml_backend_tensor_set");
  auto get = find<void (*)(const void*, void*, size_t, size_t)>(base, "ggml_backend_tensor_get");
  auto supports = find<bool (*)(void*, const void*)>(base, "ggml_backend_supports_op");
  auto compute = find<int (*)(void*, void*)>(base, "ggml_backend_graph_compute");
  using Rope = void* (*)(void*, void*, void*, void*, int, int, int, float, float, float, float, float, float);
  using Multi = void* (*)(void*, void*, void*, void*, int, int*, int, int, float, float, float, float, float, float);
  auto rope = find<Rope>(base, "ggml_rope_ext");
  auto back = find<Rope>(base, "ggml_rope_ext_back");
  auto multi = find<Multi>(base, "ggml_rope_multi");
  auto shift = find<void* (*)(void*, int)>(base, "ggml_rope_set_offset");
  const std::map<std::string, int> modes = {{"NORMAL", 0}, {"NEOX", 2}, {"MROPE", 8}, {"IMROPE", 40}, {"VISION", 24}};

  void* backend = nullptr;
  if (device == "vulkan") {
    if (find<int (*)()>(own, "ggml_backend_vk_get_device_count")() == 0) return 3;
    char name[256] = "";
    find<void (*)(int, char*, size_t)>(own, "ggml_backend_vk_get_device_description")(0, name, sizeof name);
    std::printf("%s\n", name);
    backend = find<void* (*)(size_t)>(own, "ggml_backend_vk_init")(0);
  } else {
    backend = find<void* (*)()>(own, "ggml_backend_cpu_init")();
  }
  if (!backend) return 3;

  std::string out = "{";
  const Json file = Json::read(suite + "/rotary.json");
  for (const Json& one : file["cases"].list) {
    const Json &p = one["params"], &in = one["inputs"];
    if (!one["op"].is("ggml_rope")) continue;
    void* context = init({1 << 20, nullptr, true});
    const std::vector<double> shape = in["x"]["shape"].numbers(), ids = in["positions"]["data"].numbers(), divisors = in["freq_factors"]["data"].numbers();
    std::vector<float> x, divided(divisors.begin(), divisors.end());
    for (double value : in["x"]["data"].numbers()) x.push_back(value);
    const std::vector<int32_t> positions(ids.begin(), ids.end());
    const int64_t sizes[] = {int64_t(shape[2]), int64_t(shape[1]), int64_t(shape[0])}, count = ids.size(), pairs = divisors.size();
    void* a = tensor(context, F32, 3, sizes);
    void* b = tensor(context, I32, 1, &count);
    void* factors = pairs > 0 ? tensor(context, F32, 1, &pairs) : nullptr;
    auto number = [&](const char* key) { return float(p[key].number); };
    int mode = modes.at(p["mode"].text), dims = p["n_dims"].number, original = p["n_ctx_orig"].number;
    int sections[4] = {0, 0, 0, 0};
    for (size_t i = 0; i < p["sections"].list.size() && i < 4; ++i) sections[i] = p["sections"].list[i].number;
    Rope way = p["back"].number ? back : rope;
    void* y = mode >= 8 ? multi(context, a, b, factors, dims, sections, mode, original, number("freq_base"), number("freq_scale"), number("ext_factor"), number("attn_factor"), number("beta_fast"), number("beta_slow"))
                        : way(context, a, b, factors, dims, mode, original, number("freq_base"), number("freq_scale"), number("ext_factor"), number("attn_factor"), number("beta_fast"), number("beta_slow"));
    if (p["n_offs"].number != 0) shift(y, p["n_offs"].number);
    void* g = graph(context);
    expand(g, y);
    void* buffer = allocate(context, backend);
    out += (out.size() > 1 ? ",\"" : "\"") + one["id"].text;
    if (!supports(backend, y)) {
      out += "\":{\"skipped\":\"not supported by this device\"}";
    } else {
      set(a, x.data(), 0, x.size() * sizeof(float));
      set(b, positions.data(), 0, positions.size() * sizeof(int32_t));
      if (factors) set(factors, divided.data(), 0, divided.size() * sizeof(float));
      if (compute(backend, g) != 0) throw std::runtime_error("compute");
      get(y, x.data(), 0, x.size() * sizeof(float));
      out += "\":{\"y\":[";
      char digits[32];
      for (size_t i = 0; i < x.size(); ++i) out += (std::snprintf(digits, 32, i ? ",%.9g" : "%.9g", double(x[i])), digits);
      out += "]}";
    }
    free_buffer(buffer);
    free_context(context);
  }
  std::ofstream(args[4]) << out << "}";
}
