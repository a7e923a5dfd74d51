// Reductions for C++ programs: no Python, no run-time compilation.
//
//   constexpr auto x = vi<0, 3>;
//   constexpr auto y = vj<1, 3>;
//   constexpr auto b = vj<2, 1>;
//   auto status = reduce<float>(sum_over_j(exp(-sqdist(x, y)) * b), a, M, N, {xs, ys, bs});
#pragma once
#include <keopsnb/kernel/cpu.hpp>
#include <keopsnb/kernel/launch.hpp>
#include <keopsnb/reduced.hpp>

namespace keopsnb {

// Computes a reduction of M rows i and N columns j into `out`, (M, dim) or (N, dim) or (1, dim).
// `in` holds one pointer a position: row-major arrays (M, D), (N, D) or (D), of T, and for
// variables of integers of int (beside float) or long long (beside double). The executor runs the
// tasks; give one that wraps your own threads to use several.
template <class T, class Reduction, Output Out, int Inputs, class Executor = Serial>
Outcome reduce(Reduced<Reduction, Out>, Results<T> out, i64 M, i64 N,
               const void* const (&in)[Inputs], Executor&& executor = {}) {
  const bool by_j = Out == Output::j;
  const CpuCall call{in,           out.values,   out.indices,
                     by_j ? N : M, by_j ? M : N, Out == Output::one,
                     sizeof(T),    nullptr,      nullptr};
  return launch(Cpu<T, Reduction, Out>::kernel, call, executor);
}

// The same where all arguments are numbers.
template <class T, class Reduction, Output Out, int Inputs, class Executor = Serial>
Outcome reduce(Reduced<Reduction, Out> reduction, Results<T> out, i64 M, i64 N,
               const T* const (&in)[Inputs], Executor&& executor = {}) {
  const void* pointers[Inputs];
  for (int k = 0; k < Inputs; ++k) pointers[k] = in[k];
  return reduce<T>(reduction, out, M, N, pointers, executor);
}

}  // namespace keopsnb
