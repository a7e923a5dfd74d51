// Variables of integers among formulas.
//
// The tile of an integer variable holds the bits of integers in numbers of the same width, so that
// kernels load, stage and keep it like any other. Two of them are compared exactly; every other
// operation sees them as numbers, and none passes a derivative to them.
#pragma once
#include <keopsnb/tile.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// The integers that a number's lanes hold, and back.
template <Number V>
KEOPSNB_FN integer_of<V> integer_bits(V v) {
  return __builtin_bit_cast(integer_of<V>, v);
}
template <Number V>
KEOPSNB_FN V from_integer_bits(integer_of<V> i) {
  return __builtin_bit_cast(V, i);
}

// A tile's number of integers in every lane of V. No arithmetic: bits are not numbers.
template <Number V, Number U>
KEOPSNB_FN integer_of<V> splat_integer(U u) {
  if constexpr (same<U, V>)
    return integer_bits(u);
  else
    return integer_bits(u) + integer_of<V>{};
}

// The same integers as numbers, rounded to the nearest.
template <Number V>
KEOPSNB_FN V to_numbers(integer_of<V> i) {
#if KEOPSNB_CUDA
  return static_cast<V>(i);
#else
  if constexpr (width_of<V> == 1)
    return static_cast<V>(i);
  else
    return __builtin_convertvector(i, V);
#endif
}

// 1 in the lanes where a comparison holds.
template <Number V, class M>
KEOPSNB_FN integer_of<V> count_of(M mask) {
  if constexpr (width_of<V> == 1)
    return mask ? 1 : 0;
  else
    return __builtin_bit_cast(integer_of<V>, -mask);
}

namespace op {

struct Equal;
struct NotEqual;
struct LessThan;
struct LessOrEqual;

struct FromInteger {
  static constexpr i64 dim(i64 d) { return d; }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A>;
    const auto a = get<A>(x, c);
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < R::steps; ++j)
      r.at(p, j) = to_numbers<typename R::number>(integer_bits(a.at(p, j)));
    return r;
  }
};

template <class Op, class I>
KEOPSNB_FN auto compare_integers(I a, I b) {
  if constexpr (same<Op, Equal>)
    return a == b;
  else if constexpr (same<Op, NotEqual>)
    return a != b;
  else if constexpr (same<Op, LessThan>)
    return a < b;
  else
    return a <= b;
}

// The comparison Op of two integer variables: 1 or 0.
template <class Op>
struct OfIntegers {
  using takes_integers = void;
  static constexpr i64 dim(i64 a, i64 b) { return a == b || b == 1 ? a : a == 1 ? b : -1; }

  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A, B>;
    using V = typename R::number;
    const auto a = get<A>(x, c);
    const auto b = get<B>(x, c);
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < R::steps; ++j)
      r.at(p, j) = select<V>(
          compare_integers<Op>(splat_integer<V>(a.at(p, j)), splat_integer<V>(b.at(p, j))),
          constant<V>(1), V{});
    return r;
  }
};

template <class Op>
inline constexpr bool compares =
    same<Op, Equal> || same<Op, NotEqual> || same<Op, LessThan> || same<Op, LessOrEqual>;
template <class Op>
concept TakesIntegers = requires { typename Op::takes_integers; };

}  // namespace op

// f, as numbers if it is a variable of integers.
template <Formula A>
constexpr auto as_number(A a) {
  if constexpr (IntegerVariable<A>)
    return Node<op::FromInteger, A>{};
  else
    return a;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
