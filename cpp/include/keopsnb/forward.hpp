// Forward mode: the differential itself, as a formula.
//
//   diff(f, v, u) = d_v f(u),   the derivative of f along u, for u of the dimension of v.
//
// It runs from the variables up, once over each distinct sub-formula in which v occurs: what a node
// passes on is the sum, over its operands, of its differential in each. It has the dimension of f,
// costs a few times f whatever the dimension of v, and is itself a formula. The law
//
//   < e, diff(f, v, u) > = < grad(f, v, e), u >
//
// relates it to diff.hpp, which shares the partial derivatives with it and nothing else.
#pragma once
#include <keopsnb/build.hpp>
#include <keopsnb/graph.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

// The differential of node `self` = Op(a...) in its operand K, applied to da.
template <int K, Formula S, Formula... A, Formula T>
constexpr auto push_forward([[maybe_unused]] S self, List<A...>, T da) {
  using Op = typename S::op;
  if constexpr (op::Elementwise<Op>)
    return chained(Op::partial(Int<K>{}, self, A{}...), da);
  else
    return Op::push(Int<K>{}, da, A{}...);
}

template <class V, class U, class F>
constexpr auto direction_of() {
  if constexpr (same<F, V>)
    return U{};
  else
    return zero<F::dim>;
}

// The differentials of formulas where each variable V moves along its direction U. Types keep what
// was found, so that no sub-formula is differentiated twice.
template <class Vs, class Us>
struct Tangents;
template <class... V, class... U>
struct Tangents<List<V...>, List<U...>> {
  template <class F>
  struct Tangent;
  template <class F>
  using tangent = typename Tangent<F>::type;

  template <class F>
  static constexpr bool moves = (occurs<F, V> || ...);

  // The sum of what operands of F pass to it. An operation linear in all of them together is its
  // own differential.
  template <class F, class... A>
  static constexpr auto gathered(F f, List<A...>) {
    if constexpr (requires { typename F::op::linear; })
      return build<typename F::op>(tangent<A>{}...);
    else
      return gathered_from<0>(f);
  }
  template <int K, class F>
  static constexpr auto gathered_from(F f) {
    if constexpr (K == operands_of<F>::size) {
      return zero<F::dim>;
    } else {
      using A = at<K, operands_of<F>>;
      if constexpr (moves<A>)
        return build<op::Add, true>(push_forward<K>(f, operands_of<F>{}, tangent<A>{}),
                                    gathered_from<K + 1>(f));
      else
        return gathered_from<K + 1>(f);
    }
  }
};

template <class... V, class... U>
template <class F>
struct Tangents<List<V...>, List<U...>>::Tangent {
  static constexpr auto find() {
    if constexpr (!moves<F>)
      return zero<F::dim>;
    else if constexpr (operands_of<F>::size == 0)
      return (direction_of<V, U, F>() + ...);
    else
      return spread<F::dim>(gathered(F{}, operands_of<F>{}));
  }
  using type = decltype(find());
};

// Of pairs v, u, v, u...: the variables, and the directions.
template <class Vs, class Us, class... Pairs>
struct Split {
  using tangents = Tangents<Vs, Us>;
};
template <class... V, class... U, class W, class D, class... More>
struct Split<List<V...>, List<U...>, W, D, More...> : Split<List<V..., W>, List<U..., D>, More...> {
  static_assert(NumberVariable<W>,
                "keopsnb: in diff(f, v, u), v is a variable of numbers, such as vi<0, 3>");
  static_assert(W::dim == D::dim, "keopsnb: in diff(f, v, u), u has the dimension of v");
};

}  // namespace detail

// diff(f, v, u, w, t, ...) = d_v f(u) + d_w f(t) + ...
template <Formula F, Formula V, Formula U, Formula... More>
constexpr auto diff(F, V, U, More...) {
  static_assert(sizeof...(More) % 2 == 0, "keopsnb: diff takes a direction for each variable");
  using Found = detail::Split<List<>, List<>, V, U, More...>;
  return detail::ungated(typename Found::tangents::template tangent<F>{});
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
