// Identities of sums, differences, products, quotients and powers.
#pragma once
#include <keopsnb/ops/extract.hpp>
#include <keopsnb/ops/interleave.hpp>
#include <keopsnb/ops/sum.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

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

// Exact ones first, then those that change the order of operations. 0 b is b - b, NaN where b is
// not finite; written as a product, g++ 12 takes it for 0 in packs without signed zeros.
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
// clang-format on

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
#undef KEOPSNB_SIMPLIFY
template <i64 N>
struct Simplify<op::Pow<N>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return power_of<N>(a);
  }
};

}  // namespace detail
}  // namespace keopsnb::inline KEOPSNB_TARGET
