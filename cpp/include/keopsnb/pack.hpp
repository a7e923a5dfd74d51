// Numbers that kernels compute with: float and double, and SIMD packs of them.
//
// A pack is the compiler's own vector type, so that + - * / and comparisons are instructions and
// nothing is to be inlined. Code over an abstract Number serves both: on CUDA a number is a scalar.
#pragma once
#include <keopsnb/config.hpp>
#include <keopsnb/meta.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

template <class V>
struct NumberTraits {
  static constexpr bool valid = false;
};

template <>
struct NumberTraits<float> {
  static constexpr bool valid = true;
  static constexpr int width = 1;
  using scalar = float;
  using integer = int;
};

template <>
struct NumberTraits<double> {
  static constexpr bool valid = true;
  static constexpr int width = 1;
  using scalar = double;
  using integer = long long;
};

#if !KEOPSNB_CUDA
template <class T, int Bytes = KEOPSNB_SIMD_BYTES>
struct PackOf;

#define KEOPSNB_PACK(T, I, BYTES)                          \
  template <>                                              \
  struct PackOf<T, BYTES> {                                \
    typedef T type __attribute__((vector_size(BYTES)));    \
    typedef I integer __attribute__((vector_size(BYTES))); \
  };                                                       \
  template <>                                              \
  struct NumberTraits<typename PackOf<T, BYTES>::type> {   \
    static constexpr bool valid = true;                    \
    static constexpr int width = BYTES / sizeof(T);        \
    using scalar = T;                                      \
    using integer = typename PackOf<T, BYTES>::integer;    \
  };
KEOPSNB_PACK(float, int, KEOPSNB_SIMD_BYTES)
KEOPSNB_PACK(double, long long, KEOPSNB_SIMD_BYTES)
#undef KEOPSNB_PACK

template <class T>
using Pack = typename PackOf<T>::type;
#endif

template <class V>
concept Number = NumberTraits<V>::valid;

template <Number V>
using scalar_of = typename NumberTraits<V>::scalar;
// Integers as wide as the lanes: the type of bit patterns and of a pack's comparisons.
template <Number V>
using integer_of = typename NumberTraits<V>::integer;
template <Number V>
inline constexpr int width_of = NumberTraits<V>::width;

// s in every lane.
template <Number V>
KEOPSNB_FN constexpr V splat(scalar_of<V> s) {
  if constexpr (width_of<V> == 1)
    return s;
  else
    return s - V{};  // keeps NaN, infinities and the sign of zero
}

// The constant c, rounded to V's precision, in every lane.
template <Number V>
KEOPSNB_FN constexpr V constant(double c) {
  return splat<V>(static_cast<scalar_of<V>>(c));
}

template <Number V>
KEOPSNB_FN scalar_of<V> lane(const V& v, int l) {
  if constexpr (width_of<V> == 1)
    return v;
  else
    return v[l];
}

// By their bits: compilers of GPUs lack the functions.
inline constexpr double infinity = __builtin_bit_cast(double, 0x7ff0000000000000ll);
inline constexpr double quiet_nan = __builtin_bit_cast(double, 0x7ff8000000000000ll);

// yes where the comparison `mask` holds, else no. `mask` is what comparing two V gives.
template <Number V, class M>
KEOPSNB_FN constexpr V select(M mask, V yes, V no) {
  return mask ? yes : no;
}

// a, and no compiler knows where it is from.
template <Number V>
KEOPSNB_FN V in_register(V a) {
#if KEOPSNB_CUDA && defined(__CUDA_ARCH__)
  if constexpr (same<V, float>)
    asm("" : "+f"(a));
  else
    asm("" : "+d"(a));
#else
  asm("" : KEOPSNB_REGISTER(a));
#endif
  return a;
}

// a, rounded as it would be in memory: where it is a product, it is not joined to a sum that takes
// it.
template <Number V>
KEOPSNB_FN V stored(V a) {
  return in_register(a);
}

// Whether a comparison of two V holds in any lane.
template <Number V, class M>
KEOPSNB_FN bool any_lane(M mask) {
  if constexpr (width_of<V> == 1) {
    return mask;
  } else {
    long long words[sizeof(M) / sizeof(long long)], any = 0;
    __builtin_memcpy(words, &mask, sizeof(M));
    for (long long w : words) any |= w;
    return any != 0;
  }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
