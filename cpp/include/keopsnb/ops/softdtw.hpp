// Soft dynamic time warping (M. Cuturi, M. Blondel, 2017) of two series by squared differences:
//
//   r_ij = (x_i - y_j)^2 + softmin(r_(i-1)(j-1), r_(i-1)j, r_i(j-1)),
//   softmin(a, b, c) = -gamma log(exp(-a / gamma) + exp(-b / gamma) + exp(-c / gamma)),
//
// and the value is the last r. Its gradient in z = (x, y, gamma) is the recursion run backwards;
// over jets it is the gradient of any differential of the value. As differentials are symmetric,
// the derivatives of that are the same operation again, with one direction more or another.
#pragma once
#include <keopsnb/ops/concat.hpp>
#include <keopsnb/ops/jet.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
// Of z = (x, y, gamma), for series of lengths N and M.
template <i64 N, i64 M>
struct SoftDtw;
// Of z, and K directions u: D^(K+1) f(z)[u1, ..., uK, .].
template <i64 N, i64 M>
struct SoftDtwGradient;
}  // namespace op

template <Formula X, Formula Y, Formula G>
constexpr auto softdtwsqdist(X x, Y y, G gamma) {
  static_assert(G::dim == 1, "keopsnb: in softdtwsqdist(x, y, gamma), gamma has dimension 1");
  return build<op::SoftDtw<X::dim, Y::dim>>(concat(x, y, gamma));
}

namespace detail {

// softmin over the predecessors of a cell, and their weights, its derivatives.
template <class J>
struct SoftMin {
  J value, weight[3];

  template <class V>
  KEOPSNB_FN SoftMin(const J* r, J gamma, J inverse, V) {
    constexpr int order = order_of<J>;
    // Any number may be subtracted before exp; the least keeps sums in [1, 3].
    const V least = min(plain_of(r[0]), min(plain_of(r[1]), plain_of(r[2])));
    const J shift = lift<order>(least);
    J total = lift<order>(V{});
    for (int k = 0; k < 3; ++k) {
      weight[k] = exp((shift - r[k]) * inverse);
      total = total + weight[k];
    }
    for (int k = 0; k < 3; ++k) weight[k] = weight[k] / total;
    value = shift - gamma * log(total);
  }
};

// The recursion over jets of numbers V.
template <i64 N, i64 M, class V, class J>
struct SoftDtwTable {
  const J* z;  // x, y, gamma
  J inverse;   // 1 / gamma
  J r[N * M];

  KEOPSNB_FN J difference(i64 i, i64 j) const { return z[i] - z[N + j]; }
  KEOPSNB_FN auto soft_min(i64 i, i64 j) const {
    const i64 at = i * M + j;
    const J before[3] = {r[at - M - 1], r[at - M], r[at - 1]};
    return SoftMin<J>(before, z[N + M], inverse, V{});
  }

  KEOPSNB_FN explicit SoftDtwTable(const J* from, J one) : z(from), inverse(one / from[N + M]) {
    for (i64 i = 0; i < N; ++i)
      for (i64 j = 0; j < M; ++j) {
        const J d = difference(i, j);
        J best = d * d;
        if (i > 0 && j > 0)
          best = best + soft_min(i, j).value;
        else if (i > 0 || j > 0)
          best = best + r[i > 0 ? (i - 1) * M : j - 1];
        r[i * M + j] = best;
      }
  }

  // The derivative of the last r in z, which is 0 at first. A cell passes its adjoint on to its
  // predecessors by their weights w; that of gamma is (softmin - sum of w r) / gamma a cell.
  KEOPSNB_FN void gradient(J* g, J none, J one) {
    J e[N * M];
    for (i64 k = 0; k < N * M; ++k) e[k] = none;
    e[N * M - 1] = one;
    for (i64 i = N - 1; i >= 0; --i)
      for (i64 j = M - 1; j >= 0; --j) {
        const i64 at = i * M + j;
        const J d = difference(i, j), pull = e[at] * (d + d);
        g[i] = g[i] + pull;
        g[N + j] = g[N + j] - pull;
        if (i > 0 && j > 0) {
          const auto m = soft_min(i, j);
          const i64 before[3] = {at - M - 1, at - M, at - 1};
          J gap = m.value;
          for (int k = 0; k < 3; ++k) {
            gap = gap - m.weight[k] * r[before[k]];
            e[before[k]] = e[before[k]] + e[at] * m.weight[k];
          }
          g[N + M] = g[N + M] + e[at] * (gap * inverse);
        } else if (i > 0 || j > 0) {
          const i64 before = i > 0 ? at - M : at - 1;
          e[before] = e[before] + e[at];
        }
      }
  }
};

}  // namespace detail

namespace op {

template <i64 N, i64 M>
struct SoftDtw {
  static constexpr i64 size = N + M + 1;
  static constexpr i64 dim(i64 d) { return d == size ? 1 : -1; }

  template <Formula G, Formula Z>
  static constexpr auto pullback(Int<0>, G g, Z z) {
    return g * build<SoftDtwGradient<N, M>>(z);
  }
  template <Formula T, Formula Z>
  static constexpr auto push(Int<0>, T dz, Z z) {
    return sum(build<SoftDtwGradient<N, M>>(z) * dz);
  }

  template <Formula Z, class X>
  KEOPSNB_FN static auto at(X& x, i64) {
    using R = tile_of<X, Z>;
    using V = typename R::number;
    const detail::Gathered<R, size, Z> given(x);
    R r;
    for (int p = 0; p < R::packs; ++p)
      for (int s = 0; s < R::steps; ++s) {
        V z[size];
        for (i64 c = 0; c < size; ++c) z[c] = given.jet_at(c, p, s);
        const detail::SoftDtwTable<N, M, V, V> table(z, constant<V>(1));
        r.at(p, s) = table.r[N * M - 1];
      }
    return r;
  }
};

template <i64 N, i64 M>
struct SoftDtwGradient {
  using joint = void;
  static constexpr i64 size = N + M + 1;
  template <class... D>
  static constexpr i64 dim(D... d) {
    return ((d == size) && ...) ? size : -1;
  }

  template <Formula H, Formula... A>
  static constexpr auto pullback(Int<0>, H h, A... a) {
    return build<SoftDtwGradient>(a..., h);
  }
  template <i64 K, Formula H, Formula... A>
  static constexpr auto pullback(Int<K>, H h, A... a) {
    return detail::build_with<SoftDtwGradient, K>(h, a...);
  }
  template <i64 K, Formula T, Formula... A>
  static constexpr auto push(Int<K> k, T da, A... a) {
    return pullback(k, da, a...);
  }

  template <Formula... A, class X, class Out>
  KEOPSNB_FN static void fill(X& x, Out out) {
    using R = tile_of<X, Node<SoftDtwGradient, A...>>;
    using V = typename R::number;
    constexpr int order = sizeof...(A) - 1;
    using J = Jet<V, order>;
    const detail::Gathered<R, size, A...> given(x);
    const J none = lift<order>(V{}), one = lift<order>(constant<V>(1));
    for (int p = 0; p < R::packs; ++p)
      for (int s = 0; s < R::steps; ++s) {
        J z[size], g[size];
        for (i64 c = 0; c < size; ++c) {
          z[c] = given.jet_at(c, p, s);
          g[c] = none;
        }
        detail::SoftDtwTable<N, M, V, J> table(z, one);
        table.gradient(g, none, one);
        for (i64 c = 0; c < size; ++c) out(c).at(p, s) = top_of(g[c]);
      }
  }
  template <Formula... A, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    tile_of<X, Node<SoftDtwGradient, A...>> r[size];
    fill<A...>(x, [&](i64 k) KEOPSNB_LAMBDA -> auto& { return r[k]; });
    return r[c];
  }
};

}  // namespace op

namespace detail {

template <i64 N, i64 M>
struct Simplify<op::SoftDtwGradient<N, M>> : SimplifyDifferential<op::SoftDtwGradient<N, M>> {};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
