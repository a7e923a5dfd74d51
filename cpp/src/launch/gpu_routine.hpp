// A routine's kernels on GPUs, and their launch.
#pragma once
#include <bitset>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <keopsnb/kernel/gpu/launch.hpp>
#include <keopsnb/kernel/launch.hpp>

#include "cuda/kernels.hpp"
#include "launch/array.hpp"
#include "launch/kernel_list.hpp"

namespace keopsnb {

// The kernels of one source text on one device.
struct GpuKernel {
  // Loads, or compiles, them. Throws as cuda::load does.
  GpuKernel(const std::string& source, int device, bool fast_math);

  std::shared_ptr<const cuda::Kernels> module;
  cuda::CUfunction reduce = nullptr, merge = nullptr, fill = nullptr;
  GpuTraits traits{};
};

// NVRTC's options for a routine's source.
std::string gpu_flags(bool fast_math);

// Which arguments are integers, as bits by position.
using Integers = std::bitset<most_inputs>;

struct GpuKey {
  Dtype dtype;
  Integers integers;
  int device;
  bool operator==(const GpuKey&) const = default;
};
using GpuKernels = KernelList<GpuKey, GpuKernel>;

// The extent of a call: so many outputs in each batch, each over so many indices, or over those of
// ranges (in host memory).
struct GpuSpan {
  i64 outputs, reduced, batches = 1;
  std::span<const i64> batch_shape, batch_strides;  // strides in bytes, (inputs, dims)
  CpuRanges ranges;
};

// One call of a kernel.
class GpuReduction {
 public:
  // Throws std::invalid_argument when the sizes are beyond one launch. Keeps references to what
  // `span` refers to.
  GpuReduction(const GpuKernel& kernel, const GpuSpan& span);

  const cuda::Device& device() const { return kernel_.module->device(); }
  bool sparse() const { return span_.ranges.clusters >= 0; }
  // Bytes of device memory it works in.
  i64 workspace() const { return launch_.state_bytes; }
  // Enqueues it and returns; `in` by position. Ranges that are not on the device yet are copied
  // there first; that waits for no kernel. Throws CudaError.
  void enqueue(std::span<const void* const> in, void* out, i64* indices, void* workspace,
               cuda::CUstream stream) const;

 private:
  i64 results() const;  // of all batches
  GpuRanges ranges_at(const i64* numbers) const;

  const GpuKernel& kernel_;
  GpuSpan span_;
  std::vector<i64> range_numbers_;  // outputs, slices, reduced and tiles, one behind the other
  GpuLaunch launch_;
};

// The same for arrays in host memory: there and back, each array once. Returns when `out` holds
// the result: so many values of `number_bytes`, indices, or both.
void reduce_host_arrays(const GpuReduction& reduction, std::span<const ArrayView> arguments,
                        void* out, i64* indices, i64 numbers, i64 number_bytes);

}  // namespace keopsnb
