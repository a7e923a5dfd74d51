// The sum of the squares of the terms, and its square root: sums as in sum.hpp.
#pragma once
#include <keopsnb/reductions/sum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

template <Formula F>
constexpr auto sumsq_reduction(F f) {
  return sum_reduction(square(f));
}

// Of the squares f; the derivative is taken as 0 at 0.
struct Norm2Law {
  using keeps = Keeps<>;
  static constexpr auto result(auto o, auto e) {
    return term(o.f, e * notequal(o.a, 0_c) / where(o.a, o.a, 1_c) / 2_c);
  }
};

template <Formula F>
struct Norm2Reduction : SumReduction<decltype(square(F{}))> {
  using squares = SumReduction<decltype(square(F{}))>;
  using result = F;
  using law = Norm2Law;
  template <class Part>
  using part = Norm2Reduction<Part>;

  template <i64 C = squares::dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return sqrt(squares::template finish<C>(state, c));
  }
};

template <Formula F>
constexpr auto norm2_reduction(F f) {
  return Norm2Reduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
