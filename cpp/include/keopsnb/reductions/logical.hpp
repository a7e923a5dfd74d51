// Whether any term, or every one, is other than 0. NaN is other than 0.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

enum class Logical { any, all };

// One number for each component: 1 or 0.
template <Formula F, Logical Kind>
struct LogicalReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = LogicalReduction<Part, Kind>;
  using ReductionBase<F>::dim;
  static constexpr bool direct = true;
  static constexpr i64 state_dim(i64 c) { return c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64) {
    return Kind == Logical::all ? constant<V>(1) : V{};
  }

  template <class V>
  KEOPSNB_FN static V with(V state, V term) {
    const auto holds = term != V{};
    if constexpr (Kind == Logical::any)
      return select<V>(holds, constant<V>(1), state);
    else
      return select<V>(holds, state, V{});
  }
  template <class V>
  KEOPSNB_FN static V both(V a, V b) {
    if constexpr (Kind == Logical::any)
      return max(a, b);
    else
      return min(a, b);
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    into_numbers<F, C>(state, 0, x, first, [](V* own, i64, int, int, V t) KEOPSNB_LAMBDA {
      own[0] = with<V>(own[0], t);
    });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA { state(c) = both(state(c), other(c)); });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(c);
  }
};

template <Formula F>
constexpr auto any_reduction(F f) {
  return LogicalReduction<decltype(as_number(f)), Logical::any>{};
}
template <Formula F>
constexpr auto all_reduction(F f) {
  return LogicalReduction<decltype(as_number(f)), Logical::all>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
