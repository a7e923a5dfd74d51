// A range of components, its adjoint, and the same for a single component.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/tile.hpp>

namespace keopsnb {

namespace op {
template <i64 Start, i64 D>
struct Extract;
template <i64 Start, i64 D>
struct ExtractT;
}  // namespace op

template <i64 Start, i64 D, Formula A>
constexpr auto extract(A a) {
  return build<op::Extract<Start, D>>(a);
}
template <i64 Start, i64 D, Formula A>
constexpr auto extractt(A a) {
  return build<op::ExtractT<Start, D>>(a);
}
template <i64 M, Formula A>
constexpr auto elem(A a) {
  return extract<M, 1>(a);
}
template <i64 N, i64 M, Formula A>
constexpr auto elemt(A a) {
  static_assert(A::dim == 1, "keopsnb: elemt takes a formula of dimension 1");
  return extractt<M, N>(a);
}

namespace op {

template <i64 Start, i64 D>
struct Extract {
  static constexpr i64 dim(i64 d) { return Start >= 0 && D >= 1 && Start + D <= d ? D : -1; }

  // <g, Extract(da)> = <ExtractT(g), da>
  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return extractt<Start, A::dim>(g);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return get<A>(x, Start + c);
  }
};

template <i64 Start, i64 D>
struct ExtractT {
  static constexpr i64 dim(i64 d) { return Start >= 0 && Start + d <= D ? D : -1; }

  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return extract<Start, A::dim>(g);
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
     .signature = "(D), start, d -> d  with 0 <= start, 1 <= d, start + d <= D",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return n[0] >= 0 && n[1] >= 1 && n[1] <= d[0] && n[0] <= d[0] - n[1] ? n[1] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a[..., n:n + m]",
     .sentence = "The d components from start on.",
     .partials = ""},
    {.name = "ExtractT",
     .call = "extractt",
     .signature = "(d), start, D -> D  with 0 <= start, start + d <= D",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return n[0] >= 0 && n[1] >= d[0] && n[0] <= n[1] - d[0] ? n[1] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "numpy.concatenate([numpy.zeros((*a.shape[:-1], n)), a, "
                  "numpy.zeros((*a.shape[:-1], m - n - a.shape[-1]))], -1)",
     .sentence = "A vector of D zeros with the operand from start on: the adjoint of Extract.",
     .partials = ""},
    {.name = "Elem",
     .call = "elem",
     .signature = "(D), m -> 1  with 0 <= m < D",
     .operands = 1,
     .ints = 1,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return n[0] >= 0 && n[0] < d[0] ? 1 : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a[..., n:n + 1]",
     .sentence = "The component of index m.",
     .partials = ""},
    {.name = "ElemT",
     .call = "elemt",
     .signature = "(1), D, m -> D  with 0 <= m < D",
     .operands = 1,
     .ints = 2,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return d[0] == 1 && n[1] >= 0 && n[1] < n[0] ? n[0] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "a * (numpy.arange(n) == m)",
     .sentence = "A vector of D zeros with the scalar at index m: the adjoint of Elem.",
     .partials = ""},
};
#endif

}  // namespace keopsnb
