// NVIDIA's driver and its devices, found at run time. Nothing happens before the first call.
#pragma once
#include <cstddef>
#include <string>

#include "cuda/api.hpp"
#include "jit/errors.hpp"

namespace keopsnb::cuda {

using jit::CudaError;

// The driver's functions, by their names: driver().cuStreamSynchronize(stream).
struct Driver {
#define KEOPSNB_MEMBER(NAME, SYMBOL, PARAMETERS) CUresult(*NAME) PARAMETERS = nullptr;
  KEOPSNB_CUDA_FUNCTIONS(KEOPSNB_MEMBER)
#undef KEOPSNB_MEMBER
  std::string path;
  int version = 0;  // of CUDA, 1000 * major + 10 * minor: 12080 is 12.8
  int devices = 0;
};

// The driver, initialized and with one device at least; after the first call one atomic load.
// Looked for in KEOPSNB_CUDA_DRIVER (binding: if set, no other is tried), libcuda.so.1, libcuda.so,
// and where Windows' Linux has it. Throws CudaError; a failure is not remembered.
const Driver& driver();

// The driver's version, asked without initializing it; 0 if none is found. Never throws.
int driver_version();

// Throws CudaError unless `result` is a success: "CUDA could not <what> on device 0 (its name):
// CUDA_ERROR_NAME (its meaning). What to do." `bytes` is the memory that was asked for.
[[noreturn]] void throw_cuda_error(CUresult result, const char* what, int device = -1,
                                   std::size_t bytes = 0);
inline void check(CUresult result, const char* what, int device = -1, std::size_t bytes = 0) {
  if (result != CUDA_SUCCESS) [[unlikely]]
    throw_cuda_error(result, what, device, bytes);
}

// "12.8" for 12080.
std::string version_text(int version);

struct Device {
  int ordinal = 0;
  CUdevice handle = 0;
  std::string name;
  int major = 0, minor = 0;  // compute capability
  int multiprocessors = 0;
  int clock_khz = 0;
  int double_cost = 1;            // how many times as long float64 takes as float32
  int shared_block = 0;           // bytes of shared memory a block may have without asking,
  int shared_optin = 0;           // and with Kernels::set_shared
  int shared_multiprocessor = 0;  // bytes
  bool pools = false;             // stream-ordered allocation
  int driver_version = 0;
  int arch() const { return 10 * major + minor; }
};

// 0 without a driver or a device, and in a process forked after CUDA began. Never throws.
int device_count();

// Asked once, without making a context. Throws CudaError when there is no device of that number.
const Device& device(int ordinal);

// Makes the device's primary context, which torch and the CUDA run time use too, the thread's
// current one until the end of the scope; does nothing where it is so already. The context is
// retained at the first use, for the life of the process.
class Current {
 public:
  explicit Current(const Device& device);
  explicit Current(int ordinal) : Current(device(ordinal)) {}
  ~Current();
  Current(const Current&) = delete;
  Current& operator=(const Current&) = delete;

 private:
  bool pushed_;
};

}  // namespace keopsnb::cuda
