// Reductions as C++ programs write them, for the CPU (reduce.hpp) and for GPUs (reduce_gpu.hpp).
#pragma once
#include <keopsnb/arguments.hpp>
#include <keopsnb/reductions.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// A reduction of a formula: what is kept of the terms, and for which index.
template <class Reduction, Output Out>
struct Reduced {
  static constexpr i64 dim = Reduction::ranks * Reduction::dim;
  // What a call takes beside it, for numbers stored as S.
  template <class S>
  struct Call {
    using Inputs = keopsnb::Inputs<S, typename Reduction::formulas>;
    using Results = keopsnb::Results<S, Reduction>;
  };
};

// Any reduction, for each i or for each j: over_j(kmin_reduction<10>(f)).
template <class Reduction>
constexpr auto over_j(Reduction) {
  return Reduced<Reduction, Output::i>{};
}
template <class Reduction>
constexpr auto over_i(Reduction) {
  return Reduced<Reduction, Output::j>{};
}

// a_i = Sum_j f, b_j = Sum_i f, c = Sum_ij f.
template <Formula F>
constexpr auto sum_over_j(F f) {
  return over_j(sum_reduction(f));
}
template <Formula F>
constexpr auto sum_over_i(F f) {
  return over_i(sum_reduction(f));
}
template <Formula F>
constexpr auto sum_over_ij(F f) {
  return Reduced<decltype(sum_reduction(f)), Output::one>{};
}
// log Sum exp(f) g, with weights g.
template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_over_j(F f, G g = {}) {
  return over_j(logsumexp_reduction(f, g));
}
template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_over_i(F f, G g = {}) {
  return over_i(logsumexp_reduction(f, g));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
