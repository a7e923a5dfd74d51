// The execution model of a GPU on the host: the very kernels run where there is no GPU.
//
// Threads of a block are threads of the host under sanitizers, and else fibers, which are faster;
// blocks run one after the other. Memory that a kernel may not count on is poisoned: shared memory
// before each block, states and results before each launch are NaN. What a kernel writes lies on
// the heap in just the size that it may use, so that sanitizers see what leaves it.
#pragma once
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/kernel/gpu/launch.hpp>
#include <keopsnb/reduce.hpp>

#include <cstring>
#include <vector>

#include "host_memory.hpp"

#if defined(__has_feature)
#define KEOPSNB_HAS_FEATURE(x) __has_feature(x)
#else
#define KEOPSNB_HAS_FEATURE(x) 0
#endif
#if !defined(__linux__) || defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    KEOPSNB_HAS_FEATURE(address_sanitizer) || KEOPSNB_HAS_FEATURE(thread_sanitizer)
#include "host_threads.hpp"
#else
#include "host_fibers.hpp"
#endif

namespace emulation {

using keopsnb::GpuCall, keopsnb::GpuInput, keopsnb::GpuLaunch, keopsnb::GpuMerge,
    keopsnb::GpuRanges, keopsnb::GpuSizes, keopsnb::GpuTraits, keopsnb::i64;

// So many T between bytes that nothing may change.
template <class T>
class Guarded {
 public:
  explicit Guarded(i64 count) : bytes_(count * static_cast<i64>(sizeof(T))), all_(bytes_ + 128) {}
  T* data() const { return reinterpret_cast<T*>(all_.data() + 64); }
  std::vector<T> copy() const {
    std::vector<T> numbers(size(bytes_) / sizeof(T));
    if (bytes_ > 0) std::memcpy(numbers.data(), data(), size(bytes_));
    return numbers;
  }
  bool intact() const {
    bool same = true;
    for (i64 k = 0; k < 64; ++k)
      same &= static_cast<unsigned char>(all_.data()[k]) == 0xff &&
              static_cast<unsigned char>(all_.data()[64 + bytes_ + k]) == 0xff;
    return same;
  }

 private:
  i64 bytes_;
  Memory all_;
};

// Clusters of outputs and the intervals they are reduced over, as in GpuRanges.
struct HostRanges {
  std::vector<i64> outputs, slices, reduced;
  i64 clusters() const { return static_cast<i64>(slices.size()); }
};

struct HostSizes {
  i64 outputs, reduced;
  std::vector<i64> batch = {};  // at most gpu_batch_dims
  int multiprocessors = 1;
  HostRanges ranges = {};
  i64 blocks_at_once = 0;  // of a launch; 0: what the launcher says

  i64 batches() const {
    i64 n = 1;
    for (i64 b : batch) n *= b;
    return n;
  }
};

template <class S>
struct HostResult {
  std::vector<S> out;        // (batches, outputs or 1, out_dim), where there are values
  std::vector<i64> indices;  // the same
  bool guarded;              // nothing beside them was written
  GpuLaunch launch;
};

// The work of a launcher. `inputs` are those of the kernel, by position.
template <class S, class Kernel>
HostResult<S> run_kernel(const std::vector<GpuInput>& inputs, const HostSizes& sizes) {
  constexpr GpuTraits traits = Kernel::traits;
  const bool sparse = sizes.ranges.clusters() > 0;
  GpuSizes gpu{.outputs = sizes.outputs,
               .reduced = sizes.reduced,
               .batches = sizes.batches(),
               .multiprocessors = sizes.multiprocessors};
  gpu.sparse_clusters = sizes.ranges.clusters();
  for (i64 c = 0; c < gpu.sparse_clusters; ++c)
    gpu.sparse_outputs += sizes.ranges.outputs[size(2 * c + 1)] - sizes.ranges.outputs[size(2 * c)];
  std::vector<i64> tiles;
  for (i64 c = 0; c < gpu.sparse_clusters; ++c) {
    const i64* at = sizes.ranges.outputs.data() + 2 * c;
    const i64 rows = keopsnb::gpu_rows(traits, gpu);
    tiles.push_back((c > 0 ? tiles.back() : 0) + (at[1] - at[0] + rows - 1) / rows);
  }
  if (sparse) gpu.sparse_tiles = tiles.back();
  GpuLaunch l = keopsnb::gpu_launch(traits, gpu);
  if (sizes.blocks_at_once > 0) l.blocks_at_once = sizes.blocks_at_once;

  const i64 numbers = sizes.batches() * (traits.one ? 1 : sizes.outputs) * traits.out_dim;
  const Guarded<S> out(traits.values ? numbers : 0);
  const Guarded<i64> indices(traits.indices ? numbers : 0);
  const Memory states(l.state_bytes);
  GpuCall call{out.data(),
               indices.data(),
               l.state_bytes > 0 ? states.data() : nullptr,
               sizes.outputs,
               sizes.reduced,
               l.tiles,
               l.splits,
               l.reduced_per_split,
               0,
               {1, 1, 1, 1},
               {sizes.ranges.outputs.data(), sizes.ranges.slices.data(),
                sizes.ranges.reduced.data(), tiles.data(), sizes.ranges.clusters()}};
  const std::size_t dims = sizes.batch.size();
  for (std::size_t d = 0; d < dims; ++d)
    call.batch_shape[keopsnb::gpu_batch_dims - dims + d] = sizes.batch[d];

  if (sparse && numbers > 0)
    host_gpu().launch((numbers + 255) / 256, 256, 0, [&](HostDevice& device) {
      keopsnb::gpu_fill<Kernel>(device, call.out, call.indices, numbers);
    });
  while (call.first_block < l.blocks) {
    const i64 left = l.blocks - call.first_block;
    const i64 blocks = left < l.blocks_at_once ? left : l.blocks_at_once;
    host_gpu().launch(blocks, l.threads, l.shared,
                      [&](HostDevice& device) { Kernel::run(device, call, inputs.data()); });
    call.first_block += blocks;
  }
  if (l.merge_blocks > 0) {
    const GpuMerge merge{
        call.states,     call.out,     call.indices, l.parts, traits.one ? 1 : sizes.outputs,
        sizes.batches(), l.merge_group};
    host_gpu().launch(l.merge_blocks, keopsnb::gpu_merge_threads, l.merge_shared,
                      [&](HostDevice& device) { keopsnb::GpuMerger<Kernel>::run(device, merge); });
  }

  return {out.copy(), indices.copy(), out.intact() && indices.intact(), l};
}

// With the kernel that keopsnb chooses for the formula.
template <class S, class Reduction, keopsnb::Output Out>
HostResult<S> reduce_gpu(keopsnb::AxisReduction<Reduction, Out>,
                         const std::vector<GpuInput>& inputs, const HostSizes& sizes) {
  return run_kernel<S, keopsnb::Gpu<S, Reduction, Out>>(inputs, sizes);
}

}  // namespace emulation
