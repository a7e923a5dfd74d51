// Bit patterns of numbers, polynomials, and lane-by-lane calls of the C library: what the CPU
// functions are made of.
#pragma once
#include <keopsnb/math/simple.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

typedef unsigned UnsignedPack32 __attribute__((vector_size(KEOPSNB_SIMD_BYTES)));
typedef unsigned long long UnsignedPack64 __attribute__((vector_size(KEOPSNB_SIMD_BYTES)));

template <Number V>
inline constexpr bool is_single = sizeof(scalar_of<V>) == 4;
template <Number V>
inline constexpr int mantissa_bits = is_single<V> ? 23 : 52;

template <Number V>
using unsigned_of = choose<width_of<V> == 1, choose<is_single<V>, unsigned, unsigned long long>,
                           choose<is_single<V>, UnsignedPack32, UnsignedPack64>>;

template <Number V>
KEOPSNB_FN integer_of<V> bits(V a) {
  return __builtin_bit_cast(integer_of<V>, a);
}
template <Number V>
KEOPSNB_FN V from_bits(integer_of<V> i) {
  return __builtin_bit_cast(V, i);
}
// The bit pattern of the constant c in V's precision.
template <Number V>
KEOPSNB_FN constexpr auto bits_of(double c) {
  return __builtin_bit_cast(integer_of<scalar_of<V>>, static_cast<scalar_of<V>>(c));
}

// The bit of the sign, in the integer of a lane.
template <Number V>
inline constexpr integer_of<scalar_of<V>> sign_bit =
    integer_of<scalar_of<V>>(1ULL << (8 * sizeof(scalar_of<V>) - 1));

template <Number V>
KEOPSNB_FN V abs(V a) {
  return from_bits<V>(bits(a) & ~sign_bit<V>);
}
// The magnitude of a with the sign of s.
template <Number V>
KEOPSNB_FN V copysign(V a, V s) {
  return from_bits<V>((bits(a) & ~sign_bit<V>) | (bits(s) & sign_bit<V>));
}

// c[0] x^n + ... + c[n] by Horner's rule: n multiply-adds, fused where the hardware can.
template <Number V, class... C>
KEOPSNB_FN V horner(V x, double top, C... rest) {
  V p = constant<V>(top);
  ((p = p * x + constant<V>(rest)), ...);
  return p;
}

// f(a's lane) in every lane; f takes and gives a scalar.
template <Number V, class F>
KEOPSNB_FN V each_lane(V a, F f) {
  if constexpr (width_of<V> == 1) {
    return f(a);
  } else {
    V r = a;
    for (int l = 0; l < width_of<V>; ++l) r[l] = f(a[l]);
    return r;
  }
}
template <Number V, class F>
KEOPSNB_FN V each_lane(V a, V b, F f) {
  if constexpr (width_of<V> == 1) {
    return f(a, b);
  } else {
    V r = a;
    for (int l = 0; l < width_of<V>; ++l) r[l] = f(a[l], b[l]);
    return r;
  }
}

// f in double precision, rounded to V: for functions that are rare and hard in single precision.
template <class F, Number V, class... W>
KEOPSNB_FN V in_double(F f, V a, W... more) {
  if constexpr (same<scalar_of<V>, double>) {
    return f(a, more...);
  } else if constexpr (width_of<V> == 1) {
    return static_cast<float>(f(double(a), double(more)...));
  } else {
    typedef float Half __attribute__((vector_size(sizeof(V) / 2)));
    struct Halves {
      Half at[2];
    };
    const auto half = [](V v, int h) KEOPSNB_LAMBDA {
      return __builtin_convertvector(__builtin_bit_cast(Halves, v).at[h], Pack<double>);
    };
    Halves r;
    for (int h = 0; h < 2; ++h)
      r.at[h] = __builtin_convertvector(f(half(a, h), half(more, h)...), Half);
    return __builtin_bit_cast(V, r);
  }
}

// 0.5 ULP; the compiler joins the lanes into one instruction.
template <Number V>
KEOPSNB_FN V sqrt(V a) {
  return each_lane(a, [](scalar_of<V> s) -> scalar_of<V> {
    if constexpr (is_single<V>)
      return __builtin_sqrtf(s);
    else
      return __builtin_sqrt(s);
  });
}
// 1 / sqrt(a), infinity at 0 (its sign at -0 is not specified). 1.5 ULP.
template <Number V>
KEOPSNB_FN V rsqrt(V a) {
  return constant<V>(1) / sqrt(a);
}
// Exact.
template <Number V>
KEOPSNB_FN V floor(V a) {
  return each_lane(a, [](scalar_of<V> s) -> scalar_of<V> {
    if constexpr (is_single<V>)
      return __builtin_floorf(s);
    else
      return __builtin_floor(s);
  });
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
