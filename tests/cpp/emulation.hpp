// The execution model of a GPU on threads of the host: the very kernels run where there is no GPU.
//
// Threads of a block are threads of the host; blocks run one after the other. Memory that a kernel
// may not count on is poisoned: shared memory before each block, states and results before each
// launch are NaN. What a kernel writes lies on the heap in just the size that it may use, so that
// sanitizers see what leaves it.
#pragma once
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/kernel/gpu/launch.hpp>
#include <keopsnb/reduce.hpp>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <memory>
#include <new>
#include <thread>
#include <vector>

namespace emulation {

using keopsnb::GpuCall, keopsnb::GpuInput, keopsnb::GpuLaunch, keopsnb::GpuMerge,
    keopsnb::GpuRanges, keopsnb::GpuSizes, keopsnb::GpuTraits, keopsnb::i64;

inline std::size_t size(i64 n) { return static_cast<std::size_t>(n); }

// Poisoned memory of exactly so many bytes, with the alignment that GPUs give.
class Memory {
 public:
  explicit Memory(i64 bytes)
      : bytes_(size(bytes)), data_(static_cast<char*>(::operator new(bytes_, alignment))) {
    poison();
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { ::operator delete(data_, alignment); }

  void poison() const { std::memset(data_, 0xff, bytes_); }
  char* data() const { return data_; }

 private:
  static constexpr std::align_val_t alignment{16};
  std::size_t bytes_;
  char* data_;
};

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

// The barrier of a block, and the point where its threads end.
class Meeting {
 public:
  explicit Meeting(int threads) : threads_(threads) {}

  // The last to arrive runs `last` while the others wait. Law: all wait for the same thing. A GPU
  // may hang where some threads of a block end and others wait for them.
  template <class Last>
  void wait(bool ending, Last&& last) {
    const int turn = turn_.load();
    if (ending) ending_.fetch_add(1);
    if (arrived_.fetch_add(1) + 1 < threads_) {
      turn_.wait(turn);
      return;
    }
    if (ending_ != 0 && ending_ != threads_) {
      std::fprintf(stderr, "a thread ended while others of its block wait at a barrier\n");
      std::abort();
    }
    last();
    arrived_ = 0;
    ending_ = 0;
    turn_.fetch_add(1);
    turn_.notify_all();
  }

  // Whether `mine` holds for any of the threads that meet.
  bool any(bool mine) {
    if (mine) found_ = true;
    wait(false, [&] { any_ = found_.exchange(false); });
    return any_;
  }

 private:
  const int threads_;
  std::atomic<int> arrived_ = 0, ending_ = 0, turn_ = 0;
  std::atomic<bool> found_ = false, any_ = false;
};

struct HostDevice {
  int thread_, threads_;
  i64 block_;
  char* shared_;
  Meeting* meeting;

  int thread() const { return thread_; }
  int threads() const { return threads_; }
  i64 block() const { return block_; }
  char* shared() const { return shared_; }
  void sync() const {
    meeting->wait(false, [] {});
  }
  bool any(bool mine) const { return meeting->any(mine); }
  int take(int* counter) const { return std::atomic_ref(*counter).fetch_add(1); }
};

class HostGpu {
 public:
  static constexpr int most_threads = 256;
  using Kernel = std::function<void(HostDevice&)>;

  HostGpu() {
    for (int t = 0; t < most_threads; ++t) workers_.emplace_back([this, t] { work(t); });
  }
  HostGpu(const HostGpu&) = delete;
  HostGpu& operator=(const HostGpu&) = delete;
  ~HostGpu() {
    grid_ = nullptr;
    start();
    for (std::thread& t : workers_) t.join();
  }

  void launch(i64 blocks, int threads, i64 shared_bytes, Kernel kernel) {
    if (blocks < 1 || threads < 1 || threads > most_threads) {
      std::fprintf(stderr, "a launch of %lld blocks of %d threads\n", blocks, threads);
      std::abort();
    }
    Grid grid{blocks, threads, Memory(shared_bytes), Meeting(threads), std::move(kernel)};
    grid_ = &grid;
    working_ = most_threads;
    start();
    for (int left = working_; left > 0; left = working_) working_.wait(left);
  }

 private:
  struct Grid {
    i64 blocks;
    int threads;
    Memory shared;
    Meeting meeting;
    Kernel kernel;
  };

  void start() {
    turn_.fetch_add(1);
    turn_.notify_all();
  }

  void work(int thread) {
    for (int turn = 0;; ++turn) {
      turn_.wait(turn);
      Grid* const grid = grid_;
      if (!grid) return;
      if (thread < grid->threads) run(*grid, thread);
      if (working_.fetch_sub(1) == 1) working_.notify_all();
    }
  }

  static void run(Grid& grid, int thread) {
    for (i64 block = 0; block < grid.blocks; ++block) {
      HostDevice device{thread, grid.threads, block, grid.shared.data(), &grid.meeting};
      grid.kernel(device);
      grid.meeting.wait(true, [&] { grid.shared.poison(); });
    }
  }

  Grid* grid_ = nullptr;
  std::atomic<int> turn_ = 0, working_ = 0;
  std::vector<std::thread> workers_;
};

inline HostGpu& host_gpu() {
  static HostGpu gpu;
  return gpu;
}

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

// What a launcher does. `inputs` are those of the kernel, by position.
template <class S, class Kernel>
HostResult<S> run_kernel(const std::vector<GpuInput>& inputs, const HostSizes& sizes) {
  constexpr GpuTraits traits = Kernel::traits;
  const bool sparse = sizes.ranges.clusters() > 0;
  std::vector<i64> tiles;
  for (i64 c = 0; c < sizes.ranges.clusters(); ++c) {
    const i64* at = sizes.ranges.outputs.data() + 2 * c;
    tiles.push_back((c > 0 ? tiles.back() : 0) + keopsnb::gpu_tiles_of(at[1] - at[0], traits));
  }
  const GpuLaunch l =
      keopsnb::gpu_launch(traits, {sizes.outputs, sizes.reduced, sizes.batches(),
                                   sizes.multiprocessors, sparse ? tiles.back() : -1});

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
  if (l.blocks > 0)
    host_gpu().launch(l.blocks, l.threads, l.shared,
                      [&](HostDevice& device) { Kernel::run(device, call, inputs.data()); });
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
HostResult<S> reduce_gpu(keopsnb::Reduced<Reduction, Out>, const std::vector<GpuInput>& inputs,
                         const HostSizes& sizes) {
  return run_kernel<S, keopsnb::Gpu<S, Reduction, Out>>(inputs, sizes);
}

}  // namespace emulation
