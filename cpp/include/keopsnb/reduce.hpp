// Reductions for C++ programs: no Python, no run-time compilation.
//
//   constexpr auto x = vi<0, 3>;
//   constexpr auto y = vj<1, 3>;
//   constexpr auto b = vj<2, 1>;
//   auto status = reduce<float>(sum_over_j(exp(-sqdist(x, y)) * b), a, M, N, {xs, ys, bs});
#pragma once
#include <keopsnb/macros.hpp>

#include <keopsnb/derivative.hpp>
#include <keopsnb/kernel/cpu.hpp>
#include <keopsnb/kernel/launch.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Computes a reduction of M rows i and N columns j into `out`: (M, dim), (N, dim) or (1, dim)
// numbers of S, indices of long long, or {both}, as the reduction gives them. `in` holds one
// pointer a position: row-major arrays (M, D), (N, D) or (D). What does not fit does not compile
// (arguments.hpp). The executor runs the tasks; give one that wraps your own threads to use
// several. Numbers of float16 and bfloat16 are computed in float, and results are rounded once.
template <class S, class Reduction, Output Out, class Executor = Serial>
Outcome reduce(AxisReduction<Reduction, Out>,
               typename AxisReduction<Reduction, Out>::template Call<S>::Results out, i64 M, i64 N,
               const typename AxisReduction<Reduction, Out>::template Call<S>::Inputs& in,
               Executor&& executor = {}) {
  static_assert(Storage<S>,
                "keopsnb: reduce<S> reads numbers of float, double, float16 or bfloat16");
  const bool by_j = Out == Output::j;
  const CpuCall call{in.at,        out.values,         out.indices, by_j ? N : M,
                     by_j ? M : N, Out == Output::one, nullptr,     nullptr};
  return launch(Cpu<S, Reduction, Out>::kernel, call, executor);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET

#include <keopsnb/macros.hpp>
