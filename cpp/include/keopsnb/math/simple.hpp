// Functions that are comparisons, selections and one rounding: exact, or correctly rounded.
#pragma once
#include <keopsnb/pack.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// 1 where the comparison holds, else 0.
template <Number V, class M>
KEOPSNB_FN V indicator(M mask) {
  return select<V>(mask, constant<V>(1), V{});
}

template <Number V>
KEOPSNB_FN V equal(V a, V b) {
  return indicator<V>(a == b);
}
template <Number V>
KEOPSNB_FN V notequal(V a, V b) {
  return indicator<V>(a != b);
}
template <Number V>
KEOPSNB_FN V lessthan(V a, V b) {
  return indicator<V>(a < b);
}
template <Number V>
KEOPSNB_FN V lessorequal(V a, V b) {
  return indicator<V>(a <= b);
}

// Truth values: a number holds where it is not 0, NaN included.
template <Number V>
KEOPSNB_FN V logical_not(V a) {
  return indicator<V>(a == V{});
}
template <Number V>
KEOPSNB_FN V logical_and(V a, V b) {
  return indicator<V>((a != V{}) & (b != V{}));
}
template <Number V>
KEOPSNB_FN V logical_or(V a, V b) {
  return indicator<V>((a != V{}) | (b != V{}));
}
template <Number V>
KEOPSNB_FN V logical_xor(V a, V b) {
  return indicator<V>((a != V{}) ^ (b != V{}));
}
// b where a holds, else c.
template <Number V>
KEOPSNB_FN V where(V a, V b, V c) {
  return select<V>(a != V{}, b, c);
}

// The greater, the less; where a or b is NaN, b. One instruction on x86, which g++ must be told for
// packs: from the comparison and the selection it makes two or three.
#if defined(__clang__) || !defined(__SSE2__) || KEOPSNB_CUDA
#define KEOPSNB_MINMAX(NAME, OP, PS, PD) \
  template <Number V>                    \
  KEOPSNB_FN V NAME(V a, V b) {          \
    return select<V>(a OP b, a, b);      \
  }
#else
#if defined(__AVX512F__)
#define KEOPSNB_X86(F, LANES) __builtin_ia32_##F##512_mask(a, b, a, LANES, 4)
#elif defined(__AVX__)
#define KEOPSNB_X86(F, LANES) __builtin_ia32_##F##256(a, b)
#else
#define KEOPSNB_X86(F, LANES) __builtin_ia32_##F(a, b)
#endif
#define KEOPSNB_MINMAX(NAME, OP, PS, PD)              \
  template <Number V>                                 \
  KEOPSNB_FN V NAME(V a, V b) {                       \
    if constexpr (width_of<V> == 1)                   \
      return a OP b ? a : b;                          \
    else if constexpr (same<scalar_of<V>, float>)     \
      return KEOPSNB_X86(PS, (unsigned short)0xFFFF); \
    else                                              \
      return KEOPSNB_X86(PD, (unsigned char)0xFF);    \
  }
#endif
KEOPSNB_MINMAX(max, >, maxps, maxpd)
KEOPSNB_MINMAX(min, <, minps, minpd)
#undef KEOPSNB_MINMAX
#undef KEOPSNB_X86

// The same, but NaN where a or b is.
template <Number V>
KEOPSNB_FN V maximum(V a, V b) {
  return select<V>(a != a, a, max(a, b));
}
template <Number V>
KEOPSNB_FN V minimum(V a, V b) {
  return select<V>(a != a, a, min(a, b));
}

// a * b + c, rounded once where the hardware can at no cost, else twice.
template <Number V>
KEOPSNB_FN V fma(V a, V b, V c) {
  return a * b + c;
}

template <Number V>
KEOPSNB_FN V inv(V a) {
  return constant<V>(1) / a;
}
template <Number V>
KEOPSNB_FN V square(V a) {
  return a * a;
}

// -1, 0 or 1.
template <Number V>
KEOPSNB_FN V sign(V a) {
  return select<V>(a > V{}, constant<V>(1), select<V>(a < V{}, constant<V>(-1), a));
}
// 0 where a < 0, else 1: also at NaN.
template <Number V>
KEOPSNB_FN V step(V a) {
  return select<V>(a < V{}, V{}, constant<V>(1));
}
template <Number V>
KEOPSNB_FN V relu(V a) {
  return select<V>(a < V{}, V{}, a);
}
// b where a >= 0, else c: also at NaN.
template <Number V>
KEOPSNB_FN V ifelse(V a, V b, V c) {
  return select<V>(a >= V{}, b, c);
}

template <Number V>
KEOPSNB_FN V clamp(V a, V lo, V hi) {
  return select<V>(a < lo, lo, select<V>(a > hi, hi, a));
}
template <Number V>
KEOPSNB_FN V clamp(V a, i64 lo, i64 hi) {
  return clamp(a, constant<V>(static_cast<double>(lo)), constant<V>(static_cast<double>(hi)));
}
// 1 where lo <= a <= hi, else 0.
template <Number V>
KEOPSNB_FN V inside(V a, i64 lo, i64 hi) {
  return indicator<V>(constant<V>(static_cast<double>(lo)) <= a) *
         indicator<V>(a <= constant<V>(static_cast<double>(hi)));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
