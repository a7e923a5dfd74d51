// What identities ask of the formulas they are applied to.
#pragma once
#include <keopsnb/ops.hpp>
#include <keopsnb/ops/integer_division.hpp>

namespace keopsnb::inline KEOPSNB_TARGET::detail {

template <class F>
inline constexpr bool is_lit = false;
template <i64 M, int E>
inline constexpr bool is_lit<Lit<M, E>> = true;

template <class F>
inline constexpr bool is_one = same<F, Lit<1, 0>>;
template <class F>
inline constexpr bool is_minus_one = same<F, Lit<-1, 0>>;
// A constant 2^n that float32 holds, and whose inverse it holds, with all their bits.
template <class F>
inline constexpr bool is_power_of_two = false;
template <i64 M, int E>
inline constexpr bool is_power_of_two<Lit<M, E>> = (M == 1 || M == -1) && E >= -126 && E <= 126;

constexpr double magnitude(double x) { return x < 0 ? -x : x; }
// Whether a + b, a * b and a / b are float64: a constant expression must not overflow to find out.
constexpr double greatest_double = 0x1.fffffffffffffp1023;
constexpr bool sum_exists(double a, double b) {
  return magnitude(a / 4 + b / 4) <= greatest_double / 4;
}
constexpr bool product_exists(double a, double b) {
  return magnitude(b) <= 1 || magnitude(a) <= greatest_double / magnitude(b);
}
constexpr bool quotient_exists(double a, double b) {
  return b != 0 && (magnitude(b) >= 1 || magnitude(a) <= greatest_double * magnitude(b));
}
// x^n, or 0 where it is no float64 or loses digits.
constexpr double power_of_constant(double x, i64 n) {
  if (n == 0) return 1;
  if (n < 0) {
    const double p = power_of_constant(x, -n);
    return p != 0 && quotient_exists(1, p) ? 1 / p : 0;
  }
  const double root = power_of_constant(x, n / 2);
  if (!product_exists(root, root)) return 0;
  const double even = root * root;
  if (n % 2 != 0 && !product_exists(even, x)) return 0;
  const double p = n % 2 != 0 ? even * x : even;
  return magnitude(p) >= 0x1p-1022 ? p : 0;
}
// Whether every type of numbers holds x to its full precision: a product with such a constant
// overflows, or underflows, only where its value does.
constexpr bool is_normal(double x) { return magnitude(x) >= 0x1p-126 && magnitude(x) <= 0x1p127; }
// The constants that formulas of derivatives are full of.
constexpr bool is_moderate(double x) { return magnitude(x) >= 0x1p-16 && magnitude(x) <= 0x1p16; }

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
inline constexpr bool is_weighted<Node<op::Mult, A, B>> = A::dim == 1 && B::dim != 1 && !is_lit<A>;

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

}  // namespace keopsnb::inline KEOPSNB_TARGET::detail
