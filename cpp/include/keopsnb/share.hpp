// Which sub-formulas are evaluated once and kept in a slot.
//
// Scalars always are. A vector is evaluated one component at a time inside its consumer's loop, so
// that it needs no storage at any dimension, unless that would repeat dear work: when several
// consumers read it, or when it does not change with the reduced index.
#pragma once
#include <keopsnb/diff.hpp>

namespace keopsnb {

// Cost of one component of an operation, in elementary operations.
namespace detail {
template <class Op>
inline constexpr int op_cost = op::Elementwise<Op> ? 10 : 0;
template <>
inline constexpr int op_cost<op::Add> = 1;
template <>
inline constexpr int op_cost<op::Subtract> = 1;
template <>
inline constexpr int op_cost<op::Mult> = 1;
template <>
inline constexpr int op_cost<op::Minus> = 1;
template <>
inline constexpr int op_cost<op::Square> = 1;
template <>
inline constexpr int op_cost<op::Step> = 2;
template <>
inline constexpr int op_cost<op::ReLU> = 2;
template <>
inline constexpr int op_cost<op::Abs> = 1;

template <class Plan, class F>
constexpr int cost_of(F) {
  return 0;
}
template <class Plan, class Op, class... A>
constexpr int cost_of(Node<Op, A...>) {
  return (op_cost<Op> + ... + (Plan::template slotted<A> ? 0 : Plan::template cost<A>));
}

// A vector read twice is stored when a component costs more than a store and its loads.
inline constexpr int dear = 4;
}  // namespace detail

// The evaluation of the formulas Roots, reduced over the variables of category Reduced.
template <Category Reduced, class... Roots>
struct Plan {
  using nodes = distinct<Roots...>;

  template <class F>
  static constexpr bool varies = depends<Reduced, F>;

  // How many nodes of the plan read F (a root is read once more, by the reduction).
  template <class F>
  static constexpr int readers =
      Edges<nodes>::template readers<F>() + (0 + ... + (same<F, Roots> ? 1 : 0));

  // Whether a node that changes with the reduced index reads F, or the reduction does.
  template <class F>
  static constexpr bool read_in_loop = [] {
    constexpr auto varying = []<class... N>(List<N...>) {
      struct {
        bool node[sizeof...(N)];
      } v{{varies<N>...}};
      return v;
    }(nodes{});
    using E = Edges<nodes>;
    for (int k = 0; E::template reading<F>(k).node >= 0; ++k)
      if (varying.node[E::template reading<F>(k).node]) return true;
    return (same<F, Roots> || ...);
  }();

  // Work to produce one component of F from slots and variables, and from its operands where
  // these have no slot.
  template <class F>
  static constexpr int cost = detail::cost_of<Plan>(F{});

  template <class F>
  static constexpr bool slotted = [] {
    if constexpr (operands_of<F>::size == 0)
      return false;
    else if constexpr (F::dim == 1)
      return true;
    else if constexpr (!varies<F>)
      return read_in_loop<F>;
    else
      return readers<F> > 1 && cost<F> > detail::dear;
  }();
};

}  // namespace keopsnb
