#include "cuda/kernels.hpp"

#include "cuda/capture.hpp"

namespace keopsnb::cuda {
namespace {

// The driver's own words when it translates PTX.
class JitLog {
 public:
  unsigned count() const { return 2; }
  int* options() { return options_; }
  void** values() { return values_; }
  std::string text() const { return text_; }

 private:
  char text_[4096] = "";
  int options_[2] = {CU_JIT_ERROR_LOG_BUFFER, CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES};
  void* values_[2] = {text_, reinterpret_cast<void*>(sizeof text_)};
};

// A stream of our own: a copy on the default stream would end a capture on one that waits for it.
class ShortStream {
 public:
  explicit ShortStream(int device) : device_(device) {
    check(driver().cuStreamCreate(&stream_, CU_STREAM_NON_BLOCKING), "make a stream", device);
  }
  ~ShortStream() { driver().cuStreamDestroy(stream_); }
  ShortStream(const ShortStream&) = delete;
  ShortStream& operator=(const ShortStream&) = delete;

  void read(void* to, CUdeviceptr from, std::size_t bytes) {
    check(driver().cuMemcpyDtoHAsync(to, from, bytes, stream_), "read a variable", device_);
    check(driver().cuStreamSynchronize(stream_), "read a variable", device_);
  }

 private:
  int device_;
  CUstream stream_ = nullptr;
};

}  // namespace

Kernels::Kernels(const Device& device, const std::string& image) : device_(device) {
  const Current current(device);
  const RelaxedCapture relaxed;
  JitLog log;
  const CUresult result = driver().cuModuleLoadDataEx(&module_, image.c_str(), log.count(),
                                                      log.options(), log.values());
  if (result == CUDA_SUCCESS) return;
  try {
    throw_cuda_error(result, "load a kernel", device.ordinal);
  } catch (const CudaError& error) {
    const std::string words = log.text();
    if (words.empty()) throw;
    throw CudaError(error.what() + ("\nThe driver says: " + words), error.code, error.name);
  }
}

CUfunction Kernels::function(const char* name) const {
  const Current current(device_);
  const RelaxedCapture relaxed;
  CUfunction found = nullptr;
  int registers = 0;
  const std::string what = "find the kernel " + std::string(name);
  check(driver().cuModuleGetFunction(&found, module_, name), what.c_str(), device_.ordinal);
  // Asking for an attribute loads the function's code, which the first launch would do otherwise:
  // that may wait for other kernels, and cannot be captured.
  check(driver().cuFuncGetAttribute(&registers, CU_FUNC_ATTRIBUTE_NUM_REGS, found), what.c_str(),
        device_.ordinal);
  return found;
}

void Kernels::global(const char* name, void* value, std::size_t bytes) const {
  const Current current(device_);
  const RelaxedCapture relaxed;
  CUdeviceptr address = 0;
  std::size_t size = 0;
  check(driver().cuModuleGetGlobal(&address, &size, module_, name),
        ("find the variable " + std::string(name)).c_str(), device_.ordinal);
  if (size != bytes)
    throw CudaError("The variable " + std::string(name) + " of a kernel has " +
                    std::to_string(size) + " bytes, and " + std::to_string(bytes) +
                    " were asked for. Ask with the type it is declared with.");
  ShortStream(device_.ordinal).read(value, address, bytes);
}

void Kernels::set_shared(CUfunction function, std::size_t bytes) const {
  if (bytes > static_cast<std::size_t>(device_.shared_optin))
    throw CudaError("A kernel asks for " + std::to_string(bytes) +
                    " bytes of shared memory a block, and device " +
                    std::to_string(device_.ordinal) + " (" + device_.name + ") has at most " +
                    std::to_string(device_.shared_optin) +
                    ". Use smaller blocks, or a formula of smaller dimensions.");
  const Current current(device_);
  check(driver().cuFuncSetAttribute(function, CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                                    static_cast<int>(bytes)),
        "reserve shared memory", device_.ordinal);
}

}  // namespace keopsnb::cuda
