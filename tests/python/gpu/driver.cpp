// The fake driver of the C++ tests, which computes too: a module is compiled for the host, with the
// emulation of a GPU, and a launch runs when its stream is waited for (on the default stream, at
// once). Its state is seen from Python through C functions.
#include <dlfcn.h>

#include <fstream>
#include <sstream>

#include <keopsnb/kernel/gpu/entry.hpp>

// The fake's own versions of what is defined anew below.
#define cuModuleLoadDataEx plain_cuModuleLoadDataEx
#define cuModuleGetFunction plain_cuModuleGetFunction
#define cuModuleGetGlobal_v2 plain_cuModuleGetGlobal
#define cuFuncGetAttribute plain_cuFuncGetAttribute
#define cuLaunchKernel plain_cuLaunchKernel
#include "fake_driver.cpp"
#undef cuModuleLoadDataEx
#undef cuModuleGetFunction
#undef cuModuleGetGlobal_v2
#undef cuFuncGetAttribute
#undef cuLaunchKernel

namespace {

std::map<CUmodule, void*> libraries;
std::set<CUfunction>
    loaded;  // others load their code at their first launch, unless that is captured

std::string log_text() {
  const std::lock_guard lock(fake_state.mutex);
  std::string text;
  for (const std::string& entry : fake_state.log) text += entry + "\n";
  return text;
}

// FAKE_HOST_CXX is a command that makes a shared object. One text is compiled once in a folder.
void* compile(const std::string& source) {
  const std::string name = std::string(std::getenv("FAKE_FOLDER")) + "/module" +
                           std::to_string(std::hash<std::string>()(source));
  if (access((name + ".so").c_str(), R_OK) != 0) {
    const std::string mine = name + "-" + std::to_string(getpid());
    std::ofstream(mine + ".cpp") << "#include \"module.hpp\"\n" << source;
    const std::string command =
        std::string(std::getenv("FAKE_HOST_CXX")) + " -o " + mine + ".so " + mine + ".cpp";
    if (std::system(command.c_str()) != 0) return nullptr;
    std::rename((mine + ".so").c_str(), (name + ".so").c_str());
  }
  return dlopen((name + ".so").c_str(), RTLD_NOW);
}

}  // namespace

EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                   int* options, void** values) {
  const CUresult result = plain_cuModuleLoadDataEx(module, image, count, options, values);
  if (result != CUDA_SUCCESS) return result;
  const std::string text = static_cast<const char*>(image);
  libraries[*module] = compile(text.substr(text.find('\n') + 1));
  return libraries[*module] != nullptr ? CUDA_SUCCESS : CUDA_ERROR_INVALID_IMAGE;
}

EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return Call("cuModuleGetFunction", name).in_context()([&] {
    *function = reinterpret_cast<CUfunction>(dlsym(libraries[module], name));
    return *function != nullptr ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                     const char* name) {
  return Call("cuModuleGetGlobal", name).in_context()([&] {
    *address = reinterpret_cast<CUdeviceptr>(dlsym(libraries[module], name));
    *bytes = sizeof(keopsnb::GpuTraits);
    return *address != 0 ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

EXPORT CUresult cuFuncGetAttribute(int* value, int, CUfunction function) {
  return Call("cuFuncGetAttribute").in_context().outside_captures()(always([&] {
    *value = 32;
    loaded.insert(function);
  }));
}

EXPORT CUresult cuLaunchKernel(CUfunction function, unsigned grid, unsigned, unsigned,
                               unsigned threads, unsigned, unsigned, unsigned shared,
                               CUstream stream, void** arguments, void**) {
  using Make = std::function<void()>(unsigned, unsigned, unsigned, void**);
  std::ostringstream sizes;
  sizes << grid << ' ' << threads << ' ' << shared << (stream == nullptr ? " default" : " own");
  return Call("cuLaunchKernel", sizes.str()).in_context()([&] {
    if (stream_of(stream).capturing && !loaded.contains(function)) return 900;
    stream_of(stream).add(reinterpret_cast<Make*>(function)(grid, threads, shared, arguments));
    if (stream == nullptr && fake_state.capturing == 0) default_stream.run(default_stream.enqueued);
    return 0;
  });
}

// All calls so far, one a line; and what a call returns from now on.
EXPORT const char* fake_log() {
  static std::string text;
  text = log_text();
  return text.c_str();
}
EXPORT void fake_fail(const char* name, int result) { fake_state.failures[name] = result; }
EXPORT void fake_devices(int count) { fake_state.devices = count; }
EXPORT void fake_device(int multiprocessors, int double_cost) {
  fake_state.multiprocessors = multiprocessors;
  fake_state.double_cost = double_cost;
}
EXPORT int fake_allocations() { return fake_state.allocations; }
