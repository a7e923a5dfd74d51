// A whole reduction as tasks, for any way of running them.
//
// Outputs are cut into tiles, numbered batch after batch and, within a batch, cluster after
// cluster; a task is a run of tiles. When there are few outputs the reduced index is split as well,
// and the states of the parts are merged: a reduction is a monoid.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/entry.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Inputs of one call.
inline constexpr int most_inputs = 1024;

// Batch dimensions: `shape` of them, and for each input its strides in bytes, one for each.
struct CpuBatches {
  int dims = 0;
  const i64* shape = nullptr;
  const i64* strides = nullptr;  // (inputs, dims)
  int inputs = 0;
};

// Block-sparse reductions: outputs [outputs[2c], outputs[2c + 1]) of cluster c are reduced over the
// intervals [reduced[2k], reduced[2k + 1]) for k in [slices[c - 1], slices[c]), slices[-1] = 0. No
// output is in two clusters; those in none get what remains of no term.
struct CpuRanges {
  const i64* outputs = nullptr;
  const i64* slices = nullptr;
  const i64* reduced = nullptr;
  i64 clusters = -1;  // -1: the reduction is dense
};

struct CpuCall {
  const void* const* in;  // inputs by position, see CpuTask
  void* out;              // (batches, outputs, out_dim), or (batches, 1, out_dim) where all are one
  i64* indices;           // the same, see CpuTask
  i64 outputs, reduced;
  bool one;  // the kernel's Output is one
  bool (*stop)(void*);
  void* stop_argument;
  i64 out_dim = 0;  // results of one output; asked for only where there are batches
  CpuBatches batches = {};
  CpuRanges ranges = {};
};

// Runs tasks one after the other, in the calling thread.
struct Serial {
  int threads() { return 1; }
  template <class F>
  void run(i64 tasks, F&& task) {
    for (i64 k = 0; k < tasks; ++k) task(k);
  }
};

namespace detail {

// Memory for one task or one call, aligned for any pack. `data` is null if there is none left.
struct Memory {
  char* raw = nullptr;
  void* data = nullptr;
  explicit Memory(i64 bytes) {
    if (bytes == 0) return;
    raw = static_cast<char*>(__builtin_malloc(static_cast<decltype(sizeof(0))>(bytes + 64)));
    if (raw) data = raw + (64 - reinterpret_cast<decltype(sizeof(0))>(raw) % 64);
  }
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { __builtin_free(raw); }
};

}  // namespace detail

enum class Outcome { done, stopped, out_of_memory };

namespace detail {

// The tiles of a call, of `rows` outputs each.
struct CpuTiles {
  const CpuCall& call;
  i64 rows;
  i64 batches = 1, in_batch = 0;  // how many batches there are, and tiles in each
  i64* ends = nullptr;            // of block-sparse reductions: tiles up to and with cluster c

  void count(i64* cluster_ends) {
    for (int d = 0; d < call.batches.dims; ++d) batches *= call.batches.shape[d];
    ends = cluster_ends;
    if (call.ranges.clusters < 0) {
      in_batch = parts_of(call.outputs, rows);
      return;
    }
    for (i64 c = 0; c < call.ranges.clusters; ++c) {
      in_batch += parts_of(call.ranges.outputs[2 * c + 1] - call.ranges.outputs[2 * c], rows);
      ends[c] = in_batch;
    }
  }
  i64 total() const { return batches * in_batch; }

  // The cluster of a tile of a batch.
  i64 cluster_of(i64 tile) const {
    i64 low = 0, high = call.ranges.clusters - 1;
    while (low < high) {
      const i64 middle = (low + high) / 2;
      if (ends[middle] > tile)
        high = middle;
      else
        low = middle + 1;
    }
    return low;
  }

  // Sets the task's outputs to the longest run of tiles from `tile` of a batch on, but not beyond
  // `end`, that one call of the kernel can compute; returns the tile behind it.
  i64 take(CpuTask& task, i64 tile, i64 end) const {
    if (call.ranges.clusters < 0) {
      task.out_begin = tile * rows;
      task.out_end = at_most(call.outputs, end * rows);
      return end;
    }
    const i64 c = cluster_of(tile), first = c > 0 ? ends[c - 1] : 0, last = at_most(end, ends[c]);
    task.out_begin = call.ranges.outputs[2 * c] + (tile - first) * rows;
    task.out_end = at_most(call.ranges.outputs[2 * c + 1], task.out_begin + (last - tile) * rows);
    const i64 from = c > 0 ? call.ranges.slices[c - 1] : 0;
    task.intervals = call.ranges.reduced + 2 * from;
    task.interval_count = call.ranges.slices[c] - from;
    return last;
  }
};

// A pointer so many bytes on; none stays none.
template <class T>
T* moved(T* pointer, i64 bytes) {
  return pointer ? static_cast<T*>(static_cast<void*>(reinterpret_cast<char*>(pointer) + bytes))
                 : nullptr;
}

// The inputs of a batch.
inline void inputs_of(const CpuBatches& batches, const void* const* all, i64 batch,
                      const void** in) {
  for (int k = 0; k < batches.inputs; ++k) {
    i64 offset = 0, rest = batch;
    for (int d = batches.dims - 1; d >= 0; --d) {
      offset += rest % batches.shape[d] * batches.strides[k * batches.dims + d];
      rest /= batches.shape[d];
    }
    in[k] = static_cast<const char*>(all[k]) + offset;
  }
}

}  // namespace detail

// Executor: threads(), and run(n, f) that calls f(0) ... f(n-1), at the same time if it likes.
template <class Executor>
Outcome launch(const CpuKernel& kernel, const CpuCall& call, Executor& executor) {
  using namespace detail;
  // Pairs in a task worth handing to another thread; in one that ends soon enough for Ctrl-C; tasks
  // per thread, so that all end together.
  constexpr double smallest = 1 << 15, largest = 1 << 27;
  constexpr i64 tasks_per_thread = 8;
  const bool sparse = call.ranges.clusters >= 0;
  const Memory ends(sparse ? call.ranges.clusters * 8 : 0);
  if (sparse && call.ranges.clusters > 0 && !ends.data) return Outcome::out_of_memory;
  CpuTiles tiles{call, kernel.rows};
  tiles.count(static_cast<i64*>(ends.data));

  const i64 threads = executor.threads();
  const double pairs = static_cast<double>(tiles.batches) * static_cast<double>(call.outputs) *
                       static_cast<double>(call.reduced);
  const i64 wanted = at_least(
      static_cast<i64>(pairs / largest),
      threads == 1
          ? 1
          : at_most(threads * tasks_per_thread, at_least(1, static_cast<i64>(pairs / smallest))));

  // Tiles that take turns at rows are best of one task, as long as each thread has one.
  const bool far = !sparse && call.reduced * kernel.row_bytes > far_bytes;
  const i64 turns = far ? at_most(kernel.tiles, tiles.total() / at_least(1, threads)) : 1;
  const i64 tiles_per_task = at_least(at_least(1, turns), tiles.total() / at_least(1, wanted));
  const i64 runs = parts_of(tiles.total(), tiles_per_task);
  // Shorter splits than this would spend their time on loading and merging.
  const i64 most_splits = sparse ? 1 : at_least(1, call.reduced / 1024);
  const i64 splits =
      runs >= threads ? 1 : at_most(most_splits, parts_of(wanted, at_least(1, runs)));
  const i64 reduced_per_task = parts_of(call.reduced, splits);

  // States: (splits, batches, outputs), or, where all outputs are one, (batches, splits * pieces)
  // with a piece for each run of tiles that meets the batch.
  const bool merges = call.one || splits > 1;
  const i64 outputs = tiles.batches * (call.one ? 1 : call.outputs);
  const i64 pieces = call.one ? tiles.in_batch / tiles_per_task + 2 : 1;
  const i64 state_bytes = kernel.state_dim * kernel.number_bytes;
  const Memory states(merges ? outputs * splits * pieces * state_bytes : 0);
  if (merges && outputs > 0 && !states.data) return Outcome::out_of_memory;
  const auto first_run = [&](i64 batch) { return batch * tiles.in_batch / tiles_per_task; };
  const auto pieces_of = [&](i64 batch) {
    return tiles.in_batch == 0
               ? 0
               : ((batch + 1) * tiles.in_batch - 1) / tiles_per_task - first_run(batch) + 1;
  };

  // Outputs in no cluster.
  if (sparse && !call.one && outputs > 0) {
    const Memory workspace(state_bytes);
    if (!workspace.data) return Outcome::out_of_memory;
    kernel.merge(nullptr, 0, outputs, workspace.data, call.out, call.indices);
  }

  bool starved = false;
  executor.run(runs * splits, [&](i64 t) {
    const i64 run = t % at_least(1, runs), split = t / at_least(1, runs);
    const Memory workspace(kernel.workspace);
    if (kernel.workspace > 0 && !workspace.data) {
      __atomic_store_n(&starved, true, __ATOMIC_RELAXED);
      return;
    }
    const void* in[most_inputs];
    CpuTask task{};
    task.in = call.batches.dims > 0 ? in : call.in;
    task.workspace = workspace.data;
    task.red_begin = at_most(call.reduced, split * reduced_per_task);
    task.red_end = at_most(call.reduced, task.red_begin + reduced_per_task);
    task.stop = call.stop;
    task.stop_argument = call.stop_argument;
    const i64 end = at_most(tiles.total(), (run + 1) * tiles_per_task);
    for (i64 tile = run * tiles_per_task; tile < end;) {
      const i64 batch = tile / tiles.in_batch, start = batch * tiles.in_batch;
      if (call.batches.dims > 0) inputs_of(call.batches, call.in, batch, in);
      const i64 before = batch * call.outputs * call.out_dim;
      task.out = moved(call.out, before * kernel.storage_bytes);
      task.indices = moved(call.indices, before * 8);
      const i64 batch_end = at_most(end, start + tiles.in_batch);
      i64 piece = 0;
      while (tile < batch_end) {
        tile = start + tiles.take(task, tile - start, batch_end - start);
        i64 state = (split * tiles.batches + batch) * call.outputs + task.out_begin;
        if (call.one)
          state = batch * splits * pieces + split * pieces_of(batch) + (run - first_run(batch));
        if (merges) task.states = static_cast<char*>(states.data) + state * state_bytes;
        task.adds = piece++ > 0;
        kernel.run(&task);
        if (call.stop && call.stop(call.stop_argument)) return;
      }
    }
  });
  if (starved) return Outcome::out_of_memory;
  if (call.stop && call.stop(call.stop_argument)) return Outcome::stopped;
  if (merges) {
    const Memory workspace(state_bytes);
    if (!workspace.data) return Outcome::out_of_memory;
    const auto merge = [&](i64 first, i64 parts, i64 count, i64 batch) {
      kernel.merge(static_cast<char*>(states.data) + first * state_bytes, parts, count,
                   workspace.data, moved(call.out, batch * call.out_dim * kernel.storage_bytes),
                   moved(call.indices, batch * call.out_dim * 8));
    };
    if (!call.one)
      merge(0, splits, outputs, 0);
    else
      for (i64 batch = 0; batch < tiles.batches; ++batch)
        merge(batch * splits * pieces, splits * pieces_of(batch), 1, batch);
  }
  return Outcome::done;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
