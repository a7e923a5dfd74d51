// Derivatives of the logarithm of the gamma function, the same on every machine. Poles are at 0 and
// at the negative integers.
#pragma once
#include <keopsnb/math/bernoulli.hpp>
#include <keopsnb/math/constants.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// digamma(a) for a >= 0.5: log(w) - 1 / (2 w) - Sum_k B_2k / (2k w^2k) (DLMF 5.11.2) at
// w = a + n >= 8, less 1 / (a + j) for j < n (DLMF 5.5.2).
template <Number V>
KEOPSNB_FN V digamma_right(V a) {
  const V one = constant<V>(1), far = constant<V>(8);
  V w = a, less = V{};
  for (int k = 0; k < 8; ++k) {
    const auto low = w < far;
    less = less + select<V>(low, one / w, V{});
    w = w + select<V>(low, one, V{});
  }
  const V z = one / (w * w);
  V p = V{};
  for (int k = bernoulli_terms; k > 0; --k) p = (p + constant<V>(bernoulli(k) / (2 * k))) * z;
  return log(w) - constant<V>(0.5) / w - p - less;
}

// The derivative of log |Gamma(a)|; left of 0.5 by reflection (DLMF 5.5.4). For a > 0 within 8
// units of the last place of max(|digamma(a)|, 1): it has a zero. -infinity at 0; NaN at the other
// poles and at -infinity.
template <Number V>
KEOPSNB_FN V digamma(V a) {
  const V one = constant<V>(1);
  const auto left = a < constant<V>(0.5);
  const V right = digamma_right(select<V>(left, one - a, a));
  const V f = from_nearest(a);
  const V pole = select<V>(a == V{}, -constant<V>(infinity), constant<V>(quiet_nan));
  const V reflected = select<V>(f == V{}, pole, right - constant<V>(pi) / tan(constant<V>(pi) * f));
  return select<V>(left, reflected, right);
}

// Of order N > 0: coefficients of the asymptotic series, and of the polynomial in cot(pi x) that is
// the N-th derivative of pi cot(pi x): the derivative of c = cot(pi x) is -pi (1 + c^2).
template <i64 N>
struct PolygammaSeries {
  double lead = 1, half = 0.5;        // (N - 1)!, N! / 2
  double tail[bernoulli_terms] = {};  // B_2k (2k + N - 1)! / (2k)!
  double cotangent[N + 2] = {};

  KEOPSNB_FN constexpr PolygammaSeries() {
    for (i64 j = 2; j < N; ++j) lead *= static_cast<double>(j);
    half = 0.5 * lead * static_cast<double>(N);
    double ratio = lead;  // (2k + N - 1)! / (2k)!
    for (int k = 0; k < bernoulli_terms; ++k) {
      const double n = 2.0 * k;
      ratio *=
          (n + static_cast<double>(N)) * (n + 1 + static_cast<double>(N)) / ((n + 1) * (n + 2));
      tail[k] = bernoulli(k + 1) * ratio;
    }
    cotangent[1] = pi;
    for (i64 step = 0; step < N; ++step) {
      double next[N + 2] = {};
      for (i64 j = 1; j <= step + 1; ++j) {
        next[j - 1] -= pi * static_cast<double>(j) * cotangent[j];
        next[j + 1] -= pi * static_cast<double>(j) * cotangent[j];
      }
      for (i64 j = 0; j < N + 2; ++j) cotangent[j] = next[j];
    }
  }
};

// (-1)^(N+1) times the N-th derivative of digamma for a >= 0.5, a sum of positive terms: N! / (a +
// j)^(N+1) for j < n, and at w = a + n >= 9 + N the series of DLMF 5.15.8.
template <i64 N, Number V>
KEOPSNB_FN V polygamma_right(V a) {
  constexpr PolygammaSeries<N> series;
  constexpr i64 most = 9 + N;
  const V one = constant<V>(1), far = constant<V>(static_cast<double>(most));
  V w = a, sum = V{};
  for (i64 k = 0; k < most; ++k) {
    const auto low = w < far;
    sum = sum + select<V>(low, powi<-N - 1>(w), V{});
    w = w + select<V>(low, one, V{});
  }
  const V r = one / w, z = r * r;
  V p = V{};
  for (int k = bernoulli_terms; k > 0; --k) p = (p + constant<V>(series.tail[k - 1])) * z;
  p = (p + constant<V>(series.lead) + constant<V>(series.half) * r) * powi<N>(r);
  return p + constant<V>(2 * series.half) * sum;
}

// The N-th derivative of digamma; left of 0.5 by reflection. 6 + 3 N ULP for a > 0. At the poles
// infinity for odd N and NaN for even N; NaN at -infinity.
template <i64 N, Number V>
KEOPSNB_FN V polygamma(V a) {
  static_assert(N >= 0, "keopsnb: in polygamma<n>, n lies between 0 and 100");
  if constexpr (N == 0) {
    return digamma(a);
  } else if constexpr (N > 150) {  // a derivative of one: its constants are beyond float64
    return a - a + constant<V>(quiet_nan);
  } else {
    constexpr PolygammaSeries<N> series;
    constexpr double sign = N % 2 == 0 ? -1 : 1;
    const V f = from_nearest(a);
    const auto left = a < constant<V>(0.5);
    const V right = constant<V>(sign) * polygamma_right<N>(select<V>(left, constant<V>(1) - a, a));
    const V c = constant<V>(1) / tan(constant<V>(pi) * f);
    V p = constant<V>(series.cotangent[N + 1]);
    for (i64 j = N; j >= 0; --j) p = p * c + constant<V>(series.cotangent[j]);
    constexpr double at_pole = N % 2 == 0 ? quiet_nan : infinity;
    const V reflected = select<V>(f == V{}, constant<V>(at_pole), constant<V>(-sign) * right - p);
    return select<V>(left, reflected, right);
  }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
