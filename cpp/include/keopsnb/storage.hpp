// Numbers in memory, and the type they are computed in: float16 and bfloat16 are computed in float.
#pragma once
#include <keopsnb/pack.hpp>
#include <keopsnb/symbol.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

struct float16 {
  unsigned short bits;
};
struct bfloat16 {
  unsigned short bits;
};

template <class S>
struct ComputedIn {
  using type = S;
};
template <>
struct ComputedIn<float16> {
  using type = float;
};
template <>
struct ComputedIn<bfloat16> {
  using type = float;
};
template <class S>
using computed_in = typename ComputedIn<S>::type;

KEOPSNB_FN float from_storage(float a) { return a; }
KEOPSNB_FN double from_storage(double a) { return a; }

KEOPSNB_FN float from_storage(bfloat16 a) {
  return __builtin_bit_cast(float, static_cast<unsigned>(a.bits) << 16);
}

// Exact.
KEOPSNB_FN float from_storage(float16 a) {
#if KEOPSNB_CUDA
  float f;
  asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(a.bits));
  return f;
#else
  const unsigned sign = (a.bits & 0x8000u) << 16, magnitude = a.bits & 0x7fffu;
  // Normal numbers by a change of bias; subnormal ones are multiples of 2^-24.
  if (magnitude >= 0x7c00u)
    return __builtin_bit_cast(float, sign | 0x7f800000u | (magnitude & 0x3ffu) << 13);
  if (magnitude >= 0x400u)
    return __builtin_bit_cast(float, sign | ((magnitude << 13) + (112u << 23)));
  const float f = static_cast<float>(magnitude) * 0x1p-24f;
  return sign ? -f : f;
#endif
}

template <class S>
KEOPSNB_FN S to_storage(computed_in<S> a) {
  return a;
}

// To nearest, halves to even, as the next two.
template <>
KEOPSNB_FN bfloat16 to_storage<bfloat16>(float a) {
  const unsigned bits = __builtin_bit_cast(unsigned, a);
  if (a != a) return {static_cast<unsigned short>((bits >> 16) | 0x40u)};
  return {static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

template <>
KEOPSNB_FN float16 to_storage<float16>(float a) {
#if KEOPSNB_CUDA
  float16 h;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(h.bits) : "f"(a));
  return h;
#else
  const unsigned bits = __builtin_bit_cast(unsigned, a), sign = (bits >> 16) & 0x8000u;
  const unsigned magnitude = bits & 0x7fffffffu;
  const auto make = [sign](unsigned m) { return float16{static_cast<unsigned short>(sign | m)}; };
  if (magnitude > 0x7f800000u) return make(0x7e00u);
  if (magnitude >= 0x477ff000u) return make(0x7c00u);  // from 65520 on
  if (magnitude >= 0x38800000u)                        // from 2^-14 on: normal
    return make((magnitude - (112u << 23) + 0xfffu + ((magnitude >> 13) & 1u)) >> 13);
  // Adding 2^-1 leaves the rounded multiple of 2^-24 in the low bits.
  const float shifted = __builtin_bit_cast(float, magnitude) + 0.5f;
  return make(__builtin_bit_cast(unsigned, shifted) - 0x3f000000u);
#endif
}

// Number `at` of an array that holds values of the variable V, beside numbers of type S.
template <class V, class S>
KEOPSNB_FN computed_in<S> load_number(const void* array, i64 at) {
  if constexpr (IntegerVariable<V>)
    return __builtin_bit_cast(computed_in<S>,
                              static_cast<const integer_of<computed_in<S>>*>(array)[at]);
  else
    return from_storage(static_cast<const S*>(array)[at]);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
