// Differentiation: the adjoint of the differential, as a formula.
//
// For a formula f and a variable v, with d_v f its differential in v,
//
//   < g, d_v f(dv) > = < grad(f, v, g), dv >      for all g and dv.
//
// grad(f, v, g) has the dimension of v and is itself a formula, so that every order comes for free.
// It runs backwards over the distinct sub-formulas of f: the adjoint of a node is the sum, over the
// nodes that use it, of what they pull back. Each node is visited once, so a derivative is a few
// times the size of its formula at any order.
#pragma once
#include <keopsnb/graph.hpp>
#include <keopsnb/simplify.hpp>

namespace keopsnb {
namespace detail {

// What node `self` = Op(a...) with adjoint g passes to its operand K.
// Elementwise: da -> partial_K * da, and its adjoint sums over components where a is broadcast.
template <int K, class Op, Formula... A, Formula G>
constexpr auto pull_back(Node<Op, A...> self, G g) {
  if constexpr (op::Elementwise<Op>) {
    auto contribution = Op::partial(Int<K>{}, self, A{}...) * g;
    if constexpr (decltype(operand<K>(self))::dim == 1)
      return sum(contribution);
    else
      return contribution;
  } else {
    return Op::pullback(Int<K>{}, g, A{}...);
  }
}

// What `Parent` passes to N, over all its operands from K on that are N.
template <class Walk, class N, int K, class Parent>
constexpr auto passed(Parent, List<>) {
  return zero<N::dim>;
}
template <class Walk, class N, int K, class Parent, class A, class... More>
constexpr auto passed(Parent p, List<A, More...>) {
  if constexpr (same<A, N>)
    return pull_back<K>(p, typename Walk::template adjoint<Parent>{}) +
           passed<Walk, N, K + 1>(p, List<More...>{});
  else
    return passed<Walk, N, K + 1>(p, List<More...>{});
}

template <class Walk, class N>
constexpr auto gathered(List<>) {
  return zero<N::dim>;
}
template <class Walk, class N, class... Parent>
constexpr auto gathered(List<Parent...>) {
  return (zero<N::dim> + ... + passed<Walk, N, 0>(Parent{}, operands_of<Parent>{}));
}

template <class F, class G, class Nodes>
struct Walk {
  template <class N>
  struct Adjoint {
    using type = decltype(gathered<Walk, N>(Nodes{}));
  };
  template <class N>
    requires same<N, F>
  struct Adjoint<N> {
    using type = G;
  };
  template <class N>
  using adjoint = typename Adjoint<N>::type;
};

// Of a list of nodes, those in which V occurs.
template <class V, class Kept, class Nodes>
struct Through {
  using type = Kept;
};
template <class V, class... K, class N, class... More>
struct Through<V, List<K...>, List<N, More...>> {
  using type = typename Through<V, choose<occurs<N, V>, List<K..., N>, List<K...>>,
                                List<More...>>::type;
};

}  // namespace detail

template <Formula F, int P, i64 D, Category C, Formula G>
constexpr auto grad(F, Var<P, D, C> v, G) {
  static_assert(G::dim == F::dim, "keopsnb: in grad(f, v, g), g has the dimension of f");
  using V = decltype(v);
  using Nodes = typename detail::Through<V, List<>, distinct<F>>::type;
  return typename detail::Walk<F, G, Nodes>::template adjoint<V>{};
}

}  // namespace keopsnb
