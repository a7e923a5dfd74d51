// A range of components, its adjoint, and the same for a single component.
#pragma once
#include <keopsnb/ops/sum.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
template <i64 Start, i64 D>
struct Extract;
template <i64 Start, i64 D>
struct ExtractT;
}  // namespace op

namespace detail {
// An index among `dim` components; from the end where it is negative: -1 is the last.
constexpr i64 from_start(i64 index, i64 dim) { return index < 0 ? index + dim : index; }
// Whether `count` of `dim` components, from index `start` on, are there.
constexpr bool within(i64 start, i64 count, i64 dim) {
  return start >= -dim && count >= 1 && count <= dim && from_start(start, dim) <= dim - count;
}
constexpr i64 extract_dim(i64 d, i64 start, i64 size) { return within(start, size, d) ? size : -1; }
constexpr i64 extractt_dim(i64 d, i64 start, i64 size) {
  return within(start, d, size) ? size : -1;
}
constexpr i64 elem_dim(i64 d, i64 m) { return extract_dim(d, m, 1); }
constexpr i64 elemt_dim(i64 d, i64 n, i64 m) { return d == 1 ? extractt_dim(1, m, n) : -1; }
}  // namespace detail

template <i64 Start, i64 D, Formula A>
constexpr auto extract(A a) {
  static_assert(detail::extract_dim(A::dim, Start, D) > 0,
                "keopsnb: extract<start, d>(f) takes d components that f has, from start on");
  return build<op::Extract<detail::from_start(Start, A::dim), D>>(a);
}
template <i64 Start, i64 D, Formula A>
constexpr auto extractt(A a) {
  static_assert(detail::extractt_dim(A::dim, Start, D) > 0,
                "keopsnb: extractt<start, D>(f) has room for f from start on");
  return build<op::ExtractT<detail::from_start(Start, D), D>>(a);
}
template <i64 M, Formula A>
constexpr auto elem(A a) {
  static_assert(detail::elem_dim(A::dim, M) > 0, "keopsnb: elem<m>(f) takes an index m that f has");
  return extract<M, 1>(a);
}
template <i64 N, i64 M, Formula A>
constexpr auto elemt(A a) {
  static_assert(A::dim == 1, "keopsnb: elemt takes a formula of dimension 1");
  static_assert(detail::elemt_dim(1, N, M) > 0,
                "keopsnb: in elemt<n, m>(f), m is an index below n");
  return extractt<M, N>(a);
}

namespace op {

template <i64 Start, i64 D>
struct Extract {
  static constexpr i64 start = Start;
  using reads = void;  // it is a component of its operand, as it stands
  static constexpr i64 dim(i64 d) { return detail::extract_dim(d, Start, D); }

  // <g, Extract(da)> = <ExtractT(g), da>
  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return detail::gate(extractt<Start, A::dim>(g));
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T da, A) {
    return extract<Start, D>(da);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return get<A>(x, Start + c);
  }
};

template <i64 Start, i64 D>
struct ExtractT {
  static constexpr i64 start = Start;
  static constexpr i64 dim(i64 d) { return detail::extractt_dim(d, Start, D); }

  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return extract<Start, A::dim>(g);
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T da, A) {
    return extractt<Start, D>(da);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A>;
    return c >= Start && c < Start + A::dim ? get<A>(x, c - Start) : R{};
  }
};

}  // namespace op

namespace detail {

// clang-format off
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
// clang-format on

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

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
