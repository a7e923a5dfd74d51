// Where the variables of a formula lie when a kernel holds them side by side.
#pragma once
#include <keopsnb/graph.hpp>

namespace keopsnb {
namespace detail {

// Offset, in components, of variable V among the nodes' variables of category C; for any other V,
// the number of components of them all.
template <Category C, class V, class... N>
constexpr i64 offset_of(List<N...>) {
  i64 offset = 0;
  bool found = false;
  auto one = [&]<class F>(List<F>) {
    if constexpr (operands_of<F>::size == 0 && depends<C, F>) {
      if (same<F, V>) found = true;
      if (!found) offset += F::dim;
    }
  };
  (one(List<N>{}), ...);
  return offset;
}

// One more than the last position of a variable.
template <class... N>
constexpr int positions(List<N...>) {
  int n = 1;
  auto one = [&]<int P, i64 D, Category C>(List<Var<P, D, C>>) { n = P + 1 > n ? P + 1 : n; };
  auto visit = [&]<class F>(List<F> f) {
    if constexpr (requires { F::position; }) one(f);
  };
  (visit(List<N>{}), ...);
  return n;
}

// Calls f(variable) for each variable of category C among the nodes.
template <Category C, class F, class... N>
KEOPSNB_FN void for_variables(F&& f, List<N...>) {
  auto one = [&]<class V>(V v) KEOPSNB_LAMBDA {
    if constexpr (operands_of<V>::size == 0 && depends<C, V>) f(v);
  };
  (one(N{}), ...);
}

// The longest vector among the nodes.
template <class... N>
constexpr i64 longest(List<N...>) {
  i64 d = 1;
  ((d = N::dim > d ? N::dim : d), ...);
  return d;
}

}  // namespace detail

}  // namespace keopsnb
