// The hyperbolic functions and their inverses: branch-free.
#pragma once
#include <keopsnb/math/bases.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// (h - 1 / (4 h)) with h = e^|a| / 2; up to 1, by the series. 3 ULP.
template <Number V>
KEOPSNB_FN V sinh(V a) {
  const V x = abs(a), z = x * x, h = exp_times<-1>(x);
  V s;
  if constexpr (is_single<V>)
    s = horner(z, 2.81743974e-06, 0.000198360663, 0.00833335053, 0.166666672);
  else
    s = horner(z, 7.759311842391483e-13, 1.6057240353181863e-10, 2.505212339840952e-08,
               2.755731915533766e-06, 0.00019841269841437678, 0.008333333333333139,
               0.16666666666666669);
  const V far = h - constant<V>(0.25) / h;
  return copysign(select<V>(x < constant<V>(1), x + x * z * s, far), a);
}

// 2.5 ULP.
template <Number V>
KEOPSNB_FN V cosh(V a) {
  const V h = exp_times<-1>(abs(a));
  return h + constant<V>(0.25) / h;
}

// 1 from where it rounds to 1 on. 2.5 ULP.
template <Number V>
KEOPSNB_FN V tanh(V a) {
  const V x = min(constant<V>(is_single<V> ? 10 : 20), abs(a));
  const V e = expm1(x + x);
  return copysign(e / (e + constant<V>(2)), a);
}

// log(x + sqrt(x^2 + s)), s = 1 or -1, as log(1 + (what is left)), `rest`; where x^2 overflows, as
// log(2 x).
template <Number V>
KEOPSNB_FN V log_of_sum(V x, V rest) {
  const auto large = x > constant<V>(is_single<V> ? 0x1p30 : 0x1p60);
  const V y = log1p(select<V>(large, x, rest));
  return y + select<V>(large, constant<V>(0.6931471805599453), V{});
}

// 2 ULP.
template <Number V>
KEOPSNB_FN V asinh(V a) {
  const V x = abs(a), one = constant<V>(1), z = x * x;
  return copysign(log_of_sum(x, x + z / (one + sqrt(one + z))), a);
}
// 2.5 ULP; NaN below 1.
template <Number V>
KEOPSNB_FN V acosh(V a) {
  const V t = a - constant<V>(1), outside = constant<V>(__builtin_nan(""));
  return log_of_sum(a, select<V>(t < V{}, outside, t + sqrt(t * (t + constant<V>(2)))));
}
// 2 ULP; NaN outside [-1, 1].
template <Number V>
KEOPSNB_FN V atanh(V a) {
  const V x = abs(a);
  return copysign(constant<V>(0.5) * log1p((x + x) / (constant<V>(1) - x)), a);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
