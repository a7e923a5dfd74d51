// A routine's kernels on GPUs, and their launch.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <keopsnb/kernel/gpu/launch.hpp>

#include "cuda/kernels.hpp"
#include "launch/array.hpp"

namespace keopsnb {

// The kernels of one source text on one device.
struct GpuKernel {
  // Loads, or compiles, them. Throws as cuda::load does.
  GpuKernel(const std::string& source, int device, bool fast_math);

  std::shared_ptr<const cuda::Kernels> module;
  cuda::CUfunction reduce = nullptr, merge = nullptr;
  GpuTraits traits{};
};

// NVRTC's options for a routine's source.
std::string gpu_flags(bool fast_math);

// The kernels of a routine by type and device, loaded once each. Finding takes no lock.
class GpuKernels {
 public:
  GpuKernels() = default;
  GpuKernels(const GpuKernels&) = delete;
  GpuKernels& operator=(const GpuKernels&) = delete;
  ~GpuKernels();

  const GpuKernel* find(Dtype dtype, int device) const;
  // Keeps a kernel; of two that threads made at once, the first is kept for both.
  const GpuKernel& keep(Dtype dtype, int device, GpuKernel kernel);

 private:
  struct Node {
    Dtype dtype;
    int device;
    GpuKernel kernel;
    const Node* next;
  };
  std::atomic<const Node*> head_{nullptr};  // the list grows at its head only
};

// One call of a kernel: so many outputs, each reduced over so many indices.
class GpuReduction {
 public:
  // Throws std::invalid_argument when the sizes are beyond one launch.
  GpuReduction(const GpuKernel& kernel, i64 outputs, i64 reduced);

  const cuda::Device& device() const { return kernel_.module->device(); }
  // Bytes of device memory it works in.
  i64 workspace() const { return launch_.state_bytes; }
  // Enqueues it and returns; `in` by position. Throws CudaError.
  void enqueue(std::span<const void* const> in, void* out, void* workspace,
               cuda::CUstream stream) const;

 private:
  const GpuKernel& kernel_;
  i64 outputs_, reduced_;
  GpuLaunch launch_;
};

// The same for arrays in host memory: there and back, each array once. Returns when `out` holds
// the result.
void reduce_host_arrays(const GpuReduction& reduction, std::span<const ArrayView> arguments,
                        void* out, i64 out_bytes);

}  // namespace keopsnb
