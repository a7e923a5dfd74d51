// a_i = Sum_j F(x_i, y_j).
//
// Law: blocks of terms are summed naively, and block sums are added with two-sum (Knuth,
// TAOCP 4.2.2), the rounding errors kept beside: the error is that of one block, whatever the
// number of terms.
#pragma once
#include <keopsnb/eval.hpp>

namespace keopsnb {

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

// A reduction works on a window of C components of its result, all of them by default, so that a
// kernel may compute a long result in parts.
template <Formula F>
struct SumReduction {
  using formulas = List<F>;
  using result = F;  // whose components are those of the result
  template <class Part>
  using part = SumReduction<Part>;
  static constexpr i64 out_dim = F::dim;
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
  template <i64 C = out_dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      KEOPSNB_UNROLL
      for (int s = 0; s < X::steps; ++s) {
        auto one = x.at_step(s);
        const auto term = get<F>(one, first + c);
        KEOPSNB_UNROLL
        for (int p = 0; p < X::packs; ++p)
          if (x.counts(s)) block(c, p) += to_number<typename X::pack>(term.at(p, 0));
      }
    });
  }

  // A block into a state.
  template <i64 C = out_dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA { two_sum(state(c), state(C + c), block(c)); });
  }

  // A state into a state.
  template <i64 C = out_dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>(
        [&](i64 c) KEOPSNB_LAMBDA { two_sum(state(c), state(C + c), other(c), other(C + c)); });
  }

  // Component c of the result.
  template <i64 C = out_dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c) {
    return state(c) + state(C + c);
  }
};

template <Formula F>
constexpr auto sum_reduction(F) {
  return SumReduction<F>{};
}

}  // namespace keopsnb
