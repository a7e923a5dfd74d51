// A whole reduction as blocks of a GPU. Host code; it calls nothing.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/gpu/entry.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// The sizes of a reduction on a GPU of so many multiprocessors.
struct GpuSizes {
  i64 outputs, reduced;
  i64 batches = 1;
  int multiprocessors = 1;
  int double_cost = 2;  // instructions on float64 take so many times as long as on float32
  // Block-sparse: outputs of all clusters, how many these are, their tiles of gpu_rows(...) outputs
  // each, and pairs of all of them.
  i64 sparse_outputs = 0, sparse_clusters = 0;
  i64 sparse_tiles = -1;  // where it is dense
  i64 sparse_pairs = 0;
};

struct GpuLaunch {
  // keopsnb_reduce
  i64 blocks;
  i64 blocks_at_once;  // the most of one launch: as many launches follow each other as are needed
  int threads, shared;
  i64 tiles, splits, reduced_per_split;
  // keopsnb_merge, where there is more than one part; else 0 blocks
  i64 parts, merge_blocks;
  int merge_group, merge_shared;
  i64 state_bytes;  // memory for the states of the parts
};

inline constexpr int gpu_merge_threads = 128;
// The most blocks of one launch, for the driver.
inline constexpr i64 gpu_most_blocks = 2147483647;
// Threads that keep a multiprocessor busy.
inline constexpr int gpu_busy_threads = 1024;
// Numbers that a multiprocessor computes in about half a second. A launch of more is divided:
// others have their turn, and no watchdog ends it.
inline constexpr double gpu_launch_work = 1e11;
// Numbers that a thread computes before another launch, which merges, is worth its time.
inline constexpr double gpu_split_work = 16384;
// States of splits take no more than this, or than the result does.
inline constexpr i64 gpu_state_bytes = i64{32} << 20;

namespace detail {

// By how much blocks are smaller than the kernel's greatest, a power of two: so that no thread is
// without an output, and all multiprocessors have work.
constexpr int gpu_part(const GpuTraits& traits, const GpuSizes& sizes) {
  const i64 busy = i64{sizes.multiprocessors} * gpu_busy_threads;
  const bool sparse = sizes.sparse_clusters > 0;
  const i64 outputs =
      sparse ? parts_of(sizes.sparse_outputs, sizes.sparse_clusters) : sizes.outputs;
  const i64 width = sizes.batches * traits.chunks;
  int part = 1;
  for (; traits.threads_most / (2 * part) >= traits.threads_least; part *= 2) {
    const i64 rows = traits.rows / part, tile = at_least(1, traits.tile / part);
    const i64 threads = traits.threads_most / part;
    if (outputs <= rows / 2) continue;
    if (sparse ||
        parts_of(outputs, rows) * width * parts_of(sizes.reduced, 2 * tile) * threads >= busy)
      break;
  }
  return part;
}

}  // namespace detail

// Outputs of a block.
constexpr i64 gpu_rows(const GpuTraits& traits, const GpuSizes& sizes) {
  return traits.rows / detail::gpu_part(traits, sizes);
}

constexpr GpuLaunch gpu_launch(const GpuTraits& traits, const GpuSizes& sizes) {
  using detail::at_least, detail::at_most, detail::parts_of;
  GpuLaunch l{};
  const bool sparse = sizes.sparse_tiles >= 0;
  const int part = detail::gpu_part(traits, sizes);
  l.threads = traits.threads_most / part;
  l.shared = parts_of(traits.shared, part);
  const i64 rows = traits.rows / part, tile = at_least(1, traits.tile / part);
  l.tiles = sparse ? sizes.sparse_tiles : parts_of(sizes.outputs, rows);

  const i64 outputs = traits.one ? 1 : sizes.outputs;
  const i64 part_bytes =
      sizes.batches * traits.windows * traits.window_state * outputs * traits.number_bytes;
  // Splits of the reduced index, where a thread has enough to do: of a tile or more, to keep all
  // multiprocessors busy; of at least 8, to have twice as many blocks; and when there are many
  // pairs, so that the blocks end together, long ones.
  const double numbers = static_cast<double>(sizes.reduced) * static_cast<double>(rows) /
                         l.threads * traits.pair_numbers;
  const bool brief = !traits.one && !traits.merge_block && numbers <= gpu_split_work;
  const i64 blocks = l.tiles * sizes.batches * traits.chunks;
  const i64 at_a_time = sizes.multiprocessors * at_least(1, gpu_busy_threads / l.threads);
  l.splits = 1;
  if (!sparse && !brief && blocks > 0) {
    // A list of first terms is dear where it begins.
    const i64 busy = traits.merge_block
                         ? 1
                         : at_most(parts_of(at_a_time, blocks), parts_of(sizes.reduced, tile));
    const i64 twice = at_most(parts_of(2 * at_a_time, blocks), sizes.reduced / (8 * tile));
    const i64 even = at_most(at_most(parts_of(16 * at_a_time, blocks), 8), sizes.reduced / 16384);
    l.splits = at_least(1, at_least(busy, at_least(twice, even)));
    const i64 result_bytes = sizes.batches * outputs * (traits.out_dim - traits.kept_dim) *
                             (traits.values * traits.storage_bytes + traits.indices * 8);
    const i64 split_bytes = part_bytes * (traits.one ? l.tiles : 1);
    const i64 most = at_least(gpu_state_bytes, result_bytes) / at_least(1, split_bytes);
    l.splits = at_least(1, at_most(l.splits, most));
  }
  l.reduced_per_split = at_least(1, parts_of(parts_of(sizes.reduced, l.splits), tile) * tile);
  l.splits = at_least(1, parts_of(sizes.reduced, l.reduced_per_split));
  if (sparse) l.splits = 1;
  l.blocks = blocks * l.splits;

  // Whole rounds of blocks, or one that takes longer than a launch should.
  const double pairs =
      sparse ? static_cast<double>(sizes.sparse_pairs) / static_cast<double>(at_least(1, l.tiles))
             : static_cast<double>(rows) * static_cast<double>(l.reduced_per_split);
  const double work =
      pairs * traits.pair_numbers * (traits.number_bytes == 8 ? sizes.double_cost : 1);
  const double rounds =
      gpu_launch_work * sizes.multiprocessors / (work + 1) / static_cast<double>(at_a_time);
  l.blocks_at_once = at_most(l.blocks, gpu_most_blocks);
  if (rounds * static_cast<double>(at_a_time) < static_cast<double>(l.blocks_at_once))
    l.blocks_at_once = at_a_time * at_least(1, static_cast<i64>(rounds));
  l.blocks_at_once = at_least(1, at_most(l.blocks_at_once, l.blocks));

  l.parts = traits.one ? l.tiles * l.splits : l.splits;
  if (traits.one || l.splits > 1) {
    l.state_bytes = l.parts * part_bytes;
    l.merge_group = traits.merge_block ? gpu_merge_threads : 1;
    while (l.merge_group < gpu_merge_threads && 8 * l.merge_group <= l.parts) l.merge_group *= 2;
    l.merge_blocks =
        parts_of(sizes.batches * outputs * traits.windows * l.merge_group, gpu_merge_threads);
    l.merge_shared = traits.merge_shared;
  }
  return l;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
