// Identities applied when a node is built. They never lose accuracy: constants are folded in
// float64, zeros and repeated terms vanish, and products keep the normal form
//
//   constant * scalars * vector
//
// so that what is shared by all components is computed once. One identity a line.
#pragma once
#include <keopsnb/ops.hpp>
#include <keopsnb/ops/integers.hpp>

namespace keopsnb {
namespace detail {

template <class F>
inline constexpr bool is_zero = false;
template <i64 D>
inline constexpr bool is_zero<Zero<D>> = true;
template <>
inline constexpr bool is_zero<Lit<0, 0>> = true;

template <class F>
inline constexpr bool is_lit = false;
template <i64 M, int E>
inline constexpr bool is_lit<Lit<M, E>> = true;

template <class F>
inline constexpr bool is_one = same<F, Lit<1, 0>>;
template <class F>
inline constexpr bool is_minus_one = same<F, Lit<-1, 0>>;
template <class F>
inline constexpr bool is_power_of_two = false;
template <i64 M, int E>
inline constexpr bool is_power_of_two<Lit<M, E>> = M == 1 || M == -1;

template <class Op, class F>
inline constexpr bool is = false;
template <class Op, class... A>
inline constexpr bool is<Op, Node<Op, A...>> = true;

template <class F>
inline constexpr bool is_sumt = false;
template <i64 N, class A>
inline constexpr bool is_sumt<Node<op::SumT<N>, A>> = true;

// ExtractT<Start, D>(f): f from Start on, among zeros
template <class F>
inline constexpr bool is_injected = false;
template <i64 S, i64 D, class A>
inline constexpr bool is_injected<Node<op::ExtractT<S, D>, A>> = true;
template <class F>
inline constexpr i64 injected_at = 0;
template <i64 S, i64 D, class A>
inline constexpr i64 injected_at<Node<op::ExtractT<S, D>, A>> = S;

template <class F>
inline constexpr bool is_concat = is<op::Concat, F>;

template <int K, class F>
using operand_type = decltype(operand<K>(F{}));

template <class A, class B>
inline constexpr bool operands_are_alike = false;
template <class P, class A, class Q, class B>
inline constexpr bool operands_are_alike<Node<P, A>, Node<Q, B>> = A::dim == B::dim;

// Lit * f
template <class F>
inline constexpr bool is_scaled = false;
template <class A, class B>
inline constexpr bool is_scaled<Node<op::Mult, A, B>> = is_lit<A>;

// scalar * vector
template <class F>
inline constexpr bool is_weighted = false;
template <class A, class B>
inline constexpr bool is_weighted<Node<op::Mult, A, B>> = A::dim == 1 && B::dim != 1;

// f = scale(f) * unscaled(f)
template <class F>
constexpr auto scale(F f) {
  if constexpr (is_scaled<F>)
    return operand<0>(f);
  else
    return lit<1, 0>;
}
template <class F>
constexpr auto unscaled(F f) {
  if constexpr (is_scaled<F>)
    return operand<1>(f);
  else
    return f;
}

// f, replicated if it is a scalar that stands for a vector.
template <i64 D, Formula F>
constexpr auto spread(F f) {
  if constexpr (F::dim == D)
    return f;
  else
    return sumt<D>(f);
}

// clang-format off
template <Formula A, Formula B>
constexpr auto sum_of(A a, B b) {
  using op::Add, op::Minus, op::Mult;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  if constexpr (is_zero<A>) return spread<dim>(b);
  else if constexpr (is_zero<B>) return spread<dim>(a);
  else if constexpr (is_lit<A> && is_lit<B>) return lit_of([] { return A::value + B::value; });
  else if constexpr (same<A, B>) return 2_c * a;
  else if constexpr (is<Minus, B>) return a - operand<0>(b);
  else if constexpr (is<Minus, A>) return b - operand<0>(a);
  else if constexpr (same<decltype(unscaled(a)), decltype(unscaled(b))>)
    return (scale(a) + scale(b)) * unscaled(a);
  else if constexpr (is_injected<A> && is_injected<B> && injected_at<A> == injected_at<B> &&
                     operands_are_alike<A, B>)
    return extractt<injected_at<A>, dim>(operand<0>(a) + operand<0>(b));
  else if constexpr (is_weighted<A> && is_weighted<B>) {
    if constexpr (same<operand_type<1, A>, operand_type<1, B>>)
      return (operand<0>(a) + operand<0>(b)) * operand<1>(a);
    else return Node<Add, A, B>{};
  }
  else if constexpr (is<op::Interleave, A> && is<op::Interleave, B>)
    return interleave(complexreal(a) + complexreal(b), compleximag(a) + compleximag(b));
  else return Node<Add, A, B>{};
}

template <Formula A, Formula B>
constexpr auto difference_of(A a, B b) {
  using op::Minus, op::Subtract;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  if constexpr (same<A, B>) return zero<dim>;
  else if constexpr (is_zero<B>) return spread<dim>(a);
  else if constexpr (is_zero<A>) return -spread<dim>(b);
  else if constexpr (is_lit<A> && is_lit<B>) return lit_of([] { return A::value - B::value; });
  else if constexpr (is<Minus, B>) return a + operand<0>(b);
  else if constexpr (is<op::Interleave, A> && is<op::Interleave, B>)
    return interleave(complexreal(a) - complexreal(b), compleximag(a) - compleximag(b));
  else return Node<Subtract, A, B>{};
}

template <Formula A>
constexpr auto opposite_of(A a) {
  if constexpr (is_zero<A>) return a;
  else if constexpr (is_lit<A>) return lit_of([] { return -A::value; });
  else if constexpr (is<op::Minus, A>) return operand<0>(a);
  else if constexpr (is_scaled<A>) return (-operand<0>(a)) * operand<1>(a);
  else if constexpr (is_weighted<A>) return (-operand<0>(a)) * operand<1>(a);
  else return Node<op::Minus, A>{};
}

// a * ExtractT(f) = ExtractT(Extract(a) * f)
template <Formula A, Formula B>
constexpr auto injected_product(A a, B) {
  using F = operand_type<0, B>;
  constexpr i64 start = injected_at<B>;
  if constexpr (A::dim == 1) return extractt<start, B::dim>(a * F{});
  else return extractt<start, B::dim>(extract<start, F::dim>(a) * F{});
}

template <Formula A, Formula B>
constexpr auto product_of(A a, B b) {
  using op::Minus, op::Mult;
  constexpr i64 dim = broadcast(A::dim, B::dim);
  constexpr bool weights = A::dim == 1 && dim != 1;  // a scalar in front of a vector
  if constexpr (is_zero<A> || is_zero<B>) return zero<dim>;
  else if constexpr (is_one<A>) return b;
  else if constexpr (is_one<B>) return a;
  else if constexpr (is_injected<B>) return injected_product(a, b);
  else if constexpr (is_injected<A>) return injected_product(b, a);
  else if constexpr (is_minus_one<A>) return -b;
  else if constexpr (is_lit<A> && is_lit<B>) return lit_of([] { return A::value * B::value; });
  else if constexpr (is_lit<B> || (A::dim != 1 && B::dim == 1)) return b * a;
  else if constexpr (is<Minus, B> && (is_lit<A> || weights)) return (-a) * operand<0>(b);
  else if constexpr (is<Minus, B>) return -(a * operand<0>(b));
  else if constexpr (is<Minus, A> && !weights) return -(operand<0>(a) * b);
  else if constexpr (is_scaled<B>) {
    if constexpr (is_scaled<A>)
      return (scale(a) * scale(b)) * (unscaled(a) * unscaled(b));
    else if constexpr (is_lit<A>) return (a * scale(b)) * unscaled(b);
    else return scale(b) * (a * unscaled(b));
  }
  else if constexpr (is_weighted<B>) return (a * operand<0>(b)) * operand<1>(b);
  else if constexpr (is_weighted<A>) return operand<0>(a) * (operand<1>(a) * b);
  else if constexpr (is_scaled<A> && !weights) return scale(a) * (unscaled(a) * b);
  else if constexpr (same<A, B>) return square(a);
  else return Node<Mult, A, B>{};
}

template <Formula A, Formula B>
constexpr auto quotient_of(A a, B b) {
  constexpr i64 dim = broadcast(A::dim, B::dim);
  static_assert(!is_zero<B>, "keopsnb: division by the constant 0");
  if constexpr (is_zero<A>) return zero<dim>;
  else if constexpr (is_one<B>) return a;
  else if constexpr (is_power_of_two<B>) return lit_of([] { return 1 / B::value; }) * a;
  else if constexpr (is<op::Minus, A>) return -(operand<0>(a) / b);
  else return Node<op::Divide, A, B>{};
}

template <Formula A>
constexpr auto square_of(A a) {
  if constexpr (is_zero<A>) return a;
  else if constexpr (is_lit<A>) return lit_of([] { return A::value * A::value; });
  else if constexpr (is<op::Minus, A>) return square(operand<0>(a));
  else return Node<op::Square, A>{};
}

template <i64 N, Formula A>
constexpr auto power_of(A a) {
  if constexpr (N == 0) return sumt<A::dim>(1_c);
  else if constexpr (N == 1) return a;
  else if constexpr (N == 2) return square(a);
  else if constexpr (N == -1) return inv(a);
  else return Node<op::Pow<N>, A>{};
}

template <Formula A>
constexpr auto vector_sum_of(A a) {
  if constexpr (is_zero<A>) return zero<1>;
  else if constexpr (A::dim == 1) return a;
  else if constexpr (is<op::Minus, A>) return -sum(operand<0>(a));
  else if constexpr (is_weighted<A>) return operand<0>(a) * sum(operand<1>(a));
  else if constexpr (is_sumt<A>) return cst<A::dim> * operand<0>(a);
  else if constexpr (is_injected<A>) return sum(operand<0>(a));
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
  else if constexpr (is_injected<A>) {
    constexpr i64 first = injected_at<A>, last = first + operand_type<0, A>::dim;
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
    return extractt<Start + injected_at<A>, D>(operand<0>(a));
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
  template <Formula... A>
  static constexpr auto apply(A...) {
    return Node<Op, A...>{};
  }
};
#define KEOPSNB_SIMPLIFY(OP, rule)        \
  template <>                             \
  struct Simplify<op::OP> {               \
    template <Formula... A>               \
    static constexpr auto apply(A... a) { \
      return rule(a...);                  \
    }                                     \
  };
KEOPSNB_SIMPLIFY(Add, sum_of)
KEOPSNB_SIMPLIFY(Subtract, difference_of)
KEOPSNB_SIMPLIFY(Minus, opposite_of)
KEOPSNB_SIMPLIFY(Mult, product_of)
KEOPSNB_SIMPLIFY(Divide, quotient_of)
KEOPSNB_SIMPLIFY(Square, square_of)
KEOPSNB_SIMPLIFY(Sum, vector_sum_of)
KEOPSNB_SIMPLIFY(Concat, concatenated)
#undef KEOPSNB_SIMPLIFY
template <i64 N>
struct Simplify<op::Pow<N>> {
  template <Formula A>
  static constexpr auto apply(A a) {
    return power_of<N>(a);
  }
};
template <i64 N>
struct Simplify<op::SumT<N>> {
  template <Formula A>
  static constexpr auto apply(A a) {
    return replicated<N>(a);
  }
};
template <i64 S, i64 D>
struct Simplify<op::Extract<S, D>> {
  template <Formula A>
  static constexpr auto apply(A a) {
    return extracted<S, D>(a);
  }
};
template <i64 S, i64 D>
struct Simplify<op::ExtractT<S, D>> {
  template <Formula A>
  static constexpr auto apply(A a) {
    return injected<S, D>(a);
  }
};

// An operand of an elementwise operation that is replicated anyway need not be: SumT(s) * v = s *
// v.
template <bool Strip, Formula A>
constexpr auto stripped(A a) {
  if constexpr (Strip && is_sumt<A>)
    return operand<0>(a);
  else
    return a;
}

}  // namespace detail

template <class Op, Formula... A>
constexpr auto build(A... a) {
  static_assert(Op::dim(A::dim...) >= 1,
                "keopsnb: the operands' dimensions do not fit this operation");
  if constexpr (op::TakesIntegers<Op>) {
    return detail::Simplify<Op>::apply(a...);
  } else if constexpr (op::compares<Op> && (IntegerVariable<A> && ...)) {
    return Node<op::OfIntegers<Op>, A...>{};
  } else if constexpr ((IntegerVariable<A> || ...)) {
    return build<Op>(as_number(a)...);
  } else if constexpr (op::Elementwise<Op> && (detail::is_sumt<A> || ...)) {
    constexpr i64 dim = Op::dim(A::dim...);
    constexpr bool vectors = ((A::dim == dim && !detail::is_sumt<A>) || ...);
    if constexpr (vectors)
      return detail::Simplify<Op>::apply(detail::stripped<true>(a)...);
    else
      return sumt<dim>(detail::Simplify<Op>::apply(detail::stripped<true>(a)...));
  } else {
    return detail::Simplify<Op>::apply(a...);
  }
}

}  // namespace keopsnb

#include <keopsnb/simplify_structural.hpp>
