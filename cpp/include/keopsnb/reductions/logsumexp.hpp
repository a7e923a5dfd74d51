// a_i = log Sum_j exp(F(x_i, y_j)) G(x_i, y_j), for a scalar F and weights G (1 by default).
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

template <Formula F, Formula G = Lit<1, 0>>
struct LogSumExpReduction {
  static_assert(F::dim == 1, "keopsnb: LogSumExp takes a formula of dimension 1");
  using formulas = List<F, G>;
  using result = G;
  template <class Part>
  using part = LogSumExpReduction<F, Part>;
  static constexpr i64 out_dim = G::dim;
  static constexpr i64 block_dim(i64 c) { return 1 + c; }      // m, sums
  static constexpr i64 state_dim(i64 c) { return 1 + 2 * c; }  // m, sums, what they lack

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

  template <i64 C = out_dim, class Block, class X>
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
        for_components<C>([&](i64 c) KEOPSNB_LAMBDA { block(1 + c, p) *= factor; });
      }
    }
    Tile<V, X::packs, X::steps> e;
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < X::steps; ++j) e.at(p, j) = exp(to_number<V>(f.at(p, j)) - block(0, p));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      KEOPSNB_UNROLL
      for (int s = 0; s < X::steps; ++s) {
        auto one = x.at_step(s);
        const auto g = get<G>(one, first + c);
        KEOPSNB_UNROLL
        for (int p = 0; p < X::packs; ++p)
          if (x.counts(s)) block(1 + c, p) += e.at(p, s) * to_number<V>(g.at(p, 0));
      }
    });
  }

  // Brings `state` to the larger maximum of the two, and gives the factor for the other's sums.
  template <i64 C, class State, class V>
  KEOPSNB_FN static V rescale(State&& state, V other_max) {
    V m = max(state(0), other_max);
    V mine = exp(state(0) - m);
    for_components<2 * C>([&](i64 c) KEOPSNB_LAMBDA { state(1 + c) *= mine; });
    state(0) = m;
    return exp(other_max - m);
  }

  template <i64 C = out_dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    auto factor = rescale<C>(state, block(0));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      two_sum(state(1 + c), state(1 + C + c), block(1 + c) * factor);
    });
  }

  template <i64 C = out_dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    auto factor = rescale<C>(state, other(0));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      two_sum(state(1 + c), state(1 + C + c), other(1 + c) * factor, other(1 + C + c) * factor);
    });
  }

  template <i64 C = out_dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c) {
    return state(0) + log(state(1 + c) + state(1 + C + c));
  }
};

template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_reduction(F, G = {}) {
  return LogSumExpReduction<F, G>{};
}

}  // namespace keopsnb
