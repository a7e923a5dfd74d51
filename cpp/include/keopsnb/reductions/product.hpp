// The product of the terms.
//
// Its derivative in a term is the product of the others. With P the product of the terms that are
// not 0, and z the sum of those that are: P / F for a term F where none is 0, (P / F) z and P where
// one is, 0 and P (z - F) where two are. z is 0, but its derivative is not, so that second
// derivatives are right as well.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

template <Formula F>
struct ProdReduction : Reduces<F> {
  using formulas = List<F>;
  template <class Part>
  using part = ProdReduction<Part>;
  using Reduces<F>::dim;
  static constexpr bool direct = true;
  static constexpr i64 state_dim(i64 c) { return c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64) {
    return constant<V>(1);
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_terms<F, C>(x, first, [&](i64 c, int, int p, V t) KEOPSNB_LAMBDA { state(c, p) *= t; });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA { state(c) *= other(c); });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(c);
  }
};

template <Formula F>
constexpr auto prod_reduction(F f) {
  return ProdReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
