// Identities applied when a node is built. One identity a line.
//
// What is written keeps the order in which it is written: such an identity overflows or underflows
// only where the formula does, in float32 and in float64, and keeps its NaN. Constants are folded
// in float64.
//
// Among derivatives (Free) the order is ours: what is 0 vanishes, and products have the normal form
//
//   constant * scalars * vector
//
// so that what is shared by all components is computed once.
#pragma once
#include <keopsnb/terms.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace op {
struct Gate;
struct GatedProduct;
}  // namespace op
namespace detail {

template <Formula A>
constexpr auto sum_of_gated(A a);  // gate.hpp

// f, replicated if it is a scalar that stands for a vector.
template <i64 D, Formula F>
constexpr auto spread(F f) {
  if constexpr (F::dim == D)
    return f;
  else
    return sumt<D>(f);
}

// clang-format off
// a f + b f = (a + b) f, where a and b do not cancel, which would hide inf - inf.
template <bool Free, class A, class B>
inline constexpr bool scales_add = [] {
  if constexpr (sum_exists(A::value, B::value)) {
    constexpr double sum = A::value + B::value;
    return is_normal(sum) ? Free || (A::value > 0) == (B::value > 0) : Free && sum == 0;
  } else return false;
}();

template <bool Free, Formula A, Formula B>
constexpr auto sum_of(A a, B b) {
  using op::Add, op::Minus, op::Mult, op::Subtract;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  if constexpr (is_null<A>) return spread<dim>(b);
  else if constexpr (is_null<B>) return spread<dim>(a);
  else if constexpr (is_lit<A> && is_lit<B>) {
    if constexpr (sum_exists(A::value, B::value)) return lit_of([] { return A::value + B::value; });
    else return Node<Add, A, B>{};
  }
  else if constexpr (same<A, B>) return build<Mult, Free>(2_c, a);
  else if constexpr (is<Minus, B>) return build<Subtract, Free>(a, operand<0>(b));
  else if constexpr (is<Minus, A>) return build<Subtract, Free>(b, operand<0>(a));
  else if constexpr (same<decltype(unscaled(a)), decltype(unscaled(b))>) {
    if constexpr (scales_add<Free, decltype(scale(a)), decltype(scale(b))>)
      return build<Mult, Free>(scale(a) + scale(b), unscaled(a));
    else return Node<Add, A, B>{};
  }
  else if constexpr (are_injected_alike<A, B>)
    return extractt<A::op::start, dim>(build<Add, Free>(operand<0>(a), operand<0>(b)));
  else if constexpr (Free && is_weighted<A> && is_weighted<B>) {
    if constexpr (same<operand_type<1, A>, operand_type<1, B>>)
      return build<Mult, true>(build<Add, true>(operand<0>(a), operand<0>(b)), operand<1>(a));
    else return Node<Add, A, B>{};
  }
  else if constexpr (is<op::Interleave, A> && is<op::Interleave, B>)
    return interleave(build<Add, Free>(complexreal(a), complexreal(b)),
                      build<Add, Free>(compleximag(a), compleximag(b)));
  else return Node<Add, A, B>{};
}

template <bool Free, Formula A, Formula B>
constexpr auto difference_of(A a, B b) {
  using op::Add, op::Minus, op::Subtract;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  if constexpr (Free && same<A, B>) return zero<dim>;
  else if constexpr (is_null<B>) return spread<dim>(a);
  else if constexpr (is_null<A>) return -spread<dim>(b);
  else if constexpr (is_lit<A> && is_lit<B>) return a + -b;
  else if constexpr (is<Minus, B>) return build<Add, Free>(a, operand<0>(b));
  else if constexpr (is<op::Interleave, A> && is<op::Interleave, B>)
    return interleave(build<Subtract, Free>(complexreal(a), complexreal(b)),
                      build<Subtract, Free>(compleximag(a), compleximag(b)));
  else return Node<Subtract, A, B>{};
}

template <Formula A>
constexpr auto opposite_of(A a) {
  using op::Mult;
  if constexpr (is_zero<A>) return a;
  else if constexpr (is_lit<A>) return lit_of([] { return -A::value; });
  else if constexpr (is<op::Minus, A>) return operand<0>(a);
  else if constexpr (is_scaled<A> || is_weighted<A>)
    return Node<Mult, decltype(-operand<0>(a)), operand_type<1, A>>{};
  else return Node<op::Minus, A>{};
}

// a * ExtractT(f) = ExtractT(Extract(a) * f)
template <Formula A, Formula B>
constexpr auto injected_product(A a, B) {
  using F = operand_type<0, B>;
  constexpr i64 start = B::op::start;
  if constexpr (A::dim == 1) return extractt<start, B::dim>(build<op::Mult, true>(a, F{}));
  else return extractt<start, B::dim>(build<op::Mult, true>(extract<start, F::dim>(a), F{}));
}

// a (b f) = (a b) f, for constants a and b.
template <class A, class B>
inline constexpr bool scales_multiply = [] {
  if constexpr (product_exists(A::value, B::value)) return is_normal(A::value * B::value);
  else return false;
}();
template <class F>
concept is_moderately_scaled = is_scaled<F> && is_moderate(operand_type<0, F>::value);

// Exact ones first, then those that change the order of operations. 0 b is b - b, NaN where b is not
// finite; written as a product, g++ 12 takes it for 0 in packs without signed zeros.
template <bool Free, Formula A, Formula B>
constexpr auto product_of(A a, B b) {
  using op::Minus, op::Mult;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  constexpr bool weights = A::dim == 1 && dim != 1;  // a scalar in front of a vector
  constexpr auto times = [](auto f, auto g) { return build<Mult, Free>(f, g); };
  if constexpr (is_zero<A> || is_zero<B> || (Free && (is_null<A> || is_null<B>)))
    return zero<dim>;
  else if constexpr (is_one<A>) return b;
  else if constexpr (is_one<B>) return a;
  else if constexpr (Free && is_injected<B>) return injected_product(a, b);
  else if constexpr (Free && is_injected<A>) return injected_product(b, a);
  else if constexpr (is_minus_one<A>) return -b;
  else if constexpr (is_lit<A> && is_lit<B>) {
    if constexpr (product_exists(A::value, B::value))
      return lit_of([] { return A::value * B::value; });
    else return Node<Mult, A, B>{};
  }
  else if constexpr (is_lit<B> || (A::dim != 1 && B::dim == 1)) return times(b, a);
  else if constexpr (is_null<A>) return Node<op::Subtract, B, B>{};
  else if constexpr (is<Minus, B> && (is_lit<A> || weights)) return times(-a, operand<0>(b));
  else if constexpr (is<Minus, B>) return -times(a, operand<0>(b));
  else if constexpr (is<Minus, A> && !weights) return -times(operand<0>(a), b);
  else if constexpr (is_lit<A>) {
    if constexpr (is_scaled<B>) {
      if constexpr (scales_multiply<A, decltype(scale(b))>)
        return times(a * scale(b), unscaled(b));
      else return Node<Mult, A, B>{};
    }
    else if constexpr (Free && is_weighted<B>) return times(times(a, operand<0>(b)), operand<1>(b));
    else return Node<Mult, A, B>{};
  }
  else if constexpr (Free && is_moderately_scaled<B>)
    return times(scale(b), times(a, unscaled(b)));
  else if constexpr (Free && is_moderately_scaled<A> && !weights)
    return times(scale(a), times(unscaled(a), b));
  else if constexpr (Free && is_weighted<B>) return times(times(a, operand<0>(b)), operand<1>(b));
  else if constexpr (Free && is_weighted<A>) return times(operand<0>(a), times(operand<1>(a), b));
  else if constexpr (same<A, B>) return square(a);
  else return Node<Mult, A, B>{};
}

template <Formula A, Formula B>
constexpr auto quotient_of(A a, B b) {
  constexpr i64 dim = broadcast(A::dim, B::dim);
  if constexpr (is_zero<A>) return zero<dim>;
  else if constexpr (is_one<B>) return a;
  else if constexpr (is_lit<A> && is_lit<B>) {
    if constexpr (quotient_exists(A::value, B::value))
      return lit_of([] { return A::value / B::value; });
    else return Node<op::Divide, A, B>{};
  }
  else if constexpr (is_power_of_two<B>) return lit_of([] { return 1 / B::value; }) * a;
  else if constexpr (is<op::Minus, A>) return -(operand<0>(a) / b);
  else return Node<op::Divide, A, B>{};
}

template <Formula A>
constexpr auto square_of(A a) {
  if constexpr (is_zero<A>) return a;
  else if constexpr (is_lit<A>) return a * a;
  else if constexpr (is<op::Minus, A>) return square(operand<0>(a));
  else return Node<op::Square, A>{};
}

template <i64 N, Formula A>
constexpr auto power_of(A a) {
  if constexpr (N == 0) return sumt<A::dim>(1_c);
  else if constexpr (N == 1) return a;
  else if constexpr (N == 2) return square(a);
  else if constexpr (is_lit<A>) {
    if constexpr (power_of_constant(A::value, N) != 0)
      return lit_of([] { return power_of_constant(A::value, N); });
    else return Node<op::Pow<N>, A>{};
  }
  else if constexpr (N == -1) return inv(a);
  else return Node<op::Pow<N>, A>{};
}

// A constant of 1 or more is taken out: it was the terms that would have overflowed.
template <bool Free, Formula A>
constexpr auto vector_sum_of(A a) {
  constexpr auto all = [](auto f) { return build<op::Sum, Free>(f); };
  if constexpr (is_zero<A>) return zero<1>;
  else if constexpr (A::dim == 1) return a;
  else if constexpr (is<op::Minus, A>) return -all(operand<0>(a));
  else if constexpr (is_scaled<A>) {
    constexpr double c = decltype(scale(a))::value;
    if constexpr (magnitude(c) >= 1 || (Free && is_moderate(c)))
      return build<op::Mult, Free>(scale(a), all(unscaled(a)));
    else return Node<op::Sum, A>{};
  }
  else if constexpr (Free && is_weighted<A>)
    return build<op::Mult, true>(operand<0>(a), all(operand<1>(a)));
  else if constexpr (is<op::GatedProduct, A>) return sum_of_gated(a);
  else if constexpr (is_sumt<A>) return cst<A::dim> * operand<0>(a);
  else if constexpr (is_injected<A>) return all(operand<0>(a));
  else return Node<op::Sum, A>{};
}

template <i64 N, Formula A>
constexpr auto replicated(A a) {
  if constexpr (is_zero<A>) return zero<N>;
  else if constexpr (N == 1) return a;
  else return Node<op::SumT<N>, A>{};
}

template <Formula A, Formula B, Formula... More>
constexpr auto without_first(Node<op::Concat, A, B, More...>) {
  return concat(B{}, More{}...);
}

template <i64 Start, i64 D, Formula A>
constexpr auto extracted(A a) {
  if constexpr (is_zero<A>) return zero<D>;
  else if constexpr (Start == 0 && D == A::dim) return a;
  else if constexpr (is_sumt<A>) return sumt<D>(operand<0>(a));
  else if constexpr (is_extract<A>) return extract<Start + A::op::start, D>(operand<0>(a));
  else if constexpr (is_injected<A>) {
    constexpr i64 first = A::op::start, last = first + operand_type<0, A>::dim;
    if constexpr (Start >= last || Start + D <= first) return zero<D>;
    else if constexpr (first <= Start && Start + D <= last)
      return extract<Start - first, D>(operand<0>(a));
    else return Node<op::Extract<Start, D>, A>{};
  }
  else if constexpr (is_concat<A>) {
    constexpr i64 first = operand_type<0, A>::dim;
    if constexpr (Start + D <= first) return extract<Start, D>(operand<0>(a));
    else if constexpr (Start >= first) return extract<Start - first, D>(without_first(a));
    else return Node<op::Extract<Start, D>, A>{};
  } else return Node<op::Extract<Start, D>, A>{};
}

template <i64 Start, i64 D, Formula A>
constexpr auto injected(A a) {
  if constexpr (is_zero<A>) return zero<D>;
  else if constexpr (Start == 0 && D == A::dim) return a;
  else if constexpr (is_injected<A>)
    return extractt<Start + A::op::start, D>(operand<0>(a));
  else return Node<op::ExtractT<Start, D>, A>{};
}

template <Formula... A>
constexpr auto concatenated(A... a) {
  if constexpr (sizeof...(A) == 1) return (a, ...);
  else if constexpr ((is_zero<A> && ...)) return zero<(A::dim + ...)>;
  else return Node<op::Concat, A...>{};
}

// clang-format on

template <class Op>
struct Simplify {
  template <bool Free, Formula... A>
  static constexpr auto apply(A...) {
    return Node<Op, A...>{};
  }
};
#define KEOPSNB_SIMPLIFY(OP, ...)         \
  template <>                             \
  struct Simplify<op::OP> {               \
    template <bool Free, Formula... A>    \
    static constexpr auto apply(A... a) { \
      return __VA_ARGS__(a...);           \
    }                                     \
  };
KEOPSNB_SIMPLIFY(Add, sum_of<Free>)
KEOPSNB_SIMPLIFY(Subtract, difference_of<Free>)
KEOPSNB_SIMPLIFY(Minus, opposite_of)
KEOPSNB_SIMPLIFY(Mult, product_of<Free>)
KEOPSNB_SIMPLIFY(Divide, quotient_of)
KEOPSNB_SIMPLIFY(Square, square_of)
KEOPSNB_SIMPLIFY(Sum, vector_sum_of<Free>)
KEOPSNB_SIMPLIFY(Concat, concatenated)
#undef KEOPSNB_SIMPLIFY
template <i64 N>
struct Simplify<op::Pow<N>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return power_of<N>(a);
  }
};
template <i64 N>
struct Simplify<op::SumT<N>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return replicated<N>(a);
  }
};
template <i64 S, i64 D>
struct Simplify<op::Extract<S, D>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return extracted<S, D>(a);
  }
};
template <i64 S, i64 D>
struct Simplify<op::ExtractT<S, D>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return injected<S, D>(a);
  }
};

// a // b of integers, and a % b, brought into [c, c + b), which is c + (a - c) % b.
template <class Op, Formula A, Formula B>
constexpr auto divided_integers(A, B) {
  return Node<op::DividesIntegers<Op>, A, B>{};
}
template <class Op, Formula A, Formula B, Formula C>
constexpr auto divided_integers(A a, B b, C c) {
  if constexpr (is_null<C>)
    return divided_integers<Op>(a, b);
  else
    return build<op::Add>(as_number(c), divided_integers<Op>(build<op::Subtract>(a, c), b));
}

}  // namespace detail
}  // namespace keopsnb::inline KEOPSNB_TARGET
