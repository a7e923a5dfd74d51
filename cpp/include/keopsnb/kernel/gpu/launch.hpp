// How a whole reduction is cut into blocks of a GPU. Host code; it calls nothing.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/gpu/entry.hpp>

namespace keopsnb {

// The sizes of a reduction on a GPU of so many multiprocessors.
struct GpuSizes {
  i64 outputs, reduced;
  i64 batches = 1;
  int multiprocessors = 1;
  // Block-sparse: tiles of all clusters, for blocks of the most threads; -1 where it is dense.
  i64 sparse_tiles = -1;
};

struct GpuLaunch {
  // keopsnb_reduce
  i64 blocks;
  int threads, shared;
  i64 tiles, splits, reduced_per_split;
  // keopsnb_merge, where there is more than one part; else 0 blocks
  i64 parts, merge_blocks;
  int merge_group, merge_shared;
  i64 state_bytes;  // memory for the states of the parts
};

inline constexpr int gpu_merge_threads = 128;
// What the driver takes: blocks of one launch.
inline constexpr i64 gpu_most_blocks = 2147483647;

// Tiles of a cluster of so many outputs, for GpuRanges::tiles.
constexpr i64 gpu_tiles_of(i64 outputs, const GpuTraits& traits) {
  return detail::parts_of(outputs, traits.rows);
}

constexpr GpuLaunch gpu_launch(const GpuTraits& traits, const GpuSizes& sizes) {
  using detail::at_least, detail::at_most, detail::parts_of;
  GpuLaunch l{};
  const bool sparse = sizes.sparse_tiles >= 0;
  // Few outputs want small blocks, so that no thread is without one.
  int part = 1;
  while (!sparse && traits.threads_most / (2 * part) >= traits.threads_least &&
         sizes.outputs <= traits.rows / (2 * part))
    part *= 2;
  l.threads = traits.threads_most / part;
  l.shared = parts_of(traits.shared, part);
  const i64 rows = traits.rows / part, tile = at_least(1, traits.tile / part);
  l.tiles = sparse ? sizes.sparse_tiles : parts_of(sizes.outputs, rows);

  // Splits of the reduced index: to keep all multiprocessors busy, at least 8 tiles each; and when
  // there are many pairs, so that the blocks end together, in long splits.
  const i64 blocks = l.tiles * sizes.batches * traits.chunks;
  const i64 at_a_time = static_cast<i64>(sizes.multiprocessors) * at_least(1, 1024 / l.threads);
  l.splits = 1;
  if (!sparse && blocks > 0) {
    const i64 busy = at_most(parts_of(2 * at_a_time, blocks), sizes.reduced / (8 * tile));
    const i64 even = at_most(at_most(parts_of(16 * at_a_time, blocks), 8), sizes.reduced / 16384);
    l.splits = at_least(1, at_least(busy, even));
  }
  l.reduced_per_split = at_least(1, parts_of(parts_of(sizes.reduced, l.splits), tile) * tile);
  l.splits = at_least(1, parts_of(sizes.reduced, l.reduced_per_split));
  if (sparse) l.splits = 1;
  l.blocks = blocks * l.splits;

  const i64 outputs = traits.one ? 1 : sizes.outputs;
  l.parts = traits.one ? l.tiles * l.splits : l.splits;
  if (traits.one || l.splits > 1) {
    l.state_bytes = sizes.batches * l.parts * traits.windows * traits.window_state * outputs *
                    traits.number_bytes;
    l.merge_group = traits.merge_block ? gpu_merge_threads : 1;
    while (l.merge_group < gpu_merge_threads && 8 * l.merge_group <= l.parts) l.merge_group *= 2;
    l.merge_blocks =
        parts_of(sizes.batches * outputs * traits.windows * l.merge_group, gpu_merge_threads);
    l.merge_shared = traits.merge_shared;
  }
  return l;
}

}  // namespace keopsnb
