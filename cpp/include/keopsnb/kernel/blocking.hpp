// How many outputs and reduced indices the CPU kernel evaluates together: what was measured for it
// is in docs/performance.md.
#pragma once
#include <keopsnb/kernel/cut.hpp>
#include <keopsnb/kernel/layout.hpp>
#include <keopsnb/share.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class Reduction, class Nodes>
struct Blocking {
  static constexpr i64 dim = Reduction::dim;
  // Long vectors are read component by component, and several reduced indices a step share each
  // load of a lane variable. Otherwise packs hide latencies, as many as registers allow.
  // Where little is done to components of very long variables, their memory decides.
  static constexpr bool long_vectors = dim > 8 || longest_loop(Nodes{}) > 8 ||
                                       (longest_of(Nodes{}) > 128 && Nodes::size <= 20);
  // Two packs of a state of 16,384 numbers are 1 MB with AVX2.
  static constexpr int packs = Reduction::state_dim(dim) > 16384  ? 1
                               : long_vectors || Nodes::size > 20 ? 2
                                                                  : 4;
  static constexpr int steps = long_vectors ? 4 : 1;
  // Whether components of lane variables are held in registers (component.hpp): of formulas of a
  // bounded size, as that is found by recursion.
  static constexpr bool holds = Nodes::size <= 64 && steps > 1 && KEOPSNB_REREADS;
  // As many tiles of outputs, of so many bytes each, as half of a second level of the cache holds
  // take turns at rows that are far away. Short vectors are a small part of the time wherever they
  // are.
  static constexpr i64 tiles_of(i64 bytes, bool take_turns) {
    return long_vectors && take_turns ? detail::at_least(1, detail::at_most(8, 262144 / bytes)) : 1;
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
