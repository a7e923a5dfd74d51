// Functions made of others, the same on every machine.
#pragma once
#include <keopsnb/pack.hpp>

namespace keopsnb {

// 1 / sqrt(a), and 0 at 0: the convention of formulas, which keeps gradients of norms finite.
template <Number V>
KEOPSNB_FN V rsqrt0(V a) {
  return select<V>(a == V{}, V{}, rsqrt(a));
}

// a log(a), and 0 at 0. 2.5 ULP.
template <Number V>
KEOPSNB_FN V xlogx(V a) {
  return select<V>(a == V{}, V{}, a * log(a));
}

// a brought into [c, c + b) by whole multiples of b; exact where the quotient and the product are.
template <Number V>
KEOPSNB_FN V mod(V a, V b, V c) {
  return a - b * floor((a - c) / b);
}

// a^n by repeated squaring. |n| / 2 ULP; a^0 is 1, also at NaN.
template <i64 N, Number V>
KEOPSNB_FN V powi(V a) {
  if constexpr (N < 0)
    return constant<V>(1) / powi<-N>(a);
  else if constexpr (N == 0)
    return constant<V>(1);
  else if constexpr (N == 1)
    return a;
  else if constexpr (N % 2 == 0)
    return powi<N / 2>(a * a);
  else
    return powi<N - 1>(a) * a;
}

constexpr double power_of_ten(i64 n) {
  double p = 1;
  for (; n > 0; --n) p *= 10;
  return p;
}

// a rounded to n decimals (tens, hundreds... for n < 0), halves away from zero.
template <i64 N, Number V>
KEOPSNB_FN V round_decimals(V a) {
  const V scale = constant<V>(power_of_ten(N < 0 ? -N : N));
  const V x = N < 0 ? abs(a) / scale : abs(a) * scale;
  const V whole = floor(x);
  const V up = whole + select<V>(x - whole >= constant<V>(0.5), constant<V>(1), V{});
  const V r = N < 0 ? up * scale : up / scale;
  // From 2^(mantissa bits) on, x is whole already, and may have overflowed.
  const V large = constant<V>(sizeof(scalar_of<V>) == 4 ? 0x1p23 : 0x1p52);
  return select<V>(x < large, select<V>(a < V{}, -r, r), a);
}

// g_n(a) = j_n(a) / a^n.
template <i64 N, Number V>
KEOPSNB_FN V sinxdivx_derivative(V a) {
  const V z = a * a;
  V s = constant<V>(1);
  double first = 1;
  for (i64 k = 1; k <= N; ++k) first *= 2 * k + 1;
  constexpr int terms = 20;
  for (i64 k = terms; k > 0; --k)
    s = s * (z * constant<V>(-0.5 / static_cast<double>(k * (2 * N + 2 * k + 1)))) +
        constant<V>(1);
  s = s * constant<V>(1 / first);
  V before = cos(a), g = sin(a) / a;
  for (i64 k = 0; k < N; ++k) {
    const V next = (constant<V>(static_cast<double>(2 * k + 1)) * g - before) / z;
    before = g;
    g = next;
  }
  return select<V>(abs(a) < constant<V>(N + 1.0), s, g);
}

}  // namespace keopsnb
