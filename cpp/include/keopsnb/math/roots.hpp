// Cube root and length of a vector of two.
#pragma once
#include <keopsnb/math/exp_log.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// e^(log(a) / 3), and one step of Newton's method on y^3 = a. 1.5 ULP.
template <Number V>
KEOPSNB_FN V cbrt(V a) {
  constexpr double third = 0.3333333333333333;
  const V x = abs(a), y = exp(log(x) * constant<V>(third));
  const V r = y - (y - x / (y * y)) * constant<V>(third);
  const auto ordinary = (x > V{}) & (x < constant<V>(__builtin_inf()));
  return select<V>(ordinary, copysign(r, a), a);
}

// sqrt(a^2 + b^2), scaled by a power of two where the squares would not fit. Infinity where a or b
// is, also beside NaN, as in C. 1.5 ULP.
template <Number V>
KEOPSNB_FN V hypot(V a, V b) {
  const V inf = constant<V>(__builtin_inf()), one = constant<V>(1), x = abs(a), y = abs(b);
  const V most = max(x, y);
  const auto large = most > constant<V>(is_single<V> ? 0x1p62 : 0x1p500);
  const auto small = most < constant<V>(is_single<V> ? 0x1p-50 : 0x1p-450);
  constexpr double down = is_single<V> ? 0x1p-70 : 0x1p-600, up = is_single<V> ? 0x1p100 : 0x1p700;
  const V s = select<V>(large, constant<V>(down), select<V>(small, constant<V>(up), one));
  const V back =
      select<V>(large, constant<V>(1 / down), select<V>(small, constant<V>(1 / up), one));
  const V p = x * s, q = y * s;
  return select<V>((x == inf) | (y == inf), inf, sqrt(p * p + q * q) * back);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
