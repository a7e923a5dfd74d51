// Variables of integers among formulas.
//
// The tile of an integer variable holds the bits of integers in numbers of the same width, so that
// kernels load, stage and keep it like any other. Sums, differences and multiples by constants of
// them are integers too, and exact; so are comparisons, remainders and quotients. Every other
// operation sees numbers, and none passes a derivative to them.
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

template <class I>
struct UnsignedOf;
template <>
struct UnsignedOf<int> {
  using type = unsigned;
};
template <>
struct UnsignedOf<long long> {
  using type = unsigned long long;
};
#if !KEOPSNB_CUDA
template <>
struct UnsignedOf<integer_of<Pack<float>>> {
  typedef unsigned type __attribute__((vector_size(KEOPSNB_SIMD_BYTES)));
};
template <>
struct UnsignedOf<integer_of<Pack<double>>> {
  typedef unsigned long long type __attribute__((vector_size(KEOPSNB_SIMD_BYTES)));
};
#endif
template <class I>
using unsigned_integer = typename UnsignedOf<I>::type;

// The operand F of integer arithmetic, from a tile's number: bits of integers, or a constant.
template <class F, Number V, Number U>
KEOPSNB_FN integer_of<V> integer_operand(U u) {
  if constexpr (requires { F::value; }) {
    const auto low = static_cast<unsigned long long>(static_cast<i64>(F::value));
    return static_cast<integer_of<scalar_of<V>>>(low) + integer_of<V>{};
  } else {
    return splat_integer<V>(u);
  }
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

struct Add;
struct Subtract;
struct Minus;
struct Mult;
template <i64 Start, i64 D>
struct Extract;

// f(a, b, p, j) of the components c of A and B, for pack p and step j.
template <Formula A, Formula B, class X, class F>
KEOPSNB_FN auto map_operands(X& x, i64 c, F&& f) {
  const auto a = get<A>(x, c);
  const auto b = get<B>(x, c);
  tile_of<X, A, B> r;
  KEOPSNB_UNROLL
  for (int p = 0; p < r.packs; ++p) KEOPSNB_UNROLL
  for (int j = 0; j < r.steps; ++j) r.at(p, j) = f(a.at(p, j), b.at(p, j), p, j);
  return r;
}

// Op on integers, modulo 2^32 or 2^64: right where the value fits, whatever was in between.
template <class Op>
struct OnIntegers {
  using takes_integers = void;
  using of_integers = void;
  template <class... D>
  static constexpr i64 dim(D... d) {
    return Op::dim(d...);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    if constexpr (same<Op, Minus>)
      return combined<A, A>(x, c);
    else
      return get<A>(x, Op::start + c);
  }
  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return combined<A, B>(x, c);
  }

 private:
  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto combined(X& x, i64 c) {
    using V = typename tile_of<X, A, B>::number;
    return map_operands<A, B>(x, c, [](const auto& a, const auto& b, int, int) KEOPSNB_LAMBDA {
      return from_integer_bits<V>(combine(integer_operand<A, V>(a), integer_operand<B, V>(b)));
    });
  }
  // As unsigned, whose overflow is defined.
  template <class I>
  KEOPSNB_FN static I combine(I a, I b) {
    using U = unsigned_integer<I>;
    const U s = (U)a, t = (U)b;
    if constexpr (same<Op, Add>)
      return (I)(s + t);
    else if constexpr (same<Op, Subtract>)
      return (I)(s - t);
    else if constexpr (same<Op, Minus>)
      return (I)(U{} - s);
    else
      return (I)(s * t);
  }
};

// The value of an integer formula as a number, each of its variables rounded first.
template <class F>
struct Rounded {
  template <class V, class X>
  KEOPSNB_FN static V at(X& x, i64 c, int p, int j) {
    return to_numbers<V>(integer_operand<F, V>(get<F>(x, c).at(p, j)));
  }
};
template <i64 M, int E>
struct Rounded<Lit<M, E>> {
  template <class V, class X>
  KEOPSNB_FN static V at(X&, i64, int, int) {
    return constant<V>(Lit<M, E>::value);
  }
};
template <class Op, class A>
struct Rounded<Node<OnIntegers<Op>, A>> {
  template <class V, class X>
  KEOPSNB_FN static V at(X& x, i64 c, int p, int j) {
    if constexpr (same<Op, Minus>)
      return -Rounded<unnamed<A>>::template at<V>(x, A::dim == 1 ? 0 : c, p, j);
    else
      return Rounded<unnamed<A>>::template at<V>(x, Op::start + c, p, j);
  }
};
template <class Op, class A, class B>
struct Rounded<Node<OnIntegers<Op>, A, B>> {
  template <class V, class X>
  KEOPSNB_FN static V at(X& x, i64 c, int p, int j) {
    const V a = Rounded<unnamed<A>>::template at<V>(x, A::dim == 1 ? 0 : c, p, j);
    const V b = Rounded<unnamed<B>>::template at<V>(x, B::dim == 1 ? 0 : c, p, j);
    if constexpr (same<Op, Add>)
      return a + b;
    else if constexpr (same<Op, Subtract>)
      return a - b;
    else
      return a * b;
  }
};

// Whether the integer formula F, whose rounded value is given, is what its type holds.
template <class F, Number V>
KEOPSNB_FN auto fits(V rounded) {
  if constexpr (IntegerVariable<F>) {
    return rounded == rounded;
  } else {
    const V limit = constant<V>(sizeof(scalar_of<V>) == 4 ? 0x1.ep30 : 0x1.ep62);
    return (rounded < limit) & (rounded > -limit);
  }
}

// Rounded once; where the integer does not fit its type, its rounded variables tell.
struct FromInteger {
  static constexpr i64 dim(i64 d) { return d; }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A>;
    using V = typename R::number;
    const auto a = get<A>(x, c);
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < R::steps; ++j) {
      const V exact = to_numbers<V>(integer_bits(a.at(p, j)));
      if constexpr (IntegerVariable<A>) {
        r.at(p, j) = exact;
      } else {
        const V rounded = Rounded<unnamed<A>>::template at<V>(x, c, p, j);
        r.at(p, j) = select<V>(fits<A>(rounded), exact, rounded);
      }
    }
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
    using V = typename tile_of<X, A, B>::number;
    return map_operands<A, B>(x, c, [](const auto& a, const auto& b, int, int) KEOPSNB_LAMBDA {
      return select<V>(compare_integers<Op>(splat_integer<V>(a), splat_integer<V>(b)),
                       constant<V>(1), V{});
    });
  }
};

template <class Op>
inline constexpr bool compares =
    same<Op, Equal> || same<Op, NotEqual> || same<Op, LessThan> || same<Op, LessOrEqual>;

template <class Op>
inline constexpr bool joins_integers =
    same<Op, Add> || same<Op, Subtract> || same<Op, Minus> || same<Op, Mult>;
template <i64 S, i64 D>
inline constexpr bool joins_integers<Extract<S, D>> = true;

template <class Op>
concept TakesIntegers = requires { typename Op::takes_integers; };

}  // namespace op

namespace detail {
template <class F>
concept is_integer = IntegerVariable<F> || requires { typename F::op::of_integers; };
// A constant that is an integer.
template <class F>
concept is_integer_constant =
    is_lit<F> && F::exponent >= 0 && F::value <= 0x1p53 && F::value >= -0x1p53;
// A factor that keeps the rounding of variables below half of what their type holds.
template <class F>
concept is_integer_factor = is_integer_constant<F> && F::value <= 1024 && F::value >= -1024;

template <class Op, class... A>
concept stays_integer = op::joins_integers<Op> && (is_integer<A> || ...) &&
                        (same<Op, op::Mult> ? ((is_integer<A> || is_integer_factor<A>) && ...) &&
                                                  (is_integer_factor<A> || ...)
                                            : ((is_integer<A> || is_integer_constant<A>) && ...));
template <class Op, class... A>
concept compares_integers = op::compares<Op> && (is_integer<A> || ...) &&
                            ((is_integer<A> || is_integer_constant<A>) && ...);
}  // namespace detail

// A formula of integers: a variable, or sums, differences and multiples of them.
template <class F>
concept IntegerFormula = Formula<F> && detail::is_integer<F>;

// f, as numbers if it is of integers.
template <Formula A>
constexpr auto as_number(A a) {
  if constexpr (detail::is_integer<A>)
    return Node<op::FromInteger, A>{};
  else
    return a;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
