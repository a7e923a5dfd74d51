// Identities of structural operations, applied as nodes are built.
#pragma once
#include <keopsnb/ops/bspline.hpp>
#include <keopsnb/ops/complex.hpp>
#include <keopsnb/ops/contract.hpp>
#include <keopsnb/ops/extremum.hpp>
#include <keopsnb/ops/softdtw.hpp>
#include <keopsnb/ops/take.hpp>
#include <keopsnb/simplify.hpp>

namespace keopsnb::inline KEOPSNB_TARGET::detail {

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
concept are_parts = is<op::Part<0>, A> && is<op::Part<1>, B> && same<operands_of<A>, operands_of<B>>;

template <Formula A, Formula B>
constexpr auto interleaved([[maybe_unused]] A a, B) {
  if constexpr (is_zero<A> && is_zero<B>) return zero<2 * A::dim>;
  else if constexpr (are_parts<A, B>) return operand<0>(a);
  else return Node<op::Interleave, A, B>{};
}

template <class Op, Formula A, Formula B>
constexpr auto contraction_of(A a, B b) {
  if constexpr (is_zero<A> || is_zero<B>) return zero<Op::result>;
  else if constexpr (A::dim == 1 && B::dim == 1) return a * b;
  else return Node<Op, A, B>{};
}

template <bool Greatest, Formula A>
constexpr auto extremum_of(A a) {
  if constexpr (A::dim == 1) return a;
  else return Node<op::Extremum<Greatest>, A>{};
}
template <bool Greatest, Formula A>
constexpr auto extremum_index_of([[maybe_unused]] A a) {
  if constexpr (A::dim == 1) return zero<1>;
  else return Node<op::ExtremumIndex<Greatest>, A>{};
}

template <class Op, Formula A, Formula I>
constexpr auto looked_up([[maybe_unused]] A a, [[maybe_unused]] I i) {
  if constexpr (is_zero<A>) return zero<Op::dim(A::dim, I::dim)>;
  else return Node<Op, A, I>{};
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
template <i64 DimA, i64 DimB, class... Axes>
struct Simplify<op::Contract<DimA, DimB, Axes...>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return contraction_of<op::Contract<DimA, DimB, Axes...>>(a, b);
  }
};
// Over one axis, a product of components.
template <i64 N>
struct Simplify<op::Contract<N, N, Axis<N, 0, 1, 1>>> {
  template <bool Free, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return build<op::Sum, Free>(build<op::Mult, Free>(a, b));
  }
};
template <i64 N>
struct Simplify<op::Contract<N, 1, Axis<N, 1, 1, 0>>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return a * b;
  }
};
template <i64 N>
struct Simplify<op::Contract<1, N, Axis<N, 1, 0, 1>>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return a * b;
  }
};
template <bool Greatest>
struct Simplify<op::Extremum<Greatest>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return extremum_of<Greatest>(a);
  }
};
template <bool Greatest>
struct Simplify<op::ExtremumIndex<Greatest>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return extremum_index_of<Greatest>(a);
  }
};
template <i64 D>
struct Simplify<op::Take<D>> {
  template <bool, Formula A, Formula I>
  static constexpr auto apply(A a, I i) {
    return looked_up<op::Take<D>>(a, i);
  }
};
template <i64 N>
struct Simplify<op::TakeT<N>> {
  template <bool, Formula A, Formula I>
  static constexpr auto apply(A a, I i) {
    return looked_up<op::TakeT<N>>(a, i);
  }
};
// Differentials are 0 along 0.
template <class Op>
struct SimplifyDifferential {
  template <bool, Formula Z, Formula... U>
  static constexpr auto apply(Z, U...) {
    if constexpr ((is_zero<U> || ...))
      return zero<Op::dim(Z::dim, U::dim...)>;
    else
      return Node<Op, Z, U...>{};
  }
};
template <i64 N, i64 M>
struct Simplify<op::SoftDtwGradient<N, M>> : SimplifyDifferential<op::SoftDtwGradient<N, M>> {};
template <i64 N, i64 K>
struct Simplify<op::BSpline<N, K>> : SimplifyDifferential<op::BSpline<N, K>> {};
template <i64 N, i64 K>
struct Simplify<op::BSplineGradient<N, K>> : SimplifyDifferential<op::BSplineGradient<N, K>> {};

}  // namespace keopsnb::inline KEOPSNB_TARGET::detail
