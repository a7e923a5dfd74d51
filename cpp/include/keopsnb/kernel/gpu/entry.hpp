// What a compiled GPU kernel and whoever launches it agree on. Plain C structures, passed by value.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb {

inline constexpr int gpu_abi = 1;
// Batch dimensions of one launch, after neighbours that lie one behind the other became one.
inline constexpr int gpu_batch_dims = 4;

// An input by position: row-major and contiguous but for its batch dimensions, whose strides are in
// numbers; 0 repeats the same rows.
struct GpuInput {
  const void* data;
  i64 batch_stride[gpu_batch_dims];
};

// Block-sparse reductions: outputs [outputs[2c], outputs[2c + 1]) of cluster c are reduced over
// the intervals [reduced[2k], reduced[2k + 1]) for k in [slices[c - 1], slices[c]), slices[-1] = 0.
// tiles[c] is the number of tiles of the clusters up to c, included. Device memory.
struct GpuRanges {
  const i64* outputs;
  const i64* slices;
  const i64* reduced;
  const i64* tiles;
  i64 clusters;  // 0: the reduction is dense
};

// Blocks are numbered tile first, then split, chunk and batch.
struct GpuCall {
  void* out;     // (batches, outputs, out_dim); written when `states` is null
  void* states;  // (batches, splits, windows, window_state, outputs), see GpuTraits
  i64 outputs, reduced;
  i64 tiles, splits;
  i64 reduced_per_split;
  i64 batch_shape[gpu_batch_dims];
  GpuRanges ranges;
};

// Merges parts of states, laid out as in GpuCall with `parts` for splits.
struct GpuMerge {
  const void* states;
  void* out;
  i64 parts, outputs, batches;
  int group;  // threads that share an output: a power of two
};

// What the launcher has to know of a kernel: the constant keopsnb_traits of its module.
struct GpuTraits {
  int abi;
  int out_dim;
  int chunks;         // blocks compute one chunk each of the components of the result
  int windows;        // windows of components, each with a state of its own, in all chunks
  int window_state;   // numbers in the state of a window
  int number_bytes;   // of a number of a state
  int storage_bytes;  // of a number of inputs and results
  // A block has a power of two of threads between these. With the most it computes `rows` outputs,
  // `tile` reduced indices at a time, in `shared` bytes of dynamic shared memory; with fewer,
  // proportionally less.
  int threads_least, threads_most;
  int rows, tile, shared;
  int one;  // all outputs are reduced into one
};

}  // namespace keopsnb
