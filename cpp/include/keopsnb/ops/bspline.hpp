// Basis functions of B-splines, by the recursion of de Boor, Cox and Mansfield:
//
//   B_i,0(x) = 1 where t_i <= x < t_(i+1), else 0,
//   B_i,k(x) = (x - t_i) / (t_(i+k) - t_i) B_i,k-1(x)
//            + (t_(i+k+1) - x) / (t_(i+k+1) - t_(i+1)) B_i+1,k-1(x),
//
// where a term with a denominator that is not positive is 0. Over jets of z = (t, x) it gives their
// differentials.
#pragma once
#include <keopsnb/ops/concat.hpp>
#include <keopsnb/ops/jet.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
// Of z, of dimension Knots + 1, and K directions u: D^K B(z)[u1, ..., uK].
template <i64 Knots, i64 Order>
struct BSpline;
// Of z, K directions u and g: the gradient in z of <g, D^K B(z)[u1, ..., uK]>.
template <i64 Knots, i64 Order>
struct BSplineGradient;
}  // namespace op

namespace detail {
constexpr i64 bspline_dim(i64 knots, i64 x, i64 order) {
  return x == 1 && order >= 0 && order <= knots - 2 ? knots - order - 1 : -1;
}
}  // namespace detail

template <i64 Order, Formula T, Formula X>
constexpr auto bspline(T knots, X x) {
  static_assert(X::dim == 1, "keopsnb: in bspline<k>(knots, x), x has dimension 1");
  static_assert(detail::bspline_dim(T::dim, 1, Order) > 0,
                "keopsnb: bspline<k>(knots, x) takes k + 2 knots or more, for k >= 0");
  return build<op::BSpline<T::dim, Order>>(concat(knots, x));
}

namespace detail {

// The functions of order Order at z = (knots, x), in b[0] ... b[Knots - Order - 2].
template <i64 Knots, i64 Order, class J>
KEOPSNB_FN void bsplines(const J* z, J* b, J none, J one) {
  const J x = z[Knots];
  for (i64 i = 0; i < Knots - 1; ++i) {
    const auto begun = plain_of(z[i]) <= plain_of(x);
    const auto before_end = plain_of(x) < plain_of(z[i + 1]);
    b[i] = select_jet(begun & before_end, one, none);
  }
  // num / (to - from) where from < to, else 0.
  const auto share = [&](J num, J from, J to) KEOPSNB_LAMBDA {
    const auto some = plain_of(from) < plain_of(to);
    return select_jet(some, num / select_jet(some, to - from, one), none);
  };
  for (i64 k = 1; k <= Order; ++k)
    for (i64 i = 0; i < Knots - 1 - k; ++i)
      b[i] = share(x - z[i], z[i], z[i + k]) * b[i] +
             share(z[i + k + 1] - x, z[i + 1], z[i + k + 1]) * b[i + 1];
}

}  // namespace detail

namespace op {

template <i64 Knots, i64 Order>
struct BSpline {
  using joint = void;
  static constexpr i64 size = Knots + 1, functions = detail::bspline_dim(Knots, 1, Order);
  template <class... D>
  static constexpr i64 dim(D... d) {
    return ((d == size) && ...) ? functions : -1;
  }

  template <Formula G, Formula... A>
  static constexpr auto pullback(Int<0>, G g, A... a) {
    return build<BSplineGradient<Knots, Order>>(a..., g);
  }
  // <g, D^K B[..., du, ...]> is the differential along du of D^(K-1) B on the other directions.
  template <i64 K, Formula G, Formula... A>
  static constexpr auto pullback(Int<K>, G g, A... a) {
    return detail::build_without<BSplineGradient<Knots, Order>, K>(g, a...);
  }
  template <Formula T, Formula... A>
  static constexpr auto push(Int<0>, T dz, A... a) {
    return build<BSpline>(a..., dz);
  }
  template <i64 K, Formula T, Formula... A>
  static constexpr auto push(Int<K>, T du, A... a) {
    return detail::build_with<BSpline, K>(du, a...);
  }

  template <Formula... A, class X, class Out>
  KEOPSNB_FN static void fill(X& x, Out out) {
    using R = tile_of<X, Node<BSpline, A...>>;
    using V = typename R::number;
    constexpr int order = sizeof...(A) - 1;
    using J = Jet<V, order>;
    const detail::Gathered<R, size, A...> given(x);
    for (int p = 0; p < R::packs; ++p)
      for (int s = 0; s < R::steps; ++s) {
        J z[size], b[Knots - 1];
        for (i64 c = 0; c < size; ++c) z[c] = given.jet_at(c, p, s);
        detail::bsplines<Knots, Order>(z, b, lift<order>(V{}), lift<order>(constant<V>(1)));
        for (i64 c = 0; c < functions; ++c) out(c).at(p, s) = top_of(b[c]);
      }
  }
  template <Formula... A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    tile_of<X, Node<BSpline, A...>> r[functions];
    fill<A...>(x, [&](i64 k) KEOPSNB_LAMBDA -> auto& { return r[k]; });
    return r[c];
  }
};

template <i64 Knots, i64 Order>
struct BSplineGradient {
  using joint = void;
  static constexpr i64 size = Knots + 1, functions = detail::bspline_dim(Knots, 1, Order);
  template <class... D>
  static constexpr i64 dim(D... d) {
    const i64 dims[] = {d...};
    const int last = static_cast<int>(sizeof...(D)) - 1;
    for (int k = 0; k < last; ++k)
      if (dims[k] != size) return -1;
    return dims[last] == functions ? size : -1;
  }

  // Linear in g, and symmetric in the directions and what it is applied to.
  template <i64 K, Formula H, Formula... A>
  static constexpr auto pullback(Int<K>, H h, A... a) {
    constexpr i64 last = sizeof...(A) - 1;
    if constexpr (K == last)
      return detail::build_with<BSpline<Knots, Order>, K>(h, a...);
    else
      return push(Int<K>{}, h, a...);
  }
  template <i64 K, Formula T, Formula... A>
  static constexpr auto push(Int<K>, T da, A... a) {
    if constexpr (K == 0)
      return detail::build_before_last<BSplineGradient>(da, a...);
    else
      return detail::build_with<BSplineGradient, K>(da, a...);
  }

  // Component c is the differential in one direction more, the c-th unit vector.
  template <Formula... A, class X, class Out>
  KEOPSNB_FN static void fill(X& x, Out out) {
    using R = tile_of<X, Node<BSplineGradient, A...>>;
    using V = typename R::number;
    fill_from<V>(detail::split_last<List<>, A...>{}, x, out);
  }
  template <class V, Formula... A, Formula G, class X, class Out>
  KEOPSNB_FN static void fill_from(detail::AndLast<List<A...>, G>, X& x, Out out) {
    using R = tile_of<X, Node<BSplineGradient, A..., G>>;
    constexpr int order = sizeof...(A);
    using J = Jet<V, order>;
    const detail::Gathered<R, size, A...> given(x);
    const detail::Gathered<R, functions, G> weight(x);
    for (int p = 0; p < R::packs; ++p)
      for (int s = 0; s < R::steps; ++s)
        for (i64 unit = 0; unit < size; ++unit) {
          J z[size], b[Knots - 1];
          for (i64 c = 0; c < size; ++c)
            z[c] = {given.jet_at(c, p, s), lift<order - 1>(c == unit ? constant<V>(1) : V{})};
          detail::bsplines<Knots, Order>(z, b, lift<order>(V{}), lift<order>(constant<V>(1)));
          V sum{};
          for (i64 c = 0; c < functions; ++c) sum += weight.at[0][c].at(p, s) * top_of(b[c]);
          out(unit).at(p, s) = sum;
        }
  }
  template <Formula... A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    tile_of<X, Node<BSplineGradient, A...>> r[size];
    fill<A...>(x, [&](i64 k) KEOPSNB_LAMBDA -> auto& { return r[k]; });
    return r[c];
  }
};

}  // namespace op

namespace detail {

template <i64 N, i64 K>
struct Simplify<op::BSpline<N, K>> : SimplifyDifferential<op::BSpline<N, K>> {};
template <i64 N, i64 K>
struct Simplify<op::BSplineGradient<N, K>> : SimplifyDifferential<op::BSplineGradient<N, K>> {};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
