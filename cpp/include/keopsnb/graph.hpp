// The distinct sub-formulas of formulas, as a list of types.
//
// Equal sub-formulas are one type, so this list is the common-sub-expression table: differentiation
// (diff.hpp) and evaluation (share.hpp) visit each node once, however often the text repeats it.
#pragma once
#include <keopsnb/symbol.hpp>

namespace keopsnb {
namespace detail {

template <class F, class L>
inline constexpr bool contains = false;
template <class F, class... S>
inline constexpr bool contains<F, List<S...>> = (same<F, S> || ...);

template <class L, class F>
struct Append;
template <class... S, class F>
struct Append<List<S...>, F> {
  using type = List<S..., F>;
};

// Seen, then the sub-formulas of F that are not in it, operands before the node that uses them.
template <class Seen, class F, bool Known = contains<F, Seen>>
struct Visit {
  using type = Seen;
};

template <class Seen, class Operands>
struct VisitAll {
  using type = Seen;
};
template <class Seen, class A, class... More>
struct VisitAll<Seen, List<A, More...>> {
  using type = typename VisitAll<typename Visit<Seen, A>::type, List<More...>>::type;
};

template <class Seen, class F>
struct Visit<Seen, F, false> {
  using type = typename Append<typename VisitAll<Seen, operands_of<F>>::type, F>::type;
};

template <class S, class Operands>
inline constexpr bool any_contains = false;

template <class F, class S>
inline constexpr bool in_operands = any_contains<S, operands_of<F>>;

}  // namespace detail

// The distinct sub-formulas of the formulas Roots, the roots included, in topological order.
template <class... Roots>
using distinct = typename detail::VisitAll<List<>, List<Roots...>>::type;

// Whether the formula S occurs in F.
template <class F, class S>
inline constexpr bool occurs = same<F, S> || detail::in_operands<F, S>;

namespace detail {
template <class S, class... A>
inline constexpr bool any_contains<S, List<A...>> = (occurs<A, S> || ...);
}  // namespace detail

}  // namespace keopsnb
