// a_i = Sum_j F(x_i, y_j).
//
// Law: blocks of terms are summed naively, and block sums are added with two-sum (Knuth,
// TAOCP 4.2.2), the rounding errors kept beside: the error is that of one block, whatever the
// number of terms.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// hi + lo += x + y to twice the precision, with |y| small beside |x|. Renormalized at once
// (Dekker's fast two-sum), since errors that gather in lo for 1 / epsilon terms would be lost to it
// as well.
template <Number V>
KEOPSNB_FN void two_sum(V& hi, V& lo, V x, V y = V{}) {
  const V s = hi + x;
  const V b = s - hi;
  const V rest = ((hi - (s - b)) + (x - b)) + (lo + y);
  const auto known = rest - rest == V{};  // not when s is NaN or infinite: then it is the sum
  hi = select<V>(known, s + rest, s);
  lo = select<V>(known, rest - (hi - s), V{});
}

struct SumLaw {
  using keeps = Keeps<>;
  static constexpr auto result(auto o, auto e) { return term(o.f, e); }
};

template <Formula F>
struct SumReduction : ReductionBase<F> {
  using law = SumLaw;
  using formulas = List<F>;
  template <class Part>
  using part = SumReduction<Part>;
  using ReductionBase<F>::dim;
  // Numbers kept while the terms of a block come in.
  static constexpr i64 block_dim(i64 c) { return c; }
  // Numbers kept for all that came: sums, then what they lack.
  static constexpr i64 state_dim(i64 c) { return 2 * c; }

  template <Number V>
  KEOPSNB_FN static constexpr V block_identity(i64) {
    return V{};
  }
  template <Number V>
  KEOPSNB_FN static constexpr V identity(i64) {
    return V{};
  }

  // The terms of one tile into a block. `block(s, p)` is number s for pack p.
  template <i64 C = dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    using V = typename X::pack;
    into_numbers<F, C>(block, 0, x, first,
                       [](V* own, i64, int, int, V t) KEOPSNB_LAMBDA { own[0] += t; });
  }

  // A block into a state.
  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA { two_sum(state(c), state(C + c), block(c)); });
  }

  // A state into a state.
  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>(
        [&](i64 c) KEOPSNB_LAMBDA { two_sum(state(c), state(C + c), other(c), other(C + c)); });
  }

  // Component c of the result.
  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(c) + state(C + c);
  }
};

template <Formula F>
constexpr auto sum_reduction(F f) {
  return SumReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
