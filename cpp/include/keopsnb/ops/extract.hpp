// A range of components, its adjoint, and the same for a single component.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/tile.hpp>

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
}  // namespace detail

template <i64 Start, i64 D, Formula A>
constexpr auto extract(A a) {
  static_assert(detail::within(Start, D, A::dim),
                "keopsnb: extract<start, d>(f) takes d components that f has, from start on");
  return build<op::Extract<detail::from_start(Start, A::dim), D>>(a);
}
template <i64 Start, i64 D, Formula A>
constexpr auto extractt(A a) {
  static_assert(detail::within(Start, A::dim, D),
                "keopsnb: extractt<start, D>(f) has room for f from start on");
  return build<op::ExtractT<detail::from_start(Start, D), D>>(a);
}
template <i64 M, Formula A>
constexpr auto elem(A a) {
  static_assert(detail::within(M, 1, A::dim), "keopsnb: elem<m>(f) takes an index m that f has");
  return extract<M, 1>(a);
}
template <i64 N, i64 M, Formula A>
constexpr auto elemt(A a) {
  static_assert(A::dim == 1, "keopsnb: elemt takes a formula of dimension 1");
  static_assert(detail::within(M, 1, N), "keopsnb: in elemt<n, m>(f), m is an index below n");
  return extractt<M, N>(a);
}

namespace op {

template <i64 Start, i64 D>
struct Extract {
  static constexpr i64 start = Start;
  using reads = void;  // it is a component of its operand, as it stands
  static constexpr i64 dim(i64 d) { return Start >= 0 && D >= 1 && Start + D <= d ? D : -1; }

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
  static constexpr i64 dim(i64 d) { return Start >= 0 && Start + d <= D ? D : -1; }

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

#ifdef KEOPSNB_CATALOGUE
inline constexpr Row rows_extract[] = {
    {.name = "Extract",
     .call = "extract",
     .signature = "(D), start, d -> d  with 0 <= start and start + d <= D, or start < 0: from the "
                  "end",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return detail::within(n[0], n[1], d[0]) ? n[1] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a[..., n % a.shape[-1]:][..., :m]",
     .sentence = "The d components from start on; -1 is the last component.",
     .partials = ""},
    {.name = "ExtractT",
     .call = "extractt",
     .signature = "(d), start, D -> D  with 0 <= start and start + d <= D, or start < 0: from the "
                  "end",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return n[1] >= 1 && detail::within(n[0], d[0], n[1]) ? n[1] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "numpy.concatenate([numpy.zeros((*a.shape[:-1], n % m)), a, "
                  "numpy.zeros((*a.shape[:-1], m - n % m - a.shape[-1]))], -1)",
     .sentence = "A vector of D zeros with the operand from start on: the adjoint of Extract.",
     .partials = ""},
    {.name = "Elem",
     .call = "elem",
     .signature = "(D), m -> 1  with -D <= m < D",
     .operands = 1,
     .ints = 1,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return detail::within(n[0], 1, d[0]) ? 1 : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a[..., [n]]",
     .sentence = "The component of index m; -1 is the last.",
     .partials = ""},
    {.name = "ElemT",
     .call = "elemt",
     .signature = "(1), D, m -> D  with -D <= m < D",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return d[0] == 1 && n[0] >= 1 && detail::within(n[1], 1, n[0]) ? n[0] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a * (numpy.arange(n) == m % n)",
     .sentence = "A vector of D zeros with the scalar at index m, -1 being the last: the adjoint "
                 "of Elem.",
     .partials = ""},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
