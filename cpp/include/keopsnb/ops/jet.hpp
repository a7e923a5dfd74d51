// Numbers with infinitesimals: z + e1 u1 + ... + eK uK with ek^2 = 0. The coefficient of e1 ... eK
// in f(z + e1 u1 + ... + eK uK) is the K-th differential of f at z in the directions u1, ..., uK,
// so that a loop over jets is the derivative, of any order, of the same loop over numbers.
#pragma once
#include <keopsnb/math.hpp>
#include <keopsnb/terms.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class V>
struct Dual {
  V value, rate;
};

template <class V, int K>
struct JetOf {
  using type = Dual<typename JetOf<V, K - 1>::type>;
};
template <class V>
struct JetOf<V, 0> {
  using type = V;
};
template <class V, int K>
using Jet = typename JetOf<V, K>::type;

template <class V>
KEOPSNB_FN Dual<V> operator+(Dual<V> a, Dual<V> b) {
  return {a.value + b.value, a.rate + b.rate};
}
template <class V>
KEOPSNB_FN Dual<V> operator-(Dual<V> a, Dual<V> b) {
  return {a.value - b.value, a.rate - b.rate};
}
template <class V>
KEOPSNB_FN Dual<V> operator*(Dual<V> a, Dual<V> b) {
  return {a.value * b.value, a.value * b.rate + a.rate * b.value};
}
template <class V>
KEOPSNB_FN Dual<V> operator/(Dual<V> a, Dual<V> b) {
  const V q = a.value / b.value;
  return {q, (a.rate - q * b.rate) / b.value};
}
template <class V>
KEOPSNB_FN Dual<V> exp(Dual<V> a) {
  const V e = exp(a.value);
  return {e, e * a.rate};
}
template <class V>
KEOPSNB_FN Dual<V> log(Dual<V> a) {
  return {log(a.value), a.rate / a.value};
}

// The number of a jet, without infinitesimals; and their product's coefficient.
template <Number V>
KEOPSNB_FN V plain_of(V a) {
  return a;
}
template <class V>
KEOPSNB_FN auto plain_of(Dual<V> a) {
  return plain_of(a.value);
}
template <Number V>
KEOPSNB_FN V top_of(V a) {
  return a;
}
template <class V>
KEOPSNB_FN auto top_of(Dual<V> a) {
  return top_of(a.rate);
}

template <class J>
inline constexpr int order_of = 0;
template <class V>
inline constexpr int order_of<Dual<V>> = 1 + order_of<V>;

// z as a jet of order K.
template <int K, Number V>
KEOPSNB_FN Jet<V, K> lift(V z) {
  if constexpr (K == 0)
    return z;
  else
    return {lift<K - 1>(z), lift<K - 1>(V{})};
}
// z + e1 u[0] + ... + eK u[K - 1]
template <int K, Number V>
KEOPSNB_FN Jet<V, K> jet(V z, const V* u) {
  if constexpr (K == 0)
    return z;
  else
    return {jet<K - 1>(z, u), lift<K - 1>(u[K - 1])};
}

template <Number V, class M>
KEOPSNB_FN V select_jet(M mask, V yes, V no) {
  return select<V>(mask, yes, no);
}
template <class M, class V>
KEOPSNB_FN Dual<V> select_jet(M mask, Dual<V> yes, Dual<V> no) {
  return {select_jet(mask, yes.value, no.value), select_jet(mask, yes.rate, no.rate)};
}

namespace detail {

// The components of the operands A, each of dimension D, once.
template <class R, i64 D, class... A>
struct Gathered {
  R at[sizeof...(A)][D];

  template <class X>
  KEOPSNB_FN explicit Gathered(X& x) {
    int k = 0;
    (gather<A>(x, k++), ...);
  }
  template <class F, class X>
  KEOPSNB_FN void gather(X& x, int k) {
    for_components<D>([&](i64 c) KEOPSNB_LAMBDA { at[k][c] = convert<R>(get<F>(x, c)); });
  }

  // Number (p, s) of component c of the first operand, with the others as directions.
  KEOPSNB_FN auto jet_at(i64 c, int p, int s) const {
    typename R::number u[sizeof...(A)];
    for (int k = 1; k < static_cast<int>(sizeof...(A)); ++k) u[k - 1] = at[k][c].at(p, s);
    return jet<static_cast<int>(sizeof...(A)) - 1>(at[0][c].at(p, s), u);
  }
};

template <bool First, Formula A, Formula B>
constexpr auto either(A a, B b) {
  if constexpr (First)
    return a;
  else
    return b;
}

// Op on the operands a with r in place of the K-th.
template <class Op, i64 K, int... I, Formula R, Formula... A>
constexpr auto build_with(Ints<I...>, R r, A... a) {
  return build<Op>(either < I == K > (r, a)...);
}
template <class Op, i64 K, Formula R, Formula... A>
constexpr auto build_with(R r, A... a) {
  return build_with<Op, K>(up_to<sizeof...(A)>{}, r, a...);
}

// Without the K-th, and r after the others.
template <class Op, i64 K, int... I, Formula R, Formula... A>
constexpr auto build_without(Ints<I...>, R r, List<A...>) {
  return build<Op>(keopsnb::at<(I < K ? I : I + 1), List<A...>>{}..., r);
}
template <class Op, i64 K, Formula R, Formula... A>
constexpr auto build_without(R r, A...) {
  return build_without<Op, K>(up_to<sizeof...(A) - 1>{}, r, List<A...>{});
}
// With r before the last of a.
template <class Op, int... I, Formula R, Formula... A>
constexpr auto build_before_last(Ints<I...>, R r, List<A...>) {
  return build<Op>(keopsnb::at<I, List<A...>>{}..., r, keopsnb::at<sizeof...(A) - 1, List<A...>>{});
}
template <class Op, Formula R, Formula... A>
constexpr auto build_before_last(R r, A...) {
  return build_before_last<Op>(up_to<sizeof...(A) - 1>{}, r, List<A...>{});
}

// The types L, then G.
template <class L, class G>
struct AndLast {};
template <class Seen, class... A>
struct SplitLast;
template <class... S, class A>
struct SplitLast<List<S...>, A> {
  using type = AndLast<List<S...>, A>;
};
template <class... S, class A, class B, class... More>
struct SplitLast<List<S...>, A, B, More...> {
  using type = typename SplitLast<List<S..., A>, B, More...>::type;
};
template <class Seen, class... A>
using split_last = typename SplitLast<Seen, A...>::type;

}  // namespace detail

namespace detail {

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

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
