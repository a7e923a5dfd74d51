// The greatest and the least component of a vector, their indices, and the vector of an index.
#pragma once
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

namespace detail {
constexpr i64 onehot_dim(i64 d, i64 n) { return d == 1 && n >= 1 ? n : -1; }
}  // namespace detail

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
  static_assert(detail::onehot_dim(1, N) > 0, "keopsnb: in onehot<n>(f), n is 1 or more");
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
  static constexpr i64 dim(i64 d) { return detail::onehot_dim(d, N); }

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

namespace detail {

template <bool Greatest>
struct Simplify<op::Extremum<Greatest>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    if constexpr (A::dim == 1)
      return a;
    else
      return Node<op::Extremum<Greatest>, A>{};
  }
};
template <bool Greatest>
struct Simplify<op::ExtremumIndex<Greatest>> {
  template <bool, Formula A>
  static constexpr auto apply(A) {
    if constexpr (A::dim == 1)
      return zero<1>;
    else
      return Node<op::ExtremumIndex<Greatest>, A>{};
  }
};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
