// The interface of a compiled GPU kernel and its launcher: plain C structures, passed by value.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr int gpu_abi = 4;
// Batch dimensions of one launch, after neighbours that lie one behind the other became one.
inline constexpr int gpu_batch_dims = 4;

// An input by position: row-major and contiguous but for its batch dimensions, whose strides are in
// bytes; 0 repeats the same rows. Integers are as wide as the numbers that a kernel computes with.
struct GpuInput {
  const void* data;
  i64 batch_stride[gpu_batch_dims];
};

// Block-sparse reductions: outputs [outputs[2c], outputs[2c + 1]) of cluster c are reduced over
// the intervals [reduced[2k], reduced[2k + 1]) for k in [slices[c - 1], slices[c]), slices[-1] = 0,
// in ascending order: of equal terms the first one counts.
// tiles[c] is the number of tiles of the clusters up to c, included, of as many outputs each as a
// block of the launch computes. Device memory.
struct GpuRanges {
  const i64* outputs;
  const i64* slices;
  const i64* reduced;
  const i64* tiles;
  i64 clusters;  // 0: the reduction is dense
};

// Blocks are numbered tile first, then split, chunk and batch, from `first_block` on.
struct GpuCall {
  // (batches, outputs, out_dim) each, written when `states` is null: values, indices of the reduced
  // side, or both.
  void* out;
  i64* indices;
  void* states;  // (batches, splits, windows, window_state, outputs), see GpuTraits
  i64 outputs, reduced;
  i64 tiles, splits;
  i64 reduced_per_split;
  i64 first_block;
  i64 batch_shape[gpu_batch_dims];
  GpuRanges ranges;
};

// Merges parts of states, laid out as in GpuCall with `parts` for splits. Blocks are numbered
// output first, then window and batch.
struct GpuMerge {
  const void* states;
  void* out;
  i64* indices;
  i64 parts, outputs, batches;
  int group;  // threads that share an output: a power of two, or a block where traits say so
};

// The facts of a kernel that a launcher needs: the constant keopsnb_traits of its module.
struct GpuTraits {
  int abi = gpu_abi;
  int out_dim = 0;              // results of an output: of each rank, one after the other,
  int kept_dim = 0;             // and of these, the last, what derivatives keep
  int values = 1, indices = 0;  // which of the two there are
  int chunks = 1;               // blocks compute one chunk each of the components of the result
  int windows = 1;        // windows of components, each with a state of its own, in all chunks
  int window_state = 0;   // numbers in the state of a window
  int number_bytes = 0;   // of a number of a state
  int storage_bytes = 0;  // of a number of inputs and results
  // A block has a power of two of threads between these. With the most it computes `rows` outputs,
  // `tile` reduced indices at a time, in `shared` bytes of dynamic shared memory; with fewer,
  // proportionally less.
  int threads_least = 0, threads_most = 0;
  int rows = 0, tile = 0, shared = 0;
  int one = 0;              // all outputs are reduced into one
  int merge_shared = 0;     // bytes of dynamic shared memory of a block that merges
  int merge_block = 0;      // a whole block merges an output's states
  double pair_numbers = 0;  // computed for a pair of an output and a reduced index, about
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
