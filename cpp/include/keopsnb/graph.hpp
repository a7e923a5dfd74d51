// The distinct sub-formulas of formulas, as a list of types.
//
// Equal sub-formulas are one type, so this list is the common-sub-expression table: differentiation
// (diff.hpp) and evaluation (share.hpp) visit each node once, however often the text repeats it.
#pragma once
#include <keopsnb/symbol.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

template <class F, class L>
inline constexpr bool contains = false;
template <class F, class... S>
inline constexpr bool contains<F, List<S...>> = (KEOPSNB_SAME(F, S) || ...);

// The formulas visited, as a chain of bases: whether one is among them is a question to the
// compiler, and instantiates nothing.
template <class F>
struct Visited {};
struct Nothing {};
template <class F, class Before>
struct Then : Before, Visited<F> {};

// Seen, then the sub-formulas of F that are not in it, operands before the node that uses them.
template <bool Known>
struct Visit;
template <class Seen, class F>
using visit = typename Visit<__is_base_of(Visited<F>, Seen)>::template type<Seen, F>;

template <class Seen, class Operands>
struct VisitAll {
  using type = Seen;
};
template <class Seen, class A, class... More>
struct VisitAll<Seen, List<A, More...>> : VisitAll<visit<Seen, A>, List<More...>> {};
template <class Seen, class A>
struct VisitAll<Seen, List<A>> {
  using type = visit<Seen, A>;
};
template <class Seen, class A, class B>
struct VisitAll<Seen, List<A, B>> {
  using type = visit<visit<Seen, A>, B>;
};

template <>
struct Visit<true> {
  template <class Seen, class F>
  using type = Seen;
};
template <>
struct Visit<false> {
  template <class Seen, class F>
  using type = Then<F, typename VisitAll<Seen, operands_of<F>>::type>;
};

// The chain as a list, eight formulas a step.
template <class Chain, class... Kept>
struct ChainList;
template <class... Kept>
struct ChainList<Nothing, Kept...> {
  using type = List<Kept...>;
};
template <class A, class Before, class... Kept>
struct ChainList<Then<A, Before>, Kept...> : ChainList<Before, A, Kept...> {};
template <class A, class B, class C, class D, class E, class F, class G, class H, class Before,
          class... Kept>
struct ChainList<Then<H, Then<G, Then<F, Then<E, Then<D, Then<C, Then<B, Then<A, Before>>>>>>>>,
                 Kept...> : ChainList<Before, A, B, C, D, E, F, G, H, Kept...> {};

template <class F>
using visited = typename VisitAll<Nothing, List<F>>::type;
template <class Plain, class Named>
using named = choose<is_node<Plain>, Named, Plain>;

template <class S, class Operands>
inline constexpr bool any_contains = false;

template <class F, class S>
inline constexpr bool in_operands = any_contains<S, operands_of<F>>;

}  // namespace detail

// The distinct sub-formulas of the formulas Roots, the roots included, in topological order.
template <class... Roots>
using distinct = typename detail::ChainList<
    typename detail::VisitAll<detail::Nothing, List<Roots...>>::type>::type;

// KEOPSNB_NAMED(f, formula); at namespace scope of a .cpp file defines f, of a type with a name of
// its own (f_formula) where the formula is a node. What is built on f holds that name instead of
// all of the formula, as do the names of functions and classes made for it, and its parts are found
// before it: for formulas of hundreds of operations a compiler's work is less, and not deep. A
// formula with a name is equal to no other.
#define KEOPSNB_NAMED(NAME, ...)                                             \
  using NAME##_unnamed = decltype(__VA_ARGS__);                              \
  namespace {                                                                \
  struct NAME##_formula : NAME##_unnamed {};                                 \
  }                                                                          \
  constexpr ::keopsnb::detail::named<NAME##_unnamed, NAME##_formula> NAME{}; \
  static_assert(                                                             \
      !::keopsnb::same<void, ::keopsnb::detail::visited<                     \
                                 ::keopsnb::detail::named<NAME##_unnamed, NAME##_formula>>>)

// Whether the formula S occurs in F.
template <class F, class S>
inline constexpr bool occurs = same<F, S> || detail::in_operands<F, S>;

namespace detail {
template <class S, class... A>
inline constexpr bool any_contains<S, List<A...>> = (occurs<A, S> || ...);
}  // namespace detail

struct Edge {
  int operand;     // index of a node
  int node, slot;  // index of the node that reads it, as its operand of that number
};

// The readers of each node of a list, among its nodes.
template <class Nodes>
struct Edges;
template <class... N>
struct Edges<List<N...>> {
  static constexpr int nodes = sizeof...(N), count = (0 + ... + operands_of<N>::size);

  // Of F among the nodes; their number if it is none.
  template <class F>
  static constexpr int index = detail::index_in<F, List<N...>>();

  // In the order of the nodes that read; those to operand k are, in the same order,
  // edge[by_operand[start[k]]], ..., edge[by_operand[start[k + 1] - 1]].
  struct Table {
    Edge edge[count + 1];
    int by_operand[count + 1], start[nodes + 2];
  };
  static constexpr Table table = [] {
    Table t{};
    [[maybe_unused]] int e = 0, node = 0;
    [[maybe_unused]] auto one = [&]<class... A>(List<A...>) {
      [[maybe_unused]] int slot = 0;
      ((t.edge[e++] = Edge{index<A>, node, slot++}), ...);
      ++node;
    };
    (one(operands_of<N>{}), ...);
    int next[nodes + 2]{};
    for (e = 0; e < count; ++e) ++next[t.edge[e].operand + 1];
    for (int k = 0; k <= nodes; ++k) next[k + 1] += next[k];
    for (int k = 0; k <= nodes; ++k) t.start[k] = next[k];
    t.start[nodes + 1] = next[nodes];  // what is no node is read by none
    for (e = 0; e < count; ++e) t.by_operand[next[t.edge[e].operand]++] = e;
    return t;
  }();

  // The k-th edge to F; its node is -1 when there are not so many.
  template <class F>
  static constexpr Edge reading(int k) {
    const int e = table.start[index<F>] + k;
    return e < table.start[index<F> + 1] ? table.edge[table.by_operand[e]] : Edge{0, -1, 0};
  }

  // The number of nodes that read F.
  template <class F>
  static constexpr int readers() {
    int n = 0;
    for (int k = 0, last = -1; reading<F>(k).node >= 0; ++k)
      if (reading<F>(k).node != last) {
        last = reading<F>(k).node;
        ++n;
      }
    return n;
  }

  // Whether a node that Rule keeps reads F.
  template <class Rule, class F>
  static constexpr bool read_by() {
    for (int k = 0; reading<F>(k).node >= 0; ++k)
      if (kept<Rule>.node[reading<F>(k).node]) return true;
    return false;
  }

 private:
  struct Flags {
    bool node[nodes + 1];
  };
  template <class Rule>
  static constexpr Flags kept{{Rule::template keeps<N>...}};
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
