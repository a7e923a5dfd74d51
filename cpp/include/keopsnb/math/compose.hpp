// Functions made of others, the same on every machine.
#pragma once
#include <keopsnb/pack.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

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

// 1 / (1 + e^-a). 4 ULP; 0 where e^-a overflows.
template <Number V>
KEOPSNB_FN V sigmoid(V a) {
  return constant<V>(1) / (constant<V>(1) + exp(-a));
}
// log(1 + e^a). 3 ULP, as exp for a < 0.
template <Number V>
KEOPSNB_FN V softplus(V a) {
  return relu(a) + log1p(exp(-abs(a)));
}
// a times the distribution function of the normal law. As if a had been rounded once more,
// so (8 + a^2) ULP for a < 0.
template <Number V>
KEOPSNB_FN V gelu(V a) {
  return constant<V>(0.5) * a * erfc(a * constant<V>(-0.7071067811865476));
}

// floor(a / b) of the exact quotient where a and b are such numbers: for 1 / 0.1 it is 9, as 0.1 is
// a little more than a tenth. a / b where b is 0, else NaN where a is infinite.
template <Number V>
KEOPSNB_FN V floor_divide(V a, V b) {
  const V inf = constant<V>(infinity), zero = V{};
  const V q = floor(a / b), rest = a - b * q;
  const auto other_signs = ((a < zero) & (b > zero)) | ((a > zero) & (b < zero));
  const auto over = ((rest < zero) & (b > zero)) | ((rest > zero) & (b < zero));
  const V whole = select<V>(over, q - constant<V>(1), q);
  const V far = select<V>(other_signs, constant<V>(-1), zero);  // b is infinite
  const V finite = select<V>(abs(b) == inf, far, whole);
  return select<V>(b == zero, a / b, select<V>(abs(a) < inf, finite, a - a));
}
// a brought into [0, b) or (b, 0], exactly, for finite a and b of which b is not 0. Long division:
// a bit of the quotient a step.
template <Number V>
#if KEOPSNB_CUDA
KEOPSNB_FN
#else
[[gnu::noinline, gnu::cold]]
#endif
V long_remainder(V a, V b) {
  const V half = constant<V>(0.5), two = constant<V>(2), zero = V{}, divisor = abs(b);
  V rest = abs(a), multiple = divisor;
  for (auto low = multiple <= half * rest; any_lane<V>(low); low = multiple <= half * rest)
    multiple = select<V>(low, two * multiple, multiple);
  for (auto more = rest >= divisor; any_lane<V>(more); more = rest >= divisor) {
    rest = select<V>(rest >= multiple, rest - multiple, rest);
    multiple = select<V>(multiple > divisor, half * multiple, multiple);
  }
  rest = select<V>(a < zero, -rest, rest);
  const auto outside = ((rest < zero) & (b > zero)) | ((rest > zero) & (b < zero));
  return select<V>(outside, rest + b, rest);
}

// a brought into [c, c + b) by whole multiples of b, as exact as a - c.
template <Number V>
KEOPSNB_FN V mod(V a, V b, V c) {
  const V inf = constant<V>(infinity), zero = V{}, shifted = a - c, q = floor_divide(shifted, b);
  V brought = a - b * q;
  const auto inexact = abs(q) >= constant<V>(sizeof(scalar_of<V>) == 4 ? 0x1p24 : 0x1p53);
  if (__builtin_expect(any_lane<V>(inexact), 0)) {
    const auto dividend = abs(shifted) < inf, divisor = abs(b) < inf;
    const auto large = inexact & dividend & divisor & (b != zero);
    const V rest =
        long_remainder<V>(select<V>(large, shifted, zero), select<V>(large, b, constant<V>(1)));
    brought = select<V>(large, c + rest, brought);
  }
  const V far = select<V>(q == zero, a, b);  // b is infinite
  const V found = select<V>(abs(b) == inf, far, brought);
  return select<V>((b == zero) | (abs(a) == inf), constant<V>(quiet_nan),
                   select<V>(q == q, found, q));
}

// a^n by repeated squaring: |n| - 1 rounded products, so within |n| - 1 ULP (|n| for n < 0, one
// division more). a^0 is 1, also at NaN.
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

KEOPSNB_FN constexpr double power_of_ten(i64 n) {
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
  const V r = N >= 0 ? up / scale : select<V>(up == V{}, up, up * scale);
  // From 2^(mantissa bits) on, x is whole already, and may have overflowed.
  const V large = constant<V>(sizeof(scalar_of<V>) == 4 ? 0x1p23 : 0x1p52);
  return select<V>(x < large, select<V>(a < V{}, -r, r), a);
}

// Up to here sinxdivx_derivative<n> is Taylor's series, beyond the upward recurrence.
KEOPSNB_FN constexpr double bessel_turn(i64 n) { return 0.9 * static_cast<double>(n) + 1.6; }

// Coefficients of g_n as a function of z = x^2 / 2 around `center`, the middle of [0, turn^2 / 2]:
// dg_n/dz = -g_(n+1), so the k-th is (-1)^k g_(n+k)(center) / k!.
template <i64 N>
struct BesselSeries {
  static constexpr double center = bessel_turn(N) * bessel_turn(N) / 4;
  static constexpr int terms = 14 + N < 24 ? 14 + N : 24;
  double c[terms] = {};

  KEOPSNB_FN constexpr BesselSeries() {
    double factor = 1;
    for (i64 j = 1; j <= N; ++j) factor /= static_cast<double>(2 * j + 1);
    for (int k = 0; k < terms; ++k) {
      const i64 n = N + k;
      double g = 1;
      for (i64 j = 40; j > 0; --j)
        g = 1 - g * center / static_cast<double>(j * (2 * n + 2 * j + 1));
      c[k] = factor * g;
      factor /= -static_cast<double>((k + 1) * (2 * n + 3));
    }
  }
};

// g_n(a) = j_n(a) / a^n, with j_n the spherical Bessel function; g_0 = sin(a) / a, 1 at 0.
//
// 3 ULP for n = 0; 4 for n <= 3 and 12 for n <= 8, in units of the last place of the amplitude,
// max(g_n, 1 / a^(n+1)): g_n has zeros. NaN at infinity.
template <i64 N, Number V>
KEOPSNB_FN V sinxdivx_derivative(V a) {
  const V s = sin(a) / a;
  if constexpr (N == 0) {
    return select<V>(a == V{}, constant<V>(1), s);
  } else {
    // Upwards: g_(k+1) = ((2k + 1) g_k - g_(k-1)) / a^2, from g_-1 = cos and g_0.
    const V a2 = a * a;
    V before = cos(a), g = s;
    for (i64 k = 0; k < N; ++k) {
      const V next = (constant<V>(static_cast<double>(2 * k + 1)) * g - before) / a2;
      before = g;
      g = next;
    }
    constexpr BesselSeries<N> series;
    const V z = constant<V>(0.5) * a2 - constant<V>(series.center);
    V p = constant<V>(series.c[series.terms - 1]);
    for (int k = series.terms - 2; k >= 0; --k) p = p * z + constant<V>(series.c[k]);
    return select<V>(abs(a) < constant<V>(bessel_turn(N)), p, g);
  }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
