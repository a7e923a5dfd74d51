// The product of two tensors, summed over some of their axes. Matrix products, outer products and
// all of their derivatives are this one operation with other strides.
#pragma once
#include <keopsnb/ops/extract.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// An axis of a contraction: its length, and how far one step along it goes in the result, in a and
// in b; 0 where they do not have it. An axis that the result does not have is summed over.
template <i64 Length, i64 Result, i64 A, i64 B>
struct TensorAxis {
  static constexpr i64 length = Length, result = Result, a = A, b = B;
};

namespace op {
// Of vectors of dimensions DimA and DimB: c[r] = sum over the axes c lacks of a[p] b[q].
template <i64 DimA, i64 DimB, class... Axes>
struct Contract;
struct GatedProduct;  // gate.hpp
}  // namespace op

namespace detail {

template <i64 DimA, i64 DimB, class Kept, class... Axes>
struct LongAxes;
template <i64 DimA, i64 DimB, class... K>
struct LongAxes<DimA, DimB, List<K...>> {
  using type = op::Contract<DimA, DimB, K...>;
};
template <i64 DimA, i64 DimB, class... K, class X, class... More>
struct LongAxes<DimA, DimB, List<K...>, X, More...> {
  using type = typename LongAxes<DimA, DimB, choose<X::length == 1, List<K...>, List<K..., X>>,
                                 More...>::type;
};

}  // namespace detail

// Axes of length 1 are left out, so that equal contractions are one type.
template <class... Axes, Formula A, Formula B>
constexpr auto contract(A a, B b) {
  return build<typename detail::LongAxes<A::dim, B::dim, List<>, Axes...>::type>(a, b);
}

namespace op {

template <i64 DimA, i64 DimB, class... Axes>
struct Contract {
  static constexpr i64 result = (1 * ... * (Axes::result != 0 ? Axes::length : 1));
  static constexpr i64 terms = (1 * ... * (Axes::result == 0 ? Axes::length : 1));
  static constexpr int cost = terms < 1000 ? static_cast<int>(2 * terms) : 2000;
  static constexpr i64 dim(i64 a, i64 b) { return a == DimA && b == DimB ? result : -1; }
  // Whether the evaluation of all components reads one of an operand more than once.
  template <int K>
  static constexpr bool rereads = result * terms > (K == 0 ? DimA : DimB);

  // <g, Contract(da, b)> = <Contract(g, b), da>: the result and an operand change places.
  template <Formula G, Formula A, Formula B>
  static constexpr auto pullback(Int<0>, G g, A, B b) {
    return contract<TensorAxis<Axes::length, Axes::a, Axes::result, Axes::b>...>(g, b);
  }
  template <Formula G, Formula A, Formula B>
  static constexpr auto pullback(Int<1>, G g, A a, B) {
    return contract<TensorAxis<Axes::length, Axes::b, Axes::a, Axes::result>...>(a, g);
  }
  template <Formula T, Formula A, Formula B>
  static constexpr auto push(Int<0>, T da, A, B b) {
    return contract<Axes...>(da, b);
  }
  template <Formula T, Formula A, Formula B>
  static constexpr auto push(Int<1>, T db, A a, B) {
    return contract<Axes...>(a, db);
  }

  // f(p, q) for the terms of a component that begins at p in a and q in b.
  template <class X, class... More, class F>
  KEOPSNB_FN static void for_terms(List<X, More...>, i64 p, i64 q, F& f) {
    if constexpr (X::result != 0)
      for_terms(List<More...>{}, p, q, f);
    else
      for (i64 k = 0; k < X::length; ++k) for_terms(List<More...>{}, p + k * X::a, q + k * X::b, f);
  }
  template <class F>
  KEOPSNB_FN static void for_terms(List<>, i64 p, i64 q, F& f) {
    f(p, q);
  }

  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return sum_at<false, A, B>(x, c);
  }

  // Gated: terms are 0 where a is.
  template <bool Gated, Formula A, Formula B, class X>
  KEOPSNB_FN static auto sum_at(X& x, i64 c) {
    using R = tile_of<X, A, B>;
    i64 p = 0, q = 0;
    const auto begin = [&]<class Y>(Y) KEOPSNB_LAMBDA {
      if constexpr (Y::result != 0) {
        const i64 k = c / Y::result % Y::length;
        p += k * Y::a;
        q += k * Y::b;
      }
    };
    (begin(Axes{}), ...);
    R sum{};
    auto add = [&](i64 i, i64 j) KEOPSNB_LAMBDA {
      const auto a = get<A>(x, i);
      const auto b = get<B>(x, j);
      KEOPSNB_UNROLL
      for (int k = 0; k < R::packs; ++k) KEOPSNB_UNROLL
      for (int s = 0; s < R::steps; ++s) {
        using V = typename R::number;
        const V left = to_number<V>(a.at(k, s)), term = left * to_number<V>(b.at(k, s));
        if constexpr (Gated)
          sum.at(k, s) += select<V>(left == V{}, V{}, term);
        else
          sum.at(k, s) += term;
      }
    };
    for_terms(List<Axes...>{}, p, q, add);
    return sum;
  }
};

// The same, but 0 in every term where a is.
template <i64 DimA, i64 DimB, class... Axes>
struct GatedContract : Contract<DimA, DimB, Axes...> {
  template <Formula G, Formula A, Formula B>
  static constexpr auto pullback(Int<0>, G g, A, B b) {
    return contract<TensorAxis<Axes::length, Axes::a, Axes::result, Axes::b>...>(g, b);
  }
  template <Formula G, Formula A, Formula B>
  static constexpr auto pullback(Int<1>, G g, A a, B) {
    return contract<TensorAxis<Axes::length, Axes::b, Axes::a, Axes::result>...>(detail::gate(a),
                                                                                 g);
  }
  template <Formula T, Formula A, Formula B>
  static constexpr auto push(Int<0>, T da, A, B b) {
    return contract<Axes...>(da, b);
  }
  template <Formula T, Formula A, Formula B>
  static constexpr auto push(Int<1>, T db, A a, B) {
    return contract<Axes...>(detail::gate(a), db);
  }

  template <Formula A, Formula B, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    return Contract<DimA, DimB, Axes...>::template sum_at<true, A, B>(x, c);
  }
};

}  // namespace op

template <class... Axes, Formula A, Formula B>
constexpr auto gated_contract(A a, B b) {
  return build<op::GatedContract<A::dim, B::dim, Axes...>>(a, b);
}

namespace detail {

template <i64 DimA, i64 DimB, class... Axes>
struct Simplify<op::Contract<DimA, DimB, Axes...>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    using Op = op::Contract<DimA, DimB, Axes...>;
    if constexpr (is_zero<A> || is_zero<B>)
      return zero<Op::result>;
    else if constexpr (A::dim == 1 && B::dim == 1)
      return a * b;
    else
      return Node<Op, A, B>{};
  }
};
// Over one axis, a product of components.
template <i64 N>
struct Simplify<op::Contract<N, N, TensorAxis<N, 0, 1, 1>>> {
  template <bool Free, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return build<op::Sum, Free>(build<op::Mult, Free>(a, b));
  }
};
template <i64 N>
struct Simplify<op::Contract<N, 1, TensorAxis<N, 1, 1, 0>>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return a * b;
  }
};
template <i64 N>
struct Simplify<op::Contract<1, N, TensorAxis<N, 1, 0, 1>>> {
  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    return a * b;
  }
};
template <i64 DimA, i64 DimB, class... Axes>
struct Simplify<op::GatedContract<DimA, DimB, Axes...>> {
  static constexpr i64 N = DimA > DimB ? DimA : DimB;
  template <class A>
  static constexpr bool over = same<List<Axes...>, List<A>>;

  template <bool, Formula A, Formula B>
  static constexpr auto apply(A a, B b) {
    using Op = op::GatedContract<DimA, DimB, Axes...>;
    if constexpr (is_zero<A> || is_zero<B>)
      return zero<Op::result>;
    else if constexpr (N == 1 || over<TensorAxis<N, 1, 1, 0>> || over<TensorAxis<N, 1, 0, 1>>)
      return build<op::GatedProduct>(a, b);
    else if constexpr (over<TensorAxis<N, 0, 1, 1>>)
      return build<op::Sum, true>(build<op::GatedProduct>(a, b));
    else
      return Node<Op, A, B>{};
  }
};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
