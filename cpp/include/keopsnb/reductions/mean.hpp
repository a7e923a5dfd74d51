// The mean of the terms: their sum over their number.
#pragma once
#include <keopsnb/reductions/count.hpp>
#include <keopsnb/reductions/sum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Kept: the number of terms, 1 where there is none.
struct MeanLaw {
  using keeps = Keeps<Keep::of_row>;
  static constexpr auto result(auto o, auto e) {
    const auto [number] = o.k;
    return term(o.f, inv(number) * e);
  }
  static constexpr auto kept(Int<0>, auto, auto) { return constant_output; }
};

// Numbers: the count, one of a block and two of a state, then those of SumReduction.
template <Formula F>
struct MeanReduction : ReductionBase<F> {
  using law = MeanLaw;
  using formulas = List<F>;
  template <class Part>
  using part = MeanReduction<Part>;
  using ReductionBase<F>::dim;
  static constexpr i64 block_dim(i64 c) { return 1 + c; }
  static constexpr i64 state_dim(i64 c) { return 2 + 2 * c; }

  template <Number V>
  KEOPSNB_FN static V block_identity(i64) {
    return V{};
  }
  template <Number V>
  KEOPSNB_FN static V identity(i64) {
    return V{};
  }

  template <i64 C = dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    KEOPSNB_UNROLL
    for (int s = 0; s < X::steps; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p)
      if (x.counts(s)) count_one(block(0, p));
    SumReduction<F>::template step<C>(
        [&](i64 s, int p) KEOPSNB_LAMBDA -> auto& { return block(1 + s, p); }, x, first);
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    count_more(state(0), state(1), block(0));
    SumReduction<F>::template absorb<C>([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(2 + s); },
                                        [&](i64 s) KEOPSNB_LAMBDA { return block(1 + s); });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    using V = no_reference<decltype(state(0))>;
    count_more<V>(state(0), state(1), other(0), other(1));
    SumReduction<F>::template merge<C>([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(2 + s); },
                                       [&](i64 s) KEOPSNB_LAMBDA { return other(2 + s); });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    using V = no_reference<decltype(state(0))>;
    return (state(2 + c) + state(2 + C + c)) / number_of<V>(state(0), state(1));
  }
  template <i64 C = dim, int, class State>
  KEOPSNB_FN static auto keep(State&& state, i64) {
    using V = no_reference<decltype(state(0))>;
    return max(number_of<V>(state(0), state(1)), constant<V>(1));
  }
};

template <Formula F>
constexpr auto mean_reduction(F f) {
  return MeanReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
