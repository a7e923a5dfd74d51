// Exponentials and logarithms to other bases, and those that are accurate near 0.
#pragma once
#include <keopsnb/math/exp_log.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// 2^a. 2 ULP; no denormal results, as exp.
template <Number V>
KEOPSNB_FN V exp2(V a) {
  constexpr int bias = is_single<V> ? 126 : 1022;
  a = max(constant<V>(-bias), a);
  a = min(constant<V>(bias + 2), a);
  const V magic = constant<V>((is_single<V> ? 0x1.8p23 : 0x1.8p52) + bias);
  const V z = a + magic, r = a - (z - magic);
  return twice_exp_near_zero(r * constant<V>(0.6931471805599453)) * power_of_two(z);
}

// e^a - 1 = 2^k (e^r - 1) + (2^k - 1). 2 ULP.
template <Number V>
KEOPSNB_FN V expm1(V a) {
  a = max(constant<V>(is_single<V> ? -25 : -45), a);
  a = min(constant<V>(is_single<V> ? 88.73 : 709.79), a);
  const auto [r, k, z] = octaves<(is_single<V> ? 126 : 1022)>(a);
  V p;
  if constexpr (is_single<V>)
    p = horner(r, 0.000199142014, 0.00139410084, 0.00833327323, 0.041666355, 0.166666672, 0.5);
  else
    p = horner(r, 2.0924488510003118e-09, 2.5109044640537406e-08, 2.755724258742789e-07,
               2.7557244182703013e-06, 2.4801587360795128e-05, 0.00019841269886157698,
               0.0013888888888866694, 0.008333333333321617, 0.0416666666666667, 0.16666666666666677,
               0.5);
  p = r + r * r * p;
  const V half = power_of_two(z);  // 2^(k - 1)
  const V y = p * half + (half - constant<V>(0.5));
  return select<V>(k == V{}, p, y + y);
}

// log(1 + a): where 1 + a is rounded, to u, by what the logarithm changes from u to 1 + a. 2 ULP.
template <Number V>
KEOPSNB_FN V log1p(V a) {
  const V one = constant<V>(1), u = one + a;
  const auto [k, f] = factors(u);
  const auto near = k == V{};
  const V lost = select<V>(a > one, one - (u - a), a - (u - one)) / u;
  const V y = log_of(k, select<V>(near, a, f), select<V>(near, V{}, lost));
  return log_beyond(u, y);
}

// log(a) / log(2), exact at powers of two. 2 ULP.
template <Number V>
KEOPSNB_FN V log2(V a) {
  const auto [k, f] = factors(a);
  return log_beyond(a, k + log_of(V{}, f, V{}) * constant<V>(1.4426950408889634));
}
// 2.5 ULP.
template <Number V>
KEOPSNB_FN V log10(V a) {
  return log(a) * constant<V>(0.4342944819032518);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
