// The choice of sub-formulas that are evaluated once and kept in a slot.
//
// Scalars always are, but for components of variables, which are read where they are. A vector is
// evaluated one component at a time inside its consumer's loop, so that it needs no storage at any
// dimension, unless that would repeat dear work: when several consumers read it, or one several
// times, when its components are evaluated together, or when it does not change with the reduced
// index.
#pragma once
#include <keopsnb/operators.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

// Cost of one component of an operation, in elementary operations.
namespace detail {
template <class Op>
inline constexpr int op_cost = [] {
  if constexpr (requires { Op::cost; })
    return Op::cost;
  else
    return op::Elementwise<Op> ? 10 : 0;
}();

template <class Plan, class Op, class... A>
constexpr int cost_of(List<A...>) {
  return (op_cost<Op> + ... + (Plan::template slotted<A> ? 0 : Plan::template cost<A>));
}
template <class Plan, class F>
constexpr int cost_of() {
  if constexpr (requires { typename F::op; })
    return cost_of<Plan, typename F::op>(operands_of<F>{});
  else
    return 0;
}

// Whether an operation reads each component of its operand K several times to evaluate its own.
template <class Op, int K>
inline constexpr bool rereads = [] {
  if constexpr (requires { Op::template rereads<K>; })
    return Op::template rereads<K>;
  else
    return false;
}();

// Of the edges between nodes, in their order, those along which an operand is read several times.
template <class Nodes>
struct Rereading;
template <class... N>
struct Rereading<List<N...>> {
  struct Table {
    bool edge[Edges<List<N...>>::count + 1];
  };
  template <class F>
  static constexpr void mark(bool*& edge) {
    if constexpr (operands_of<F>::size > 0)
      [&]<int... K>(Ints<K...>) {
        ((*edge++ = rereads<typename F::op, K>), ...);
      }(up_to<operands_of<F>::size>{});
  }
  static constexpr Table table = [] {
    Table t{};
    bool* edge = t.edge;
    (mark<N>(edge), ...);
    return t;
  }();
};

// Whether the components of F are evaluated together.
template <class F>
concept is_joint = requires { typename F::op::joint; };

// Whether F is one of the components of a variable, or several as they stand.
template <class Op>
inline constexpr bool reads = requires { typename Op::reads; };
template <class Op>
inline constexpr bool reads<op::OnIntegers<Op>> = reads<Op>;
template <class F>
concept is_read = reads<typename F::op> && operands_of<at<0, operands_of<F>>>::size == 0;

// More than a store and its loads: a vector read twice is stored when a component costs more.
inline constexpr int dear = 4;

// The length of an operation's code, in that of an exponential; 0 where it is too short for a
// call.
template <class Op>
inline constexpr int code_length = op::Elementwise<Op> ? op_cost<Op> / 20 : 0;

// The formulas of a List, or those of a reduction.
template <class Owner>
struct RootsOf : RootsOf<typename Owner::formulas> {};
template <class... F>
struct RootsOf<List<F...>> {
  using nodes = distinct<F...>;
  template <class G>
  static constexpr int count = (0 + ... + (same<G, F> ? 1 : 0));
};
}  // namespace detail

// The evaluation of the formulas of Owner, reduced over the variables of category Reduced. Names
// of its members hold that of Owner, once for each node: a short one saves a compiler much.
template <Category Reduced, class Owner>
struct Plan {
  using roots = detail::RootsOf<Owner>;
  using nodes = typename roots::nodes;

  template <class F>
  static constexpr bool varies = depends<Reduced, F>;

  // The number of nodes of the plan that read F (a root is read once more, by the reduction).
  template <class F>
  static constexpr int readers = Edges<nodes>::template readers<F>() + roots::template count<F>;

  // Whether a node that changes with the reduced index reads F, or the reduction does.
  struct Varying {
    template <class F>
    static constexpr bool keeps = varies<F>;
  };
  template <class F>
  static constexpr bool read_in_loop =
      Edges<nodes>::template read_by<Varying, F>() || roots::template count<F> != 0;

  // Whether a node reads components of F several times each.
  template <class F>
  static constexpr bool reread = [] {
    constexpr auto& t = Edges<nodes>::table;
    constexpr int k = Edges<nodes>::template index<F>;
    for (int e = t.start[k]; e < t.start[k + 1]; ++e)
      if (detail::Rereading<nodes>::table.edge[t.by_operand[e]]) return true;
    return false;
  }();

  // Work to produce one component of F from slots and variables, and from its operands where
  // these have no slot.
  template <class F>
  static constexpr int cost = detail::cost_of<Plan, F>();

  template <bool Value>
  struct Constant {
    enum : bool { value = Value };
  };
  // Of vectors, asked only where no simpler rule decides.
  template <class F>
  struct Stored {
    enum : bool {
      value = (!varies<F> && read_in_loop<F>) ||
              ((readers<F> > 1 || reread<F>) && cost<F> > detail::dear)
    };
  };
  template <class F>
  static constexpr bool slotted =
      choose<operands_of<F>::size == 0 || detail::is_read<F>, Constant<false>,
             choose<F::dim == 1 || detail::is_joint<F>, Constant<true>, Stored<F>>>::value;
};

namespace detail {
template <class F>
struct CodeLength {
  enum : int { value = 0 };
};
template <class Op, class... A>
struct CodeLength<Node<Op, A...>> {
  enum : int { value = code_length<Op> };
};
template <class F>
struct LoopOf {
  enum : i64 { value = 1 };
};
template <class Op, class... A>
  requires(!is_read<Node<Op, A...>>)
struct LoopOf<Node<Op, A...>> {
  enum : i64 {
    value =
        [] {
          i64 most = Node<Op, A...>::dim;
          ((most = A::dim > most ? A::dim : most), ...);
          return most;
        }()
  };
};
}  // namespace detail
// The length of the code of the nodes N, in that of an exponential.
template <class... N>
constexpr int code_length_of(List<N...>) {
  return (0 + ... + static_cast<int>(detail::CodeLength<unnamed<N>>::value));
}
// The longest loop over components in their evaluation.
template <class... N>
constexpr i64 longest_loop(List<N...>) {
  i64 most = 1;
  ((most = static_cast<i64>(detail::LoopOf<unnamed<N>>::value) > most
               ? detail::LoopOf<unnamed<N>>::value
               : most),
   ...);
  return most;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
