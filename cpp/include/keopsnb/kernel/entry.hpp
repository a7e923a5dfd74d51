// The interface of a compiled CPU kernel and its launcher: plain C structures.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// One piece of work: outputs [out_begin, out_end) over reduced indices [red_begin, red_end).
// Inputs are row-major and contiguous: row r of input k is in[k] + r * dim_k.
struct CpuTask {
  const void* const* in;
  // (outputs, out_dim) each, written when `states` is null; a reduction gives values or indices of
  // the reduced side, or both.
  void* out;
  i64* indices;
  void* states;  // (out_end - out_begin, state_dim), or (1, state_dim) where the outputs are summed
  void* workspace;  // Kernel::workspace bytes, 64-byte aligned
  i64 out_begin, out_end;
  i64 red_begin, red_end;
  // Block-sparse: instead of these, the intervals [intervals[2k], intervals[2k + 1]).
  const i64* intervals;
  i64 interval_count;
  bool adds;  // where the outputs are summed into one: to the state that is there
  // Asked once a block; true: stop now, the result is not wanted any more. May be null.
  bool (*stop)(void*);
  void* stop_argument;
};

// Rows of reduced variables beyond so many bytes may not be in a cache any more when they are read
// again. Taking turns at nearer ones costs 5 to 10 %.
inline constexpr i64 far_bytes = 1 << 22;

struct CpuKernel {
  i64 state_dim;
  i64 number_bytes;   // of a number of a state
  i64 storage_bytes;  // of a number of results
  i64 rows;           // outputs computed together: ranges of outputs are best multiples of it
  i64 tiles;          // so many times that where the rows of reduced variables are far away,
  i64 row_bytes;      // each of which has so many bytes
  i64 workspace;      // bytes that `run` needs
  void (*run)(const CpuTask*);
  // Merges `parts` states of each of `outputs` outputs, laid out (parts, outputs, state_dim), into
  // the results. No part: the value of an empty reduction. `workspace` holds one state.
  void (*merge)(const void* states, i64 parts, i64 outputs, void* workspace, void* out,
                i64* indices);
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
