// The real power.
#pragma once
#include <keopsnb/math/exp_log.hpp>

namespace keopsnb {

// a^b as C's pow, in all its special cases.
//
// Double precision: the C library's, lane by lane. Single precision: e^(b log a) in double
// precision, 1 ULP; lanes where a <= 0, or a or b is not finite, go to the C library.
template <Number V>
KEOPSNB_FN V powf(V a, V b) {
  if constexpr (same<scalar_of<V>, double>) {
    return each_lane(a, b, [](double x, double y) { return __builtin_pow(x, y); });
  } else {
    V r;
    if constexpr (same<V, float>) {
      r = static_cast<float>(exp(double(b) * log(double(a))));
    } else {
      typedef float Half __attribute__((vector_size(KEOPSNB_SIMD_BYTES / 2)));
      Half x[2], y[2];
      __builtin_memcpy(x, &a, sizeof a);
      __builtin_memcpy(y, &b, sizeof b);
      for (int h = 0; h < 2; ++h)
        x[h] = __builtin_convertvector(exp(__builtin_convertvector(y[h], Pack<double>) *
                                           log(__builtin_convertvector(x[h], Pack<double>))),
                                       Half);
      __builtin_memcpy(&r, x, sizeof r);
    }
    const V inf = constant<V>(__builtin_inf());
    const V usual = indicator<V>(a > V{}) * indicator<V>(a < inf) * indicator<V>(abs(b) < inf);
    if (__builtin_expect(any_lane(usual == V{}), 0)) {
      if constexpr (same<V, float>)
        r = __builtin_powf(a, b);
      else
        for (int l = 0; l < width_of<V>; ++l)
          if (usual[l] == 0) r[l] = __builtin_powf(a[l], b[l]);
    }
    return r;
  }
}

}  // namespace keopsnb
