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
#include <keopsnb/build.hpp>
#include <keopsnb/graph.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

// The share of g, the adjoint of node `self` = Op(a...), that goes to its operand K.
// Elementwise: da -> partial_K * da, and its adjoint sums over components where a is broadcast.
template <int K, Formula S, Formula... A, Formula G>
constexpr auto pull_back([[maybe_unused]] S self, List<A...>, G g) {
  using Op = typename S::op;
  if constexpr (op::Elementwise<Op>) {
    auto contribution = chained(Op::partial(Int<K>{}, self, A{}...), g);
    if constexpr (operand_type<K, S>::dim == 1)
      return build<op::Sum, true>(contribution);
    else
      return contribution;
  } else {
    return Op::pullback(Int<K>{}, g, A{}...);
  }
}

// The adjoints of the nodes of F, when that of F itself is G.
template <class F, class G, class Nodes>
struct Walk {
  template <class N>
  struct Adjoint;
  template <class N>
  using adjoint = typename Adjoint<N>::type;

  // The sum of what the readers of N pass to it, from the K-th on.
  template <class N, int K = 0>
  static constexpr auto gathered() {
    constexpr Edge edge = Edges<Nodes>::template reading<N>(K);
    if constexpr (edge.node < 0) {
      return zero<N::dim>;
    } else {
      using Reader = at<edge.node, Nodes>;
      return build<op::Add, true>(
          gathered<N, K + 1>(),
          pull_back<edge.slot>(Reader{}, operands_of<Reader>{}, adjoint<Reader>{}));
    }
  }
};

template <class F, class G, class Nodes>
template <class N>
struct Walk<F, G, Nodes>::Adjoint {
  static constexpr auto find() {
    if constexpr (same<N, F>)
      return G{};
    else
      return gathered<N>();
  }
  using type = decltype(find());
};

// The formulas in which V occurs.
template <class V>
struct Reaching {
  template <class F>
  static constexpr bool keeps = occurs<F, V>;
};

}  // namespace detail

template <Formula F, Formula V, Formula G>
constexpr auto grad(F, V, G) {
  static_assert(NumberVariable<V>,
                "keopsnb: in grad(f, v, g), v is a variable of numbers, such as vi<0, 3>");
  static_assert(G::dim == F::dim, "keopsnb: in grad(f, v, g), g has the dimension of f");
  using Nodes = filter<detail::Reaching<V>, distinct<F>>;
  return detail::ungated(typename detail::Walk<F, G, Nodes>::template adjoint<V>{});
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
