// Numbers in memory, and the type they are computed in; the types are the rows of storage.def.
#pragma once
#include <keopsnb/pack.hpp>
#include <keopsnb/symbol.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Whether a type is one of numbers in memory, and what they are computed in.
template <class S>
struct StorageTraits {
  static constexpr bool valid = false;
};

#define KEOPSNB_NUMBERS(NAME, CPP, DLPACK, LETTERS) \
  template <>                                       \
  struct StorageTraits<CPP> {                       \
    static constexpr bool valid = true;             \
    using computed = CPP;                           \
  };
#define KEOPSNB_NARROW(NAME, BITS, COMPUTED, DLPACK, LETTERS) \
  struct NAME {                                               \
    BITS bits;                                                \
  };                                                          \
  template <>                                                 \
  struct StorageTraits<NAME> {                                \
    static constexpr bool valid = true;                       \
    using computed = COMPUTED;                                \
  };
#define KEOPSNB_INTEGERS(NAME, CPP, DLPACK, LETTERS)
#include <keopsnb/storage.def>

template <class S>
concept Storage = StorageTraits<S>::valid;

template <Storage S>
using computed_in = typename StorageTraits<S>::computed;
// Numbers that have to be converted.
template <class S>
concept NarrowStorage = Storage<S> && !same<S, computed_in<S>>;

// The numbers of a storage type with these bits, exact: for V what they are computed in, or a pack.
template <class S, Number V>
struct Widened;

template <Number V>
struct Widened<bfloat16, V> {
  KEOPSNB_FN static V of(integer_of<V> bits) { return __builtin_bit_cast(V, bits << 16); }
};

template <Number V>
struct Widened<float16, V> {
  KEOPSNB_FN static V of(integer_of<V> bits) {
    using I = integer_of<V>;
    const I sign = (bits & 0x8000) << 16, magnitude = bits & 0x7fff, shifted = magnitude << 13;
    // Normal numbers by a change of bias; subnormal ones are multiples of 2^-24.
    const I normal = magnitude >= 0x7c00 ? shifted | 0x7f800000 : shifted + (112 << 23);
    const V subnormal = to_float(magnitude) * splat<V>(0x1p-24f);
    return __builtin_bit_cast(
        V, (magnitude >= 0x400 ? normal : __builtin_bit_cast(I, subnormal)) | sign);
  }

 private:
  KEOPSNB_FN static V to_float(integer_of<V> i) {
#if !KEOPSNB_CUDA
    if constexpr (width_of<V> > 1)
      return __builtin_convertvector(i, V);
    else
#endif
      return static_cast<V>(i);
  }
};

// Conversions by an instruction of the machine: of a number, and of a pack of them.
template <class S>
struct Converter {};
#if KEOPSNB_CUDA
template <>
struct Converter<float16> {
  KEOPSNB_FN static float one(float16 a) {
    float f;
    asm("cvt.f32.f16 %0, %1;" : "=f"(f) : "h"(a.bits));
    return f;
  }
};
#elif defined(__F16C__)
template <>
struct Converter<float16> {
  typedef short Eight __attribute__((vector_size(16)));
  KEOPSNB_FN static float one(float16 a) {
    return __builtin_ia32_vcvtph2ps(Eight{static_cast<short>(a.bits)})[0];
  }
  KEOPSNB_FN static Pack<float> pack(const float16* from) {
    typedef short Bits __attribute__((vector_size(KEOPSNB_SIMD_BYTES / 2)));
    Bits bits;
    __builtin_memcpy(&bits, from, sizeof(bits));
#if KEOPSNB_SIMD_BYTES == 64
    return __builtin_ia32_vcvtph2ps512_mask(bits, Pack<float>{}, 0xffff, 4);
#else
    return __builtin_ia32_vcvtph2ps256(bits);
#endif
  }
};
#endif

template <Storage S>
KEOPSNB_FN computed_in<S> from_storage(S a) {
  if constexpr (!NarrowStorage<S>)
    return a;
  else if constexpr (requires { Converter<S>::one(a); })
    return Converter<S>::one(a);
  else
    return Widened<S, computed_in<S>>::of(a.bits);
}

#if !KEOPSNB_CUDA
namespace detail {
template <class Bits, int Width>
struct BitsOfPack {
  typedef Bits type __attribute__((vector_size(Width * sizeof(Bits))));
};
}  // namespace detail

// A pack of numbers from memory.
template <Storage S>
KEOPSNB_FN Pack<computed_in<S>> load_pack(const S* from) {
  using V = Pack<computed_in<S>>;
  if constexpr (!NarrowStorage<S>) {
    V numbers;
    __builtin_memcpy(&numbers, from, sizeof(numbers));
    return numbers;
  } else if constexpr (requires { Converter<S>::pack(from); }) {
    return Converter<S>::pack(from);
  } else {
    typename detail::BitsOfPack<decltype(S::bits), width_of<V>>::type bits;
    __builtin_memcpy(&bits, from, sizeof(bits));
    return Widened<S, V>::of(__builtin_convertvector(bits, integer_of<V>));
  }
}

// So many numbers from memory.
template <Storage S>
KEOPSNB_FN void widen(const S* from, computed_in<S>* to, i64 count) {
  if constexpr (same<S, computed_in<S>>) {
    __builtin_memcpy(to, from, static_cast<unsigned long>(count) * sizeof(S));
  } else {
    constexpr int width = width_of<Pack<computed_in<S>>>;
    const i64 packs = count / width;
    for (i64 p = 0; p < packs; ++p) {
      const auto pack = load_pack(from + p * width);
      __builtin_memcpy(to + p * width, &pack, sizeof(pack));
    }
    from += packs * width;
    to += packs * width;
    for (int k = 0, rest = static_cast<int>(count % width); k < rest; ++k)
      to[k] = from_storage(from[k]);
  }
}
#endif

template <Storage S>
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
  const auto make = [sign](unsigned m)
                        KEOPSNB_LAMBDA { return float16{static_cast<unsigned short>(sign | m)}; };
  if (magnitude > 0x7f800000u) return make(0x7e00u);  // one NaN on all machines
#if defined(__F16C__)
  typedef float Four __attribute__((vector_size(16)));
  return {static_cast<unsigned short>(__builtin_ia32_vcvtps2ph(Four{a}, 0)[0])};
#endif
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
