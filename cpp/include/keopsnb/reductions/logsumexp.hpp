// Sums with exponential weights, for a scalar F:
//
//   log Sum_j exp(F) G             with weights G, 1 by default
//   Sum_j exp(F) G / Sum_j exp(F)  the mean of G under the softmax of F
//
// Law: with m >= F seen so far, the state (m, Sum exp(F - m) G) never overflows, and is rescaled by
// exp(m - m') when the maximum grows to m'. m is kept finite, so that F = -inf adds 0 and F = +inf
// gives +inf, never inf - inf.
#pragma once
#include <keopsnb/reductions/sum.hpp>

namespace keopsnb {

template <class T>
inline constexpr T largest = static_cast<T>(3.40282346638528859811704183484516925e+38);
template <>
inline constexpr double largest<double> = 1.79769313486231570814527423731704357e+308;

// Numbers of a block: m, then sums; of a state: m, sums, what they lack. Where the result is a
// mean, the first of the sums is that of the weights exp(F).
template <Formula F, Formula G, bool Normalized>
struct ExponentialReduction : Reduces<G> {
  static_assert(F::dim == 1,
                "keopsnb: LogSumExp and SumSoftMaxWeight take a formula of dimension 1");
  using formulas = List<F, G>;
  template <class Part>
  using part = ExponentialReduction<F, Part, Normalized>;
  using Reduces<G>::dim;
  KEOPSNB_FN static constexpr i64 sums(i64 c) { return c + Normalized; }
  static constexpr i64 block_dim(i64 c) { return 1 + sums(c); }
  static constexpr i64 state_dim(i64 c) { return 1 + 2 * sums(c); }

  template <Number V>
  KEOPSNB_FN static V block_identity(i64 s) {
    return s == 0 ? splat<V>(-largest<scalar_of<V>>) : V{};
  }
  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return block_identity<V>(s);
  }

  template <Number V>
  KEOPSNB_FN static V held(V m) {
    return min(m, splat<V>(largest<scalar_of<V>>));
  }

  template <i64 C = dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    using V = typename X::pack;
    auto f = get<F>(x, 0);
    V shift[X::packs];
    integer_of<V> grows{};
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) {
      V m = block(0, p);
      KEOPSNB_UNROLL
      for (int j = 0; j < X::steps; ++j)
        if (x.counts(j)) m = max(to_number<V>(f.at(p, j)), m);
      shift[p] = held(m);
      grows |= shift[p] > block(0, p);
    }
    // Rare once the first terms have passed: one exponential a term is all that is paid.
    if (any_lane<V>(grows)) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) {
        V factor = exp(block(0, p) - shift[p]);
        block(0, p) = shift[p];
        for_components<sums(C)>([&](i64 c) KEOPSNB_LAMBDA { block(1 + c, p) *= factor; });
      }
    }
    Tile<V, X::packs, X::steps> e;
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < X::steps; ++j) e.at(p, j) = exp(to_number<V>(f.at(p, j)) - block(0, p));
    if constexpr (Normalized) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
      for (int s = 0; s < X::steps; ++s)
        if (x.counts(s)) block(1, p) += e.at(p, s);
    }
    for_terms<G, C>(x, first, [&](i64 c, int s, int p, V g) KEOPSNB_LAMBDA {
      block(1 + Normalized + c, p) += e.at(p, s) * g;
    });
  }

  // Brings `state` to the larger maximum of the two, and gives the factor for the other's sums.
  template <i64 C, class State, class V>
  KEOPSNB_FN static V rescale(State&& state, V other_max) {
    V m = max(state(0), other_max);
    V mine = exp(state(0) - m);
    for_components<2 * sums(C)>([&](i64 c) KEOPSNB_LAMBDA { state(1 + c) *= mine; });
    state(0) = m;
    return exp(other_max - m);
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    constexpr i64 N = sums(C);
    auto factor = rescale<C>(state, block(0));
    for_components<N>([&](i64 c) KEOPSNB_LAMBDA {
      two_sum(state(1 + c), state(1 + N + c), block(1 + c) * factor);
    });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    constexpr i64 N = sums(C);
    auto factor = rescale<C>(state, other(0));
    for_components<N>([&](i64 c) KEOPSNB_LAMBDA {
      two_sum(state(1 + c), state(1 + N + c), other(1 + c) * factor, other(1 + N + c) * factor);
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    constexpr i64 N = sums(C);
    if constexpr (Normalized)
      return (state(2 + c) + state(2 + N + c)) / (state(1) + state(1 + N));
    else
      return state(0) + log(state(1 + c) + state(1 + N + c));
  }
};

template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_reduction(F f, G g = {}) {
  return ExponentialReduction<decltype(as_number(f)), decltype(as_number(g)), false>{};
}
template <Formula F, Formula G>
constexpr auto softmax_reduction(F f, G g) {
  return ExponentialReduction<decltype(as_number(f)), decltype(as_number(g)), true>{};
}

#ifdef KEOPSNB_CATALOGUE
#define KEOPSNB_LOGSUMEXP(text, kind)                                                         \
  {.name = text,                                                                              \
   .call = "logsumexp_reduction",                                                             \
   .sentence = "log of the sum of the exponentials of the terms, with the weights formula2.", \
   .reference = "scipy.special.logsumexp(f, 1, b=g)",                                         \
   .derivative = "Exp(F - A) * G | E",                                                        \
   .weight = kind,                                                                            \
   .scalar = true,                                                                            \
   .sums = true}
#define KEOPSNB_SOFTMAX(text)                                                                  \
  {.name = text,                                                                               \
   .call = "softmax_reduction",                                                                \
   .sentence = "Mean of formula2 with weights proportional to the exponentials of the terms.", \
   .reference = "(scipy.special.softmax(f, 1) * g).sum(1)",                                    \
   .derivative =                                                                               \
       "Exp(F - [LogSumExp: F]) * (G - A) | "                                                  \
       "E / [Sum: Exp(F - [LogSumExp: F])]",                                                   \
   .weight = Weight::required,                                                                 \
   .scalar = true,                                                                             \
   .sums = true}
// A composition: no kernel of its own.
#define KEOPSNB_SHIFTED(text, kind)                                                                \
  {.name = text,                                                                                   \
   .call = "",                                                                                     \
   .sentence = "The greatest term m, then the sum of exp(F - m) with the weights formula2.",       \
   .reference = "numpy.concatenate([f.max(1), (numpy.exp(f - f.max(1)[:, None]) * g).sum(1)], 1)", \
   .derivative = "= Concat([Max: F], [Sum: Exp(F - [Max: F]) * G])",                               \
   .weight = kind,                                                                                 \
   .scalar = true,                                                                                 \
   .sums = true}
inline constexpr ReductionRow rows_exponential[] = {
    KEOPSNB_LOGSUMEXP("LogSumExp", Weight::optional),
    KEOPSNB_LOGSUMEXP("LogSumExpWeight", Weight::required),
    KEOPSNB_SOFTMAX("SumSoftMaxWeight"),
    KEOPSNB_SOFTMAX("SoftMax"),
    KEOPSNB_SHIFTED("Max_SumShiftExp", Weight::none),
    KEOPSNB_SHIFTED("Max_SumShiftExpWeight", Weight::required),
};
#undef KEOPSNB_LOGSUMEXP
#undef KEOPSNB_SOFTMAX
#undef KEOPSNB_SHIFTED
#endif

}  // namespace keopsnb
