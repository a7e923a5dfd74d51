// The share of one block in a launch: which outputs, over which reduced indices.
#pragma once
#include <keopsnb/kernel/gpu/entry.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

struct GpuJob {
  i64 batch, chunk, split, tile;
  i64 batch_index[gpu_batch_dims];
  i64 begin, end;  // outputs: the first of the block, and the end of its cluster
  // Reduced indices: [from, to), or the intervals of ranges.reduced from first_interval on.
  i64 from, to;
  i64 first_interval, end_interval;
  const i64* intervals;

  // Blocks are fewer than 2^31, so that they are counted in 32 bits: division in 64 is dear, also
  // to compile.
  KEOPSNB_FN GpuJob(const GpuCall& call, int chunks, i64 block, i64 rows) {
    auto rest = static_cast<unsigned>(call.first_block + block);
    tile = take(rest, static_cast<unsigned>(call.tiles));
    split = take(rest, static_cast<unsigned>(call.splits));
    chunk = take(rest, static_cast<unsigned>(chunks));
    batch = rest;
    KEOPSNB_UNROLL
    for (int d = gpu_batch_dims - 1; d >= 0; --d)
      batch_index[d] = take(rest, static_cast<unsigned>(call.batch_shape[d]));
    begin = tile * rows;
    end = call.outputs;
    from = split * call.reduced_per_split;
    to =
        from + call.reduced_per_split < call.reduced ? from + call.reduced_per_split : call.reduced;
    first_interval = 0;
    end_interval = 1;
    intervals = nullptr;
    if (call.ranges.clusters > 0) sparse(call.ranges, rows);
  }

  KEOPSNB_FN void sparse(const GpuRanges& ranges, i64 rows) {
    // The first cluster whose last tile is not before ours.
    i64 low = 0, high = ranges.clusters - 1;
    while (low < high) {
      const i64 middle = (low + high) / 2;
      if (ranges.tiles[middle] > tile)
        high = middle;
      else
        low = middle + 1;
    }
    begin = ranges.outputs[2 * low] + (tile - (low > 0 ? ranges.tiles[low - 1] : 0)) * rows;
    end = ranges.outputs[2 * low + 1];
    intervals = ranges.reduced;
    first_interval = low > 0 ? ranges.slices[low - 1] : 0;
    end_interval = ranges.slices[low];
  }

  // The first row of an input in this batch.
  KEOPSNB_FN const void* rows_of(const GpuInput& input) const {
    i64 offset = 0;
    KEOPSNB_UNROLL
    for (int d = 0; d < gpu_batch_dims; ++d) offset += batch_index[d] * input.batch_stride[d];
    return static_cast<const char*>(input.data) + offset;
  }

 private:
  // The remainder; the quotient is left.
  KEOPSNB_FN static unsigned take(unsigned& rest, unsigned size) {
    const unsigned quotient = rest / size, remainder = rest - quotient * size;
    rest = quotient;
    return remainder;
  }
};

// The tiles of a job, one after the other: reduced indices [at, at + count).
struct GpuTiles {
  const GpuJob& job;
  i64 size;  // of a tile
  i64 interval, at, to;
  int count;

  KEOPSNB_FN GpuTiles(const GpuJob& j, i64 tile_size)
      : job(j), size(tile_size), interval(j.first_interval - 1), at(0), to(0), count(0) {
    next();
  }

  KEOPSNB_FN void next() {
    at += count;
    while (at >= to) {
      if (++interval >= job.end_interval) {
        count = 0;
        return;
      }
      at = job.intervals ? job.intervals[2 * interval] : job.from;
      to = job.intervals ? job.intervals[2 * interval + 1] : job.to;
    }
    count = static_cast<int>(to - at < size ? to - at : size);
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
