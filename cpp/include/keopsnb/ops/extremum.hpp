// The greatest and the least component of a vector, their indices, and the vector of an index.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/ops/sum.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
template <bool Greatest>
struct Extremum;
template <bool Greatest>
struct ExtremumIndex;
template <i64 N>
struct OneHot;
}  // namespace op

template <Formula A>
constexpr auto max(A a) {
  return build<op::Extremum<true>>(a);
}
template <Formula A>
constexpr auto min(A a) {
  return build<op::Extremum<false>>(a);
}
template <Formula A>
constexpr auto argmax(A a) {
  return build<op::ExtremumIndex<true>>(a);
}
template <Formula A>
constexpr auto argmin(A a) {
  return build<op::ExtremumIndex<false>>(a);
}
template <i64 N, Formula A>
constexpr auto onehot(A a) {
  static_assert(A::dim == 1, "keopsnb: onehot takes a formula of dimension 1");
  static_assert(N >= 1, "keopsnb: in onehot<n>(f), n is 1 or more");
  return build<op::OneHot<N>>(a);
}

namespace op {

// found(value, index) for the first extremum of A, NaN left out unless there is nothing else.
template <bool Greatest, Formula A, class X, class F>
KEOPSNB_FN auto extremum_of(X& x, F found) {
  using R = tile_of<X, A>;
  using V = typename R::number;
  R best = get<A>(x, 0), index{};
  for_components<A::dim>([&](i64 c) KEOPSNB_LAMBDA {
    const R a = get<A>(x, c);
    const V here = constant<V>(static_cast<double>(c));
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int s = 0; s < R::steps; ++s) {
      const V old = best.at(p, s), v = a.at(p, s);
      const auto better = ((Greatest ? v > old : v < old) | (old != old)) & (v == v);
      best.at(p, s) = select<V>(better, v, old);
      index.at(p, s) = select<V>(better, here, index.at(p, s));
    }
  });
  return found(best, index);
}

template <bool Greatest>
struct Extremum {
  static constexpr i64 dim(i64) { return 1; }

  // Of equal components, the first has the whole derivative.
  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A a) {
    return detail::chained(onehot<A::dim>(build<ExtremumIndex<Greatest>>(a)), g);
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T da, A a) {
    return sum(detail::chained(onehot<A::dim>(build<ExtremumIndex<Greatest>>(a)), da));
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64) {
    return extremum_of<Greatest, A>(x, [](auto best, auto) { return best; });
  }
};

template <bool Greatest>
struct ExtremumIndex {
  static constexpr i64 dim(i64) { return 1; }

  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G, A) {
    return zero<A::dim>;
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T, A) {
    return zero<1>;
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64) {
    return extremum_of<Greatest, A>(x, [](auto, auto index) { return index; });
  }
};

template <i64 N>
struct OneHot {
  static constexpr i64 dim(i64 d) { return d == 1 ? N : -1; }

  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G, A) {
    return zero<1>;
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T, A) {
    return zero<N>;
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A>;
    using V = typename R::number;
    const R a = get<A>(x, 0);
    const V here = constant<V>(static_cast<double>(c));
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int s = 0; s < R::steps; ++s)
      r.at(p, s) = equal(floor(a.at(p, s) + constant<V>(0.5)), here);
    return r;
  }
};

}  // namespace op

#ifdef KEOPSNB_CATALOGUE
inline constexpr auto extremum_dim = [](const i64*, int, const i64*) -> i64 { return 1; };

inline constexpr Row rows_component_extremum[] = {
    {.name = "Max",
     .call = "max",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = extremum_dim,
     .domain = "(-2, 2)",
     .reference = "numpy.nanmax(a, -1, keepdims=True)",
     .sentence = "The greatest component; NaN is left out, and the first of equal ones has the "
                 "gradient.",
     .partials = ""},
    {.name = "Min",
     .call = "min",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = extremum_dim,
     .domain = "(-2, 2)",
     .reference = "numpy.nanmin(a, -1, keepdims=True)",
     .sentence = "The least component; NaN is left out, and the first of equal ones has the "
                 "gradient.",
     .partials = ""},
    {.name = "ArgMax",
     .call = "argmax",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = extremum_dim,
     .domain = "(-2, 2)",
     .reference = "numpy.nanargmax(a, -1)[..., None] * 1.0",
     .sentence = "The index of the greatest component, the first one if several are equal.",
     .partials = ""},
    {.name = "ArgMin",
     .call = "argmin",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = extremum_dim,
     .domain = "(-2, 2)",
     .reference = "numpy.nanargmin(a, -1)[..., None] * 1.0",
     .sentence = "The index of the least component, the first one if several are equal.",
     .partials = ""},
    {.name = "OneHot",
     .call = "onehot",
     .signature = "(1), n -> n",
     .operands = 1,
     .ints = 1,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return d[0] == 1 && n[0] >= 1 ? n[0] : -1;
     },
     .domain = "(-1, 4)",
     .reference = "(numpy.floor(a + 0.5) == numpy.arange(n)) * 1.0",
     .sentence = "A vector of n zeros with 1 at the nearest index; all zeros where there is none.",
     .partials = "",
     .cases = "1 | 3; 1 | 1"},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
