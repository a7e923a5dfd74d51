// From a CUDA C++ source text to functions that can be launched.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "cuda/driver.hpp"
#include "cuda/nvrtc.hpp"

namespace keopsnb::cuda {

// A module loaded on one device. It is never unloaded: its functions stay valid.
class Kernels {
 public:
  // `image` is a cubin or PTX. Throws CudaError.
  Kernels(const Device& device, const std::string& image);

  // A kernel declared extern "C". Takes a microsecond or more: keep what it returns.
  CUfunction function(const char* name) const;
  // Copies the value of a __constant__ or __device__ variable, which must have that size.
  void global(const char* name, void* value, std::size_t bytes) const;
  template <class T>
  T global(const char* name) const {
    T value{};
    global(name, &value, sizeof value);
    return value;
  }
  // Lets the function have that many bytes of dynamic shared memory, beyond 48 KiB too.
  void set_shared(CUfunction function, std::size_t bytes) const;

  const Device& device() const { return device_; }
  CUmodule module() const { return module_; }

 private:
  const Device& device_;
  CUmodule module_ = nullptr;
};

struct KernelOptions {
  std::string flags;  // more NVRTC options, separated by blanks
};

// The kernels of this source on that device: from this process, else from the folders that
// KEOPSNB_KERNEL_PATH names, else from the cache on disk, else compiled. Of several threads that
// ask for the same one compiles and the others wait. May be called while a stream is captured.
// Throws CudaError, jit::CompileError, jit::CacheError.
std::shared_ptr<const Kernels> load(const std::string& source, int device,
                                    const KernelOptions& options = {});

// Compiles ahead of time, with no device: into `folder`, to be named in KEOPSNB_KERNEL_PATH later.
// Returns the object's path.
std::string build(const std::string& source, const Target& target, const KernelOptions& options,
                  const std::string& folder);

}  // namespace keopsnb::cuda
