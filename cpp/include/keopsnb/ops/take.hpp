// A row of a table, by an integer.
#pragma once
#include <keopsnb/ops/integers.hpp>
#include <keopsnb/terms.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
// Of a table (L, D), row after row; and its adjoint, into a table of dimension N.
template <i64 D>
struct Take;
template <i64 N>
struct TakeT;
}  // namespace op

namespace detail {
constexpr i64 take_dim(i64 table, i64 index, i64 d) {
  return d >= 1 && table % d == 0 && index == 1 ? d : -1;
}
constexpr i64 taket_dim(i64 d, i64 index, i64 n) {
  return n >= 1 && n % d == 0 && index == 1 ? n : -1;
}
}  // namespace detail

// Components index * D ... index * D + D - 1 of the table; NaN where it has none.
template <i64 D = 1, Formula A, Formula I>
constexpr auto take(A table, I index) {
  static_assert(IntegerFormula<I> && I::dim == 1,
                "keopsnb: in take(table, index), index is a formula of integers of dimension 1");
  static_assert(detail::take_dim(A::dim, 1, D) > 0,
                "keopsnb: in take<d>(table, index), the dimension of the table is a multiple of d");
  return build<op::Take<D>>(as_number(table), index);
}
// A table of N zeros with a in its row of that index.
template <i64 N, Formula A, Formula I>
constexpr auto taket(A a, I index) {
  static_assert(IntegerFormula<I> && I::dim == 1,
                "keopsnb: in taket<n>(f, index), index is a formula of integers of dimension 1");
  static_assert(detail::taket_dim(A::dim, 1, N) > 0,
                "keopsnb: in taket<n>(f, index), n is a multiple of the dimension of f");
  return build<op::TakeT<N>>(as_number(a), index);
}

namespace op {

// Tables that lie in memory as they are.
template <class F>
inline constexpr bool in_memory = false;
template <int P, i64 N>
inline constexpr bool in_memory<Var<P, N, Category::parameter>> = true;

template <i64 D>
struct Take {
  using takes_integers = void;
  static constexpr i64 dim(i64 table, i64 index) { return detail::take_dim(table, index, D); }
  static constexpr int cost = 5;
  template <int K>
  static constexpr bool rereads = K == 0;

  // <g, Take(da, i)> = <TakeT(g, i), da>; no derivative in the index.
  template <Formula G, Formula A, Formula I>
  static constexpr auto pullback(Int<0>, G g, A, I i) {
    return detail::gate(taket<A::dim>(g, i));
  }
  template <Formula G, Formula A, Formula I>
  static constexpr auto pullback(Int<1>, G, A, I) {
    return zero<1>;
  }
  template <Formula T, Formula A, Formula I>
  static constexpr auto push(Int<0>, T da, A, I i) {
    return take<D>(da, i);
  }
  template <Formula T, Formula A, Formula I>
  static constexpr auto push(Int<1>, T, A, I) {
    return zero<D>;
  }

  // One load for each lane from a table in memory; else a look at each of its rows.
  template <Formula A, Formula I, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A, I>;
    using V = typename R::number;
    constexpr i64 rows = A::dim / D;
    const V none = constant<V>(quiet_nan);
    const auto index = get<I>(x, 0);
    R r;
    if constexpr (in_memory<A>) {
      const auto load = [&](i64 k) KEOPSNB_LAMBDA {
        return k >= 0 && k < rows ? x.template variable<A>(k * D + c).at(0, 0) : lane(none, 0);
      };
      KEOPSNB_UNROLL
      for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
      for (int s = 0; s < R::steps; ++s) {
        const integer_of<V> k = integer_bits(index.at(p, s));
        if constexpr (width_of<V> == 1)
          r.at(p, s) = load(k);
        else
          for (int l = 0; l < width_of<V>; ++l) r.at(p, s)[l] = load(k[l]);
      }
    } else {
      KEOPSNB_UNROLL
      for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
      for (int s = 0; s < R::steps; ++s) r.at(p, s) = none;
      for (i64 row = 0; row < rows; ++row) {
        const auto a = get<A>(x, row * D + c);
        const auto here = static_cast<integer_of<scalar_of<V>>>(row);
        KEOPSNB_UNROLL
        for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
        for (int s = 0; s < R::steps; ++s)
          r.at(p, s) = select<V>(splat_integer<V>(index.at(p, s)) == here, to_number<V>(a.at(p, s)),
                                 r.at(p, s));
      }
    }
    return r;
  }
};

template <i64 N>
struct TakeT {
  using takes_integers = void;
  static constexpr i64 dim(i64 d, i64 index) { return detail::taket_dim(d, index, N); }
  static constexpr int cost = 5;
  template <int K>
  static constexpr bool rereads = K == 0;

  template <Formula G, Formula A, Formula I>
  static constexpr auto pullback(Int<0>, G g, A, I i) {
    return take<A::dim>(g, i);
  }
  template <Formula G, Formula A, Formula I>
  static constexpr auto pullback(Int<1>, G, A, I) {
    return zero<1>;
  }
  template <Formula T, Formula A, Formula I>
  static constexpr auto push(Int<0>, T da, A, I i) {
    return taket<N>(da, i);
  }
  template <Formula T, Formula A, Formula I>
  static constexpr auto push(Int<1>, T, A, I) {
    return zero<N>;
  }

  template <Formula A, Formula I, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    using R = tile_of<X, A, I>;
    using V = typename R::number;
    const auto index = get<I>(x, 0);
    const auto a = get<A>(x, c % A::dim);
    const auto row = static_cast<integer_of<scalar_of<V>>>(c / A::dim);
    R r;
    KEOPSNB_UNROLL
    for (int p = 0; p < R::packs; ++p) KEOPSNB_UNROLL
    for (int s = 0; s < R::steps; ++s)
      r.at(p, s) =
          select<V>(splat_integer<V>(index.at(p, s)) == row, to_number<V>(a.at(p, s)), V{});
    return r;
  }
};

}  // namespace op

namespace detail {

// Of a table of zeros.
template <class Op>
struct SimplifyLookup {
  template <bool, Formula A, Formula I>
  static constexpr auto apply(A, I) {
    if constexpr (is_zero<A>)
      return zero<Op::dim(A::dim, I::dim)>;
    else
      return Node<Op, A, I>{};
  }
};
template <i64 D>
struct Simplify<op::Take<D>> : SimplifyLookup<op::Take<D>> {};
template <i64 N>
struct Simplify<op::TakeT<N>> : SimplifyLookup<op::TakeT<N>> {};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
