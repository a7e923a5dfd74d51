// Reductions as C++ programs write them, for the CPU (reduce.hpp) and for GPUs (reduce_gpu.hpp).
#pragma once
#include <keopsnb/kernel/layout.hpp>
#include <keopsnb/reductions/logsumexp.hpp>
#include <keopsnb/reductions/sum.hpp>

namespace keopsnb {

// A reduction of a formula: what is kept of the terms, and for which index.
template <class Reduction, Output Out>
struct Reduced {
  static constexpr i64 dim = Reduction::out_dim;
};

// a_i = Sum_j f, b_j = Sum_i f, c = Sum_ij f.
template <Formula F>
constexpr auto sum_over_j(F) {
  return Reduced<SumReduction<F>, Output::i>{};
}
template <Formula F>
constexpr auto sum_over_i(F) {
  return Reduced<SumReduction<F>, Output::j>{};
}
template <Formula F>
constexpr auto sum_over_ij(F) {
  return Reduced<SumReduction<F>, Output::one>{};
}
// log Sum exp(f) g, with weights g.
template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_over_j(F, G = {}) {
  return Reduced<LogSumExpReduction<F, G>, Output::i>{};
}
template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_over_i(F, G = {}) {
  return Reduced<LogSumExpReduction<F, G>, Output::j>{};
}

}  // namespace keopsnb
