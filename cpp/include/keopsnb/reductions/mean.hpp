// The mean and the variance of the terms.
//
// Terms are counted in integers. A variance is kept as a mean and M2, the sum of the squared
// deviations from it; with d the deviation of the n-th term t, and for parts a and b the difference
// of their means (Welford 1962; Chan, Golub & LeVeque 1979),
//
//   mean' = mean + d / n                          M2' = M2 + d (t - mean')
//   mean  = mean_a + d n_b / (n_a + n_b)          M2  = M2_a + M2_b + d^2 n_a n_b / (n_a + n_b)
//
// so that neither a large mean nor many terms cost accuracy: nothing is ever subtracted from M2.
#pragma once
#include <keopsnb/reductions/sum.hpp>

namespace keopsnb {

// One more term, in the bits of a count.
template <Number V>
KEOPSNB_FN void count_one(V& count) {
  count = from_integer_bits<V>(integer_bits(count) + 1);
}
template <Number V>
KEOPSNB_FN V number_of(V count) {
  return to_numbers<V>(integer_bits(count));
}

// Numbers: the count, then sums as in SumReduction.
template <Formula F>
struct MeanReduction : Reduces<F> {
  using formulas = List<F>;
  template <class Part>
  using part = MeanReduction<Part>;
  using Reduces<F>::dim;
  static constexpr i64 block_dim(i64 c) { return 1 + c; }
  static constexpr i64 state_dim(i64 c) { return 1 + 2 * c; }

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
    state(0) = sum_of_counts(state(0), block(0));
    SumReduction<F>::template absorb<C>([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(1 + s); },
                                        [&](i64 s) KEOPSNB_LAMBDA { return block(1 + s); });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    state(0) = sum_of_counts(state(0), other(0));
    SumReduction<F>::template merge<C>([&](i64 s) KEOPSNB_LAMBDA -> auto& { return state(1 + s); },
                                       [&](i64 s) KEOPSNB_LAMBDA { return other(1 + s); });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return (state(1 + c) + state(1 + C + c)) / number_of(state(0));
  }

  template <class V>
  KEOPSNB_FN static V sum_of_counts(V a, V b) {
    return from_integer_bits<V>(integer_bits(a) + integer_bits(b));
  }
};

// Numbers of a block: the count, and for each component the mean and M2. Of a state, after each M2
// what it lacks.
template <Formula F, i64 Correction>
struct VarianceReduction : Reduces<F> {
  using formulas = List<F>;
  template <class Part>
  using part = VarianceReduction<Part, Correction>;
  using Reduces<F>::dim;
  static constexpr i64 block_dim(i64 c) { return 1 + 2 * c; }
  static constexpr i64 state_dim(i64 c) { return 1 + 3 * c; }

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
    using V = typename X::pack;
    // All outputs of an evaluation have seen as many terms.
    V share[X::steps];
    KEOPSNB_UNROLL
    for (int s = 0; s < X::steps; ++s) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p)
        if (x.counts(s)) count_one(block(0, p));
      share[s] = inv(number_of<V>(block(0, 0)));
    }
    for_terms<F, C>(x, first, [&](i64 c, int s, int p, V t) KEOPSNB_LAMBDA {
      V& mean = block(1 + 2 * c, p);
      const V d = t - mean;
      mean += d * share[s];
      block(2 + 2 * c, p) += d * (t - mean);
    });
  }

  // A part of `theirs` terms with this mean and M2 into component c of a state.
  template <class State, class V>
  KEOPSNB_FN static void join(State& state, i64 c, V mine, V theirs, V mean, V m2, V lacks) {
    const V all = max(mine + theirs, constant<V>(1));
    V& my_mean = state(1 + 3 * c);
    const V d = mean - my_mean;
    // The first part as it is: no rounding, and no inf - inf from an empty state.
    const auto first = mine == V{}, none = theirs == V{};
    my_mean = select<V>(none, my_mean, select<V>(first, mean, my_mean + d * (theirs / all)));
    const V between = select<V>(first, V{}, d * d * (mine * (theirs / all)));
    two_sum(state(2 + 3 * c), state(3 + 3 * c), select<V>(none, V{}, m2 + between),
            select<V>(none, V{}, lacks));
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    using V = no_reference<decltype(state(0))>;
    const V mine = number_of<V>(state(0)), theirs = number_of<V>(block(0));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      join(state, c, mine, theirs, V(block(1 + 2 * c)), V(block(2 + 2 * c)), V{});
    });
    state(0) = MeanReduction<F>::sum_of_counts(state(0), block(0));
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    using V = no_reference<decltype(state(0))>;
    const V mine = number_of<V>(state(0)), theirs = number_of<V>(other(0));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      join(state, c, mine, theirs, V(other(1 + 3 * c)), V(other(2 + 3 * c)), V(other(3 + 3 * c)));
    });
    state(0) = MeanReduction<F>::template sum_of_counts<V>(state(0), other(0));
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    using V = no_reference<decltype(state(0))>;
    return (state(2 + 3 * c) + state(3 + 3 * c)) /
           max(number_of<V>(state(0)) - constant<V>(static_cast<double>(Correction)), V{});
  }
};

template <Formula F>
constexpr auto mean_reduction(F f) {
  return MeanReduction<decltype(as_number(f))>{};
}
template <i64 Correction = 0, Formula F>
constexpr auto variance_reduction(F f) {
  return VarianceReduction<decltype(as_number(f)), Correction>{};
}

#ifdef KEOPSNB_CATALOGUE
inline constexpr ReductionRow rows_mean[] = {
    {.name = "Mean",
     .call = "mean_reduction",
     .sentence = "Mean of the terms; NaN where there is none.",
     .reference = "f.mean(1)",
     .derivative = "F | E / N",
     .sums = true},
    {.name = "Variance",
     .call = "variance_reduction",
     .sentence = "Variance of the terms: the sum of the squared deviations from their mean over "
                 "their number less the correction, which is 0 unless opt_arg says otherwise.",
     .reference = "f.var(1, ddof=n)",
     // The mean to twice the precision of the terms: a second one is what the first has lost.
     .derivative = "Square(F - [Mean: F] - [Mean: F - [Mean: F]]) | E / ReLU(N - n)",
     .sums = true,
     .option = "correction",
     .fallback = 0,
     .most = 1000000},
};
#endif

}  // namespace keopsnb
