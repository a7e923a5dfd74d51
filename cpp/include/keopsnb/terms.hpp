// Identities, which are applied as nodes are built: each stands in the file of its operation, one a
// line. Here is what they are written with: properties of formulas.
//
// A user's formula keeps the order in which it is written: such an identity overflows or underflows
// only where the formula does, in float32 and in float64, and keeps its NaN. Constants are folded
// in float64.
//
// Among derivatives (Free) the order is ours: what is 0 vanishes, and products have the normal form
//
//   constant * scalars * vector
//
// so that what is shared by all components is computed once.
#pragma once
#include <keopsnb/ops/elementwise.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace op {
template <i64 N>
struct SumT;
template <i64 Start, i64 D>
struct Extract;
template <i64 Start, i64 D>
struct ExtractT;
struct Concat;
}  // namespace op

namespace detail {

// The node Op(a...), or what equals it.
template <class Op>
struct Simplify {
  template <bool Free, Formula... A>
  static constexpr auto apply(A...) {
    return Node<Op, A...>{};
  }
};

template <class F>
concept is_one = same<F, Lit<1, 0>>;
template <class F>
concept is_minus_one = same<F, Lit<-1, 0>>;
// A constant 2^n that float32 holds, and whose inverse it holds, with all their bits.
template <class F>
inline constexpr bool is_power_of_two = false;
template <i64 M, int E>
inline constexpr bool is_power_of_two<Lit<M, E>> = (M == 1 || M == -1) && E >= -126 && E <= 126;

constexpr double magnitude(double x) { return x < 0 ? -x : x; }
// True if a + b, a * b and a / b are float64: a constant expression must not overflow to find out.
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
// True if every type of numbers holds x to its full precision: a product with such a constant
// overflows, or underflows, only where its value does.
constexpr bool is_normal(double x) { return magnitude(x) >= 0x1p-126 && magnitude(x) <= 0x1p127; }
// The constants that formulas of derivatives are full of.
constexpr bool is_moderate(double x) { return magnitude(x) >= 0x1p-16 && magnitude(x) <= 0x1p16; }

template <class Op, class F>
concept is = same<typename F::op, Op>;

template <class F>
concept is_sumt = is<op::SumT<F::dim>, F>;

template <class F>
concept is_extract = is<op::Extract<F::op::start, F::dim>, F>;

// ExtractT<Start, D>(f): f from Start on, among zeros
template <class F>
concept is_injected = is<op::ExtractT<F::op::start, F::dim>, F>;

template <class F>
concept is_concat = is<op::Concat, F>;

template <int K, class F>
using operand_type = at<K, operands_of<F>>;

// The same components of both.
template <class A, class B>
concept are_injected_alike = is_injected<A> && is_injected<B> && A::op::start == B::op::start &&
                             operand_type<0, A>::dim == operand_type<0, B>::dim;

// Lit * f
template <class F>
concept is_scaled = is<op::Mult, F> && is_lit<operand_type<0, F>>;

// scalar * vector
template <class F>
concept is_weighted = is<op::Mult, F> && operand_type<0, F>::dim == 1 &&
                      operand_type<1, F>::dim != 1 && !is_lit<operand_type<0, F>>;

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

template <class F>
concept is_moderately_scaled = is_scaled<F> && is_moderate(operand_type<0, F>::value);

}  // namespace detail
}  // namespace keopsnb::inline KEOPSNB_TARGET
