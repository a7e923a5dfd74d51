// What a compiled CPU kernel and whoever launches it agree on. Plain C structures.
#pragma once
#include <keopsnb/config.hpp>

namespace keopsnb {

// One piece of work: outputs [out_begin, out_end) over reduced indices [red_begin, red_end).
// Inputs are row-major and contiguous: row r of input k is in[k] + r * dim_k.
struct CpuTask {
  const void* const* in;
  void* out;     // (outputs, out_dim); written when `states` is null
  void* states;  // (out_end - out_begin, state_dim), or (1, state_dim) where the outputs are summed
  void* workspace;  // Kernel::workspace bytes, 64-byte aligned
  i64 out_begin, out_end;
  i64 red_begin, red_end;
  // Asked once a block; true: stop now, the result is not wanted any more. May be null.
  bool (*stop)(void*);
  void* stop_argument;
};

struct CpuKernel {
  i64 out_dim, state_dim;
  i64 rows;       // outputs computed together: ranges of outputs are best multiples of it
  i64 workspace;  // bytes that `run` needs
  void (*run)(const CpuTask*);
  // Merges `parts` states of each of `outputs` outputs, laid out (parts, outputs, state_dim), into
  // out (outputs, out_dim). No part: the value of an empty reduction. `workspace` holds one state.
  void (*merge)(const void* states, i64 parts, i64 outputs, void* workspace, void* out);
};

}  // namespace keopsnb
