// The places of a formula's variables when a kernel holds them side by side.
#pragma once
#include <keopsnb/graph.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

constexpr int larger(int a, int b) { return a > b ? a : b; }

// The results of a reduction: values indexed by i, values indexed by j, or one value over both.
enum class Output { i = 0, j = 1, one = 2 };

constexpr Category indexed_by(Output out) { return out == Output::j ? Category::j : Category::i; }

namespace detail {

template <Category C, class Nodes>
struct VariablesOf;
template <Category C, class... N>
struct VariablesOf<C, List<N...>>
    : Joined<List<>, choose<operands_of<N>::size == 0 && depends<C, N>, List<N>, List<>>...> {};

}  // namespace detail

// The variables of category C among the nodes, in order.
template <Category C, class Nodes>
using variables_of = typename detail::VariablesOf<C, Nodes>::type;

// Offset, in components, of variable V among the variables; of any other type, their total.
template <class V, class... Variable>
KEOPSNB_FN constexpr i64 offset_of(List<Variable...>) {
  i64 offset = 0;
  [[maybe_unused]] bool found = false;
  ((found |= same<V, Variable>, offset += found ? 0 : Variable::dim), ...);
  return offset;
}

// One more than the last position of a variable.
template <class... Variable>
constexpr int positions_of(List<Variable...>) {
  int n = 0;
  ((n = Variable::position >= n ? Variable::position + 1 : n), ...);
  return n;
}

// Calls f(variable) for each variable.
template <class F, class... Variable>
KEOPSNB_FN void for_each(F&& f, List<Variable...>) {
  (f(Variable{}), ...);
}

// The dimension of the longest vector among the nodes.
template <class... N>
constexpr i64 longest_of(List<N...>) {
  i64 d = 1;
  ((d = N::dim > d ? N::dim : d), ...);
  return d;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
