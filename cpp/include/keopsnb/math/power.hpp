// The real power.
#pragma once
#include <keopsnb/math/exp_log.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// a^b as C's pow, in all its special cases.
//
// Double precision: the C library's, lane by lane. Single precision: e^(b log a) in double
// precision, 1 ULP; lanes where a <= 0, or a or b is not finite, go to the C library.
template <Number V>
KEOPSNB_FN V powf(V a, V b) {
  if constexpr (same<scalar_of<V>, double>) {
    return each_lane(a, b, [](double x, double y) { return __builtin_pow(x, y); });
  } else {
    V r = in_double([](auto x, auto y) KEOPSNB_LAMBDA { return exp(y * log(x)); }, a, b);
    const V inf = constant<V>(__builtin_inf());
    const V usual = indicator<V>(a > V{}) * indicator<V>(a < inf) * indicator<V>(abs(b) < inf);
    if (__builtin_expect(any_lane<V>(usual == V{}), 0)) {
      if constexpr (same<V, float>)
        r = __builtin_powf(a, b);
      else
        for (int l = 0; l < width_of<V>; ++l)
          if (usual[l] == 0) r[l] = __builtin_powf(a[l], b[l]);
    }
    return r;
  }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
