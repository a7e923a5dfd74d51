// Vectors of complex numbers hold real and imaginary parts in turns: re, im, re, im, ...
// Their parts, and the vector of two parts: of these all complex operations are made.
#pragma once
#include <keopsnb/ops/sum.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
// Which: 0 the real parts, 1 the imaginary parts.
template <int Which>
struct Part;
struct Interleave;
}  // namespace op

template <Formula A>
constexpr auto complexreal(A a) {
  static_assert(A::dim % 2 == 0, "keopsnb: complexreal takes a formula of even dimension");
  return build<op::Part<0>>(a);
}
template <Formula A>
constexpr auto compleximag(A a) {
  static_assert(A::dim % 2 == 0, "keopsnb: compleximag takes a formula of even dimension");
  return build<op::Part<1>>(a);
}
template <Formula A, Formula B>
constexpr auto interleave(A re, B im) {
  static_assert(A::dim == B::dim, "keopsnb: interleave takes two formulas of one dimension");
  return build<op::Interleave>(re, im);
}

namespace op {

template <int Which>
struct Part {
  using linear = void;
  static constexpr i64 dim(i64 d) { return d % 2 == 0 ? d / 2 : -1; }

  // <g, Part(da)> = <g in that part's places, da>
  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    if constexpr (Which == 0)
      return interleave(g, zero<G::dim>);
    else
      return interleave(zero<G::dim>, g);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return get<A>(x, 2 * c + Which);
  }
};

struct Interleave {
  using linear = void;
  static constexpr i64 dim(i64 re, i64 im) { return re == im ? 2 * re : -1; }

  template <i64 K, Formula G, Formula A, Formula B>
  static constexpr auto pullback(Int<K>, G g, A, B) {
    return build<Part<K>>(g);
  }

  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A, B>;
    return c % 2 == 0 ? convert<R>(get<A>(x, c / 2)) : convert<R>(get<B>(x, c / 2));
  }
};

}  // namespace op

namespace detail {

// clang-format off
template <class F>
concept is_elementwise = op::Elementwise<typename F::op>;

// Of the real parts of an elementwise operation only those of its operands are read.
template <int Which, Formula A>
constexpr auto part_or_scalar(A a) {
  if constexpr (A::dim == 1) return a;
  else return build<op::Part<Which>>(a);
}
template <int Which, class Op, Formula... A>
constexpr auto part_inside(Node<Op, A...>) {
  return build<Op>(part_or_scalar<Which>(A{})...);
}

template <int Which, Formula A>
constexpr auto part_of_complex(A a) {
  if constexpr (is_zero<A>) return zero<A::dim / 2>;
  else if constexpr (is_elementwise<A>) return part_inside<Which>(a);
  else if constexpr (is<op::Interleave, A>) return at<Which, operands_of<A>>{};
  else if constexpr (is_sumt<A>) return sumt<A::dim / 2>(operand<0>(a));
  else return Node<op::Part<Which>, A>{};
}

// Re and Im of one vector, which are that vector.
template <class A, class B>
concept are_parts = is<op::Part<0>, A> && is<op::Part<1>, B> &&
                    same<operands_of<A>, operands_of<B>>;

template <Formula A, Formula B>
constexpr auto interleaved([[maybe_unused]] A a, B) {
  if constexpr (is_zero<A> && is_zero<B>) return zero<2 * A::dim>;
  else if constexpr (are_parts<A, B>) return operand<0>(a);
  else return Node<op::Interleave, A, B>{};
}
// clang-format on

template <int Which>
struct Simplify<op::Part<Which>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return part_of_complex<Which>(a);
  }
};
template <>
struct Simplify<op::Interleave> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return interleaved(a, b);
  }
};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
