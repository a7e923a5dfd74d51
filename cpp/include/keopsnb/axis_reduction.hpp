// Reductions as C++ programs write them, for the CPU (reduce.hpp) and for GPUs (reduce_gpu.hpp).
#pragma once
#include <keopsnb/arguments.hpp>
#include <keopsnb/reductions.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// A reduction of a formula: what is kept of the terms, and for which index.
template <class Reduction, Output Out>
struct AxisReduction {
  static constexpr i64 dim = Reduction::ranks * Reduction::dim + Reduction::kept_dim;
  // The arguments of a call beside it, for numbers stored as S.
  template <class S>
  struct Call {
    static_assert(
        Reduction::kept_dim == 0 || sizeof(S) >= 4,
        "keopsnb: what derivatives take is not kept in 16 bits; compute kept(reduction) of "
        "arrays of float");
    using Inputs = keopsnb::Inputs<S, typename Reduction::formulas>;
    using Results = keopsnb::Results<S, Reduction>;
  };
};

// Any reduction, for each i, for each j, or over all pairs: over_j(kmin_reduction<10>(f)).
template <class Reduction>
constexpr auto over_j(Reduction) {
  return AxisReduction<Reduction, Output::i>{};
}
template <class Reduction>
constexpr auto over_i(Reduction) {
  return AxisReduction<Reduction, Output::j>{};
}

template <class Reduction>
constexpr auto over_ij(Reduction) {
  return AxisReduction<Reduction, Output::one>{};
}

// a_i = Sum_j f, b_j = Sum_i f, c = Sum_ij f: sum_over_j(f), sum_over_i(f), sum_over_ij(f), and so
// for every reduction. Those with weights take them behind f: softmax_over_j(f, g).
#define KEOPSNB_OVER(name)                  \
  template <Formula... F>                   \
  constexpr auto name##_over_j(F... f) {    \
    return over_j(name##_reduction(f...));  \
  }                                         \
  template <Formula... F>                   \
  constexpr auto name##_over_i(F... f) {    \
    return over_i(name##_reduction(f...));  \
  }                                         \
  template <Formula... F>                   \
  constexpr auto name##_over_ij(F... f) {   \
    return over_ij(name##_reduction(f...)); \
  }
KEOPSNB_OVER(sum)
KEOPSNB_OVER(mean)
KEOPSNB_OVER(sumsq)
KEOPSNB_OVER(norm2)
KEOPSNB_OVER(prod)
KEOPSNB_OVER(logsumexp)
KEOPSNB_OVER(softmax)
KEOPSNB_OVER(max)
KEOPSNB_OVER(min)
#undef KEOPSNB_OVER

template <i64 Correction = 0, Formula F>
constexpr auto variance_over_j(F f) {
  return over_j(variance_reduction<Correction>(f));
}
template <i64 Correction = 0, Formula F>
constexpr auto variance_over_i(F f) {
  return over_i(variance_reduction<Correction>(f));
}
template <i64 Correction = 0, Formula F>
constexpr auto variance_over_ij(F f) {
  return over_ij(variance_reduction<Correction>(f));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
