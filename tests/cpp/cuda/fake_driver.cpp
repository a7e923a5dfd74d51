// A driver with no GPU. Device memory is host memory. What a stream is given is done as late as the
// interface allows: when somebody waits for it. A captured stream records it, with its addresses,
// and a replay of the graph does it.
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include <cuda/api.hpp>

#include "fake_cuda.hpp"

#define EXPORT extern "C" [[gnu::visibility("default")]]

EXPORT FakeCuda fake_state;
FakeCuda fake_state;

using namespace keopsnb::cuda;

#include "fake_streams.hpp"

namespace {

struct Module {
  std::string text;
};

CUcontext contexts = reinterpret_cast<CUcontext>(std::malloc(16));  // device n's is n bytes on
int variable = 42;

CUcontext context_of(int device) {
  return reinterpret_cast<CUcontext>(reinterpret_cast<char*>(contexts) + device);
}

CUresult load(CUmodule* module, const char* image) {
  char kind[8] = "";
  int arch = 0;
  const int device = fake_state.arch;
  if (std::sscanf(image, "%7s %d", kind, &arch) != 2) return CUDA_ERROR_INVALID_IMAGE;
  const bool ptx = std::string(kind) == "ptx";
  if (ptx ? arch > device : arch / 10 != device / 10 || arch > device)
    return ptx ? CUDA_ERROR_INVALID_PTX : CUDA_ERROR_NO_BINARY_FOR_GPU;
  *module = reinterpret_cast<CUmodule>(new Module{image});
  return CUDA_SUCCESS;
}

bool has(CUmodule module, const char* name) {
  return reinterpret_cast<Module*>(module)->text.find(name) != std::string::npos;
}

CUresult allocate(CUdeviceptr* pointer, std::size_t bytes) {
  *pointer = reinterpret_cast<CUdeviceptr>(std::malloc(bytes));
  ++fake_state.allocations;
  return CUDA_SUCCESS;
}

void* host(CUdeviceptr pointer) { return reinterpret_cast<void*>(pointer); }

CUresult describe(CUresult result, bool name, const char** text) {
  static const std::map<int, std::pair<const char*, const char*>> known = {
      {2, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
      {3, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
      {34, {"CUDA_ERROR_STUB_LIBRARY", "CUDA driver is a stub library"}},
      {100, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
      {200, {"CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"}},
      {209, {"CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available"}},
      {218, {"CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"}},
      {222, {"CUDA_ERROR_UNSUPPORTED_PTX_VERSION", "the provided PTX is of a newer version"}},
      {500, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
      {700, {"CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"}},
      {719, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
      {803, {"CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "driver and library do not match"}},
      {999, {"CUDA_ERROR_UNKNOWN", "unknown error"}}};
  const auto at = known.find(result);
  if (at == known.end()) return CUDA_ERROR_INVALID_VALUE;
  *text = name ? at->second.first : at->second.second;
  return CUDA_SUCCESS;
}

}  // namespace

EXPORT CUresult cuInit(unsigned) {
  Call call("cuInit");
  if (fake_state.forks) {
    const pid_t helper = fork();
    if (helper == 0) execl("/bin/true", "true", nullptr), _exit(1);
    waitpid(helper, nullptr, 0);
  }
  return call([&] {
    if (initialized_by != 0 && initialized_by != getpid()) return CUDA_ERROR_NOT_INITIALIZED;
    initialized_by = getpid();
    return CUDA_SUCCESS;
  });
}

EXPORT CUresult cuDriverGetVersion(int* version) {
  return Call("cuDriverGetVersion")(always([&] { *version = fake_state.version; }));
}

EXPORT CUresult cuGetErrorName(CUresult result, const char** text) {
  return describe(result, true, text);
}

EXPORT CUresult cuGetErrorString(CUresult result, const char** text) {
  return describe(result, false, text);
}

EXPORT CUresult cuDeviceGetCount(int* count) {
  return Call("cuDeviceGetCount")(always([&] { *count = fake_state.devices; }));
}

EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
  return Call("cuDeviceGet")([&] {
    *device = ordinal;
    return ordinal < fake_state.devices ? CUDA_SUCCESS : CUDA_ERROR_INVALID_DEVICE;
  });
}

EXPORT CUresult cuDeviceGetName(char* name, int size, CUdevice device) {
  return Call("cuDeviceGetName")(
      always([&] { std::snprintf(name, static_cast<std::size_t>(size), "Fake GPU %d", device); }));
}

EXPORT CUresult cuDeviceGetAttribute(int* value, int attribute, CUdevice) {
  const std::map<int, int> values = {{8, 49152},
                                     {13, 1'980'000},
                                     {16, fake_state.multiprocessors},
                                     {75, fake_state.arch / 10},
                                     {76, fake_state.arch % 10},
                                     {81, 233472},
                                     {87, fake_state.double_cost},
                                     {97, 232448},
                                     {115, fake_state.pools}};
  return Call("cuDeviceGetAttribute")(always([&] { *value = values.at(attribute); }));
}

EXPORT CUresult cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  return Call("cuDevicePrimaryCtxRetain",
              std::to_string(device))(always([&] { *context = context_of(device); }));
}

EXPORT CUresult cuCtxPushCurrent_v2(CUcontext context) {
  return Call("cuCtxPushCurrent")(always([&] { current.push_back(context); }));
}

EXPORT CUresult cuCtxPopCurrent_v2(CUcontext* context) {
  return Call("cuCtxPopCurrent").in_context()(always([&] {
    *context = current.back();
    current.pop_back();
  }));
}

EXPORT CUresult cuCtxGetCurrent(CUcontext* context) {
  return Call("cuCtxGetCurrent")(
      always([&] { *context = current.empty() ? nullptr : current.back(); }));
}

EXPORT CUresult cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count,
                                   int* options, void** values) {
  Call call("cuModuleLoadDataEx");
  const CUresult result = call.in_context().outside_captures()(
      [&] { return load(module, static_cast<const char*>(image)); });
  if (result == CUDA_ERROR_INVALID_PTX && count == 2 && options[0] == CU_JIT_ERROR_LOG_BUFFER)
    std::snprintf(static_cast<char*>(values[0]), reinterpret_cast<std::size_t>(values[1]),
                  "ptxas fatal: no such instruction");
  return result;
}

EXPORT CUresult cuModuleGetFunction(CUfunction* function, CUmodule module, const char* name) {
  return Call("cuModuleGetFunction").in_context().outside_captures()([&] {
    *function = reinterpret_cast<CUfunction>(module);
    return has(module, name) ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, std::size_t* bytes, CUmodule module,
                                     const char* name) {
  return Call("cuModuleGetGlobal").in_context()([&] {
    *address = reinterpret_cast<CUdeviceptr>(&variable);
    *bytes = sizeof variable;
    return has(module, name) ? CUDA_SUCCESS : CUDA_ERROR_NOT_FOUND;
  });
}

EXPORT CUresult cuFuncSetAttribute(CUfunction, int attribute, int value) {
  return Call("cuFuncSetAttribute", std::to_string(attribute) + " " + std::to_string(value))
      .in_context();
}

EXPORT CUresult cuFuncGetAttribute(int* value, int, CUfunction) {
  return Call("cuFuncGetAttribute")(always([&] { *value = 32; }));
}

EXPORT CUresult cuLaunchKernel(CUfunction, unsigned, unsigned, unsigned, unsigned, unsigned,
                               unsigned, unsigned, CUstream, void**, void**) {
  return Call("cuLaunchKernel").in_context();
}

EXPORT CUresult cuMemPoolCreate(CUmemoryPool* pool, const CUmemPoolProps* properties) {
  return Call("cuMemPoolCreate", std::to_string(properties->device))([&] {
    static_assert(sizeof *properties == 88);
    *pool = reinterpret_cast<CUmemoryPool>(&variable);
    return properties->allocation == 1 && properties->location == 1 ? CUDA_SUCCESS
                                                                    : CUDA_ERROR_INVALID_VALUE;
  });
}

EXPORT CUresult cuMemPoolSetAttribute(CUmemoryPool, int attribute, void* value) {
  const bool wide = attribute == CU_MEMPOOL_ATTR_RELEASE_THRESHOLD;
  return Call("cuMemPoolSetAttribute",
              std::to_string(attribute) + " " +
                  std::to_string(wide ? *static_cast<unsigned long long*>(value)
                                      : static_cast<unsigned>(*static_cast<int*>(value))));
}

#ifndef FAKE_OLD
EXPORT CUresult cuMemAllocFromPoolAsync(CUdeviceptr* pointer, std::size_t bytes, CUmemoryPool pool,
                                        CUstream stream) {
  return Call("cuMemAllocFromPoolAsync", std::to_string(bytes))
      .in_context()
      .not_captured(stream_of(stream))(
          [&] { return pool != nullptr ? allocate(pointer, bytes) : CUDA_ERROR_INVALID_VALUE; });
}
#endif

EXPORT CUresult cuMemFreeAsync(CUdeviceptr pointer, CUstream stream) {
  return Call("cuMemFreeAsync").in_context().not_captured(stream_of(stream))(always([&] {
    --fake_state.allocations;
    stream_of(stream).add([=] { std::free(host(pointer)); });
  }));
}

EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* pointer, std::size_t bytes) {
  return Call("cuMemAlloc", std::to_string(bytes)).in_context().outside_captures()([&] {
    return allocate(pointer, bytes);
  });
}

EXPORT CUresult cuMemFree_v2(CUdeviceptr pointer) {
  return Call("cuMemFree").in_context().outside_captures()(always([&] {
    for (Stream* stream : streams) stream->run(stream->enqueued);  // it waits for the device
    --fake_state.allocations;
    std::free(host(pointer));
  }));
}

EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes,
                                     CUstream stream) {
  return Call("cuMemcpyHtoDAsync", std::to_string(bytes)).in_context()(always([&] {
    stream_of(stream).add([=] { std::memcpy(host(to), from, bytes); });
  }));
}

EXPORT CUresult cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes,
                                     CUstream stream) {
  return Call("cuMemcpyDtoHAsync", std::to_string(bytes)).in_context()(always([&] {
    stream_of(stream).add([=] { std::memcpy(to, host(from), bytes); });
  }));
}

EXPORT CUresult cuMemHostAlloc(void** memory, std::size_t bytes, unsigned) {
  return Call("cuMemHostAlloc", std::to_string(bytes)).in_context().outside_captures()(always([&] {
    *memory = std::malloc(bytes);
  }));
}

EXPORT CUresult cuStreamCreate(CUstream* stream, unsigned flags) {
  return Call("cuStreamCreate", std::to_string(flags)).in_context()(always([&] {
    *stream = reinterpret_cast<CUstream>(new Stream);
    streams.insert(&stream_of(*stream));
  }));
}

EXPORT CUresult cuStreamSynchronize(CUstream stream) {
  return Call("cuStreamSynchronize")
      .in_context()
      .outside_captures()
      .not_captured(stream_of(stream))(
          always([&] { stream_of(stream).run(stream_of(stream).enqueued); }));
}

EXPORT CUresult cuStreamDestroy_v2(CUstream stream) {
  return Call("cuStreamDestroy").in_context()(always([&] {
    stream_of(stream).run(stream_of(stream).enqueued);
    streams.erase(&stream_of(stream));
    delete &stream_of(stream);
  }));
}

EXPORT CUresult cuStreamIsCapturing(CUstream stream, int* status) {
  return Call("cuStreamIsCapturing").in_context()([&] {
    const bool other = stream == nullptr && fake_state.capturing > 0 && !default_stream.capturing;
    *status = stream_of(stream).capturing ? 1 : 0;
    return other ? 906 : 0;
  });
}

EXPORT CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned) {
  return Call("cuStreamWaitEvent").in_context()([&] {
    const Event end = *reinterpret_cast<Event*>(event);
    // A graph does not wait for what is outside of it, and nothing outside for what is in it.
    if (end.captured || stream_of(stream).capturing) return 905;
    if (end.stream != nullptr && end.stream != &stream_of(stream))
      stream_of(stream).add([=] { end.stream->run(end.position); });
    return 0;
  });
}

EXPORT CUresult cuEventCreate(CUevent* event, unsigned) {
  return Call("cuEventCreate").in_context()(always([&] {
    *event = reinterpret_cast<CUevent>(new Event);
  }));
}

EXPORT CUresult cuEventRecord(CUevent event, CUstream stream) {
  return Call("cuEventRecord").in_context()(always([&] {
    const Stream& at = stream_of(stream);
    *reinterpret_cast<Event*>(event) = {&stream_of(stream), at.enqueued, at.capturing};
  }));
}

EXPORT CUresult cuEventQuery(CUevent event) {
  return Call("cuEventQuery").in_context().outside_captures()([&] {
    const Event& end = *reinterpret_cast<Event*>(event);
    if (end.captured) return 907;
    return end.stream == nullptr || end.stream->done >= end.position ? 0 : 600;
  });
}

EXPORT CUresult cuEventSynchronize(CUevent event) {
  return Call("cuEventSynchronize").in_context().outside_captures()([&] {
    const Event& end = *reinterpret_cast<Event*>(event);
    if (end.captured) return 907;
    if (end.stream != nullptr) end.stream->run(end.position);
    return 0;
  });
}

EXPORT CUresult cuEventDestroy_v2(CUevent event) {
  return Call("cuEventDestroy")(always([&] { delete reinterpret_cast<Event*>(event); }));
}

EXPORT CUresult cuThreadExchangeStreamCaptureMode(int* mode) {
  return Call("cuThreadExchangeStreamCaptureMode")(always([&] { std::swap(*mode, capture_mode); }));
}
