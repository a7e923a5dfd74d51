// Reductions for C++ programs: no Python, no run-time compilation.
//
//   constexpr auto x = vi<0, 3>;
//   constexpr auto y = vj<1, 3>;
//   constexpr auto b = vj<2, 1>;
//   auto status = reduce<float>(sum_over_j(exp(-sqdist(x, y)) * b), a, M, N, {xs, ys, bs});
#pragma once
#include <keopsnb/kernel/cpu.hpp>
#include <keopsnb/kernel/launch.hpp>

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

// Computes a reduction of M rows i and N columns j into `out`, (M, dim) or (N, dim) or (1, dim).
// `in` holds one pointer a position: row-major arrays (M, D), (N, D) or (D). The executor runs the
// tasks; give one that wraps your own threads to use several.
template <class T, class Reduction, Output Out, int Inputs, class Executor = Serial>
Outcome reduce(Reduced<Reduction, Out>, T* out, i64 M, i64 N, const T* const (&in)[Inputs],
               Executor&& executor = {}) {
  const void* pointers[Inputs];
  for (int k = 0; k < Inputs; ++k) pointers[k] = in[k];
  const bool by_j = Out == Output::j;
  const CpuCall call{pointers,           out,       by_j ? N : M, by_j ? M : N,
                     Out == Output::one, sizeof(T), nullptr,      nullptr};
  return launch(Cpu<T, Reduction, Out>::kernel, call, executor);
}

}  // namespace keopsnb
