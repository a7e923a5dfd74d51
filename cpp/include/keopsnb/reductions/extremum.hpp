// The greatest or the least term, and its index.
//
// Law: with a strict comparison in the order of the indices, the first of equal terms wins, and NaN
// never does. Of no term but NaN: -inf or inf, and index 0.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The order of an extremum: what comes before what.
template <bool Greatest>
struct Order {
  template <class V>
  KEOPSNB_FN static auto before(V a, V b) {
    if constexpr (Greatest)
      return a > b;
    else
      return a < b;
  }
  // Behind every number.
  template <Number V>
  KEOPSNB_FN static V last() {
    return constant<V>(Greatest ? -infinity : infinity);
  }
  // What comes before what, with their indices.
  template <class V>
  KEOPSNB_FN static auto before(V a, V index_a, V b, V index_b) {
    const auto equal = a == b, earlier = integer_bits(index_a) < integer_bits(index_b);
    if constexpr (width_of<V> == 1)
      return before(a, b) || (equal && earlier);
    else
      return before(a, b) | (equal & earlier);
  }
};

// Numbers of a state: each component's value, or its value and its index.
template <Formula F, bool Greatest, bool Values, bool Indices>
struct ExtremumReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = ExtremumReduction<Part, Greatest, Values, Indices>;
  using law = choose<Values, PickingLaw, NoLaw>;
  using ReductionBase<F>::dim;
  using order = Order<Greatest>;
  static constexpr bool values = Values, indices = Indices, direct = true;
  static constexpr int stride = Indices ? 2 : 1;
  static constexpr i64 state_dim(i64 c) { return stride * c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return s % stride == 0 ? order::template last<V>() : V{};
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    into_numbers<F, C, stride>(state, 0, x, first,
                               [&](V* own, i64, int s, int, V t) KEOPSNB_LAMBDA {
                                 const auto better = order::before(t, own[0]);
                                 own[0] = select<V>(better, t, own[0]);
                                 if constexpr (Indices)
                                   own[1] = select<V>(better, index_bits<V>(x, s), own[1]);
                               });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      auto& best = state(stride * c);
      const auto theirs = other(stride * c);
      if constexpr (Indices) {
        auto& index = state(stride * c + 1);
        const auto their_index = other(stride * c + 1);
        const bool better = order::before(theirs, their_index, best, index);
        index = better ? their_index : index;
        best = better ? theirs : best;
      } else {
        best = order::before(theirs, best) ? theirs : best;
      }
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(stride * c);
  }
  template <i64 C = dim, class State>
  KEOPSNB_FN static i64 index(State&& state, i64 c, i64 = 0) {
    return integer_bits(state(stride * c + 1));
  }
};

#define KEOPSNB_EXTREMUM(name, ...)                                  \
  template <Formula F>                                               \
  constexpr auto name(F f) {                                         \
    return ExtremumReduction<decltype(as_number(f)), __VA_ARGS__>{}; \
  }
KEOPSNB_EXTREMUM(max_reduction, true, true, false)
KEOPSNB_EXTREMUM(min_reduction, false, true, false)
KEOPSNB_EXTREMUM(argmax_reduction, true, false, true)
KEOPSNB_EXTREMUM(argmin_reduction, false, false, true)
KEOPSNB_EXTREMUM(max_argmax_reduction, true, true, true)
KEOPSNB_EXTREMUM(min_argmin_reduction, false, true, true)
#undef KEOPSNB_EXTREMUM

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
