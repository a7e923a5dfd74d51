// Sums with exponential weights, for a scalar F, or one for each component:
//
//   log Sum_j exp(F) G             with weights G, 1 by default
//   Sum_j exp(F) G / Sum_j exp(F)  the mean of G under the softmax of F
//
// Law: with m >= F seen so far, the state (m, Sum exp(F - m) G) never overflows, and is rescaled by
// exp(m - m') when the maximum grows to m'. m is kept finite, so that F = -inf adds 0 and F = +inf
// gives +inf, never inf - inf. Terms of weight 0 leave m as it is: nothing is scaled by what adds
// nothing. A block goes on from the m of its state, so that m hardly ever grows.
#pragma once
#include <keopsnb/reductions/sum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

template <class T>
inline constexpr T largest = static_cast<T>(3.40282346638528859811704183484516925e+38);
template <>
inline constexpr double largest<double> = 1.79769313486231570814527423731704357e+308;

// N sums with exponential weights of one maximum. Numbers of a block: m, then the sums; of a state:
// m, the sums, what they lack. `at(0)` and on are those of one of these.
template <i64 N>
struct ShiftedSums {
  static constexpr i64 block_dim = 1 + N, state_dim = 1 + 2 * N;

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return s == 0 ? splat<V>(-largest<scalar_of<V>>) : V{};
  }

  // The exponentials of the terms f of an evaluation less m, once m has grown to these;
  // at(s, p) is number s of pack p of outputs. What weights() has 0 for does not count, however
  // great it is.
  template <class X, class F, class At, class... Weights>
  KEOPSNB_FN static auto exponentials(X& x, F f, At&& at, Weights... weights) {
    using V = typename X::pack;
    V shift[X::packs];
    integer_of<V> grows{};
    bool passed_over = false;
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) {
      shift[p] = at(0, p);
      KEOPSNB_UNROLL
      for (int j = 0; j < X::steps; ++j)
        if (x.counts(j)) shift[p] = max(to_number<V>(f.at(p, j)), shift[p]);
      // Of a single term the maximum is not needed where it does not grow.
      if constexpr (X::steps > 1)
        grows |= shift[p] > at(0, p);
      else if (x.counts(0))
        grows |= to_number<V>(f.at(p, 0)) > at(0, p);
    }
    // Rare once the first terms have passed: one exponential a term is all that is paid.
    if (any_lane<V>(grows)) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) shift[p] = min(shift[p], splat<V>(largest<scalar_of<V>>));
      passed_over = (pass_over<V>(x, f, weights(), at, shift) || ...);
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) {
        V factor = exp(at(0, p) - shift[p]);
        at(0, p) = shift[p];
        for_components<N>([&](i64 s) KEOPSNB_LAMBDA { at(1 + s, p) *= factor; });
      }
    }
    Tile<V, X::packs, X::steps> e;
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < X::steps; ++j)
      e.at(p, j) = exp(stored(to_number<V>(f.at(p, j))) - at(0, p));
    if (passed_over) (hold<V>(weights(), e), ...);
    return e;
  }

  // Lets m grow to the terms f whose weight g is not 0 alone, if there are others.
  template <Number V, class X, class F, class G, class At>
  KEOPSNB_FN static bool pass_over(X& x, const F& f, const G& g, At&& at, V* shift) {
    using W = typename G::number;
    integer_of<W> some{};
    KEOPSNB_UNROLL
    for (int p = 0; p < G::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < G::steps; ++j) some |= g.at(p, j) == W{};
    if (!any_lane<W>(some)) return false;
    KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p) {
      V m = at(0, p);
      KEOPSNB_UNROLL
      for (int j = 0; j < X::steps; ++j) {
        const auto none = to_number<V>(g.at(p, j)) == V{};
        if (x.counts(j)) m = max(select<V>(none, m, to_number<V>(f.at(p, j))), m);
      }
      shift[p] = min(m, splat<V>(largest<scalar_of<V>>));
    }
    return true;
  }
  // Holds the exponentials of those above m at 1.
  template <Number V, class G, class E>
  KEOPSNB_FN static void hold(const G& g, E& e) {
    const V one = constant<V>(1);
    KEOPSNB_UNROLL
    for (int p = 0; p < E::packs; ++p) KEOPSNB_UNROLL
    for (int j = 0; j < E::steps; ++j) {
      const auto none = to_number<V>(g.at(p, j)) == V{};
      e.at(p, j) = select<V>(none & (e.at(p, j) > one), one, e.at(p, j));
    }
  }

  // Brings a state to the larger maximum of the two, and gives the factor for the other's sums.
  template <class At, class V>
  KEOPSNB_FN static V rescale(At&& at, V other_max) {
    V m = max(at(0), other_max);
    V mine = exp(at(0) - m);
    for_components<2 * N>([&](i64 s) KEOPSNB_LAMBDA { at(1 + s) *= mine; });
    at(0) = m;
    return exp(other_max - m);
  }
  template <class At, class Block>
  KEOPSNB_FN static void absorb(At&& at, Block&& block) {
    auto factor = rescale(at, block(0));
    for_components<N>(
        [&](i64 s) KEOPSNB_LAMBDA { two_sum(at(1 + s), at(1 + N + s), block(1 + s) * factor); });
  }
  template <class At, class Other>
  KEOPSNB_FN static void merge(At&& at, Other&& other) {
    auto factor = rescale(at, other(0));
    for_components<N>([&](i64 s) KEOPSNB_LAMBDA {
      two_sum(at(1 + s), at(1 + N + s), other(1 + s) * factor, other(1 + N + s) * factor);
    });
  }
  // The numbers that the law of a softmax keeps.
  template <int K, class At>
  KEOPSNB_FN static auto keep(At&& at) {
    using V = no_reference<decltype(at(0))>;
    const V all = sum(at, 0);
    return K == 0 ? select<V>(all == V{}, V{}, V(at(0))) : all;
  }
  // Sum s of a state.
  template <class At>
  KEOPSNB_FN static auto sum(At&& at, i64 s) {
    return at(1 + s) + at(1 + N + s);
  }
};

// Of terms with weights G: a mean counts those of weight 0 as well.
template <bool Normalized, Formula G, class Sums, class X, class F, class At, class Weights>
KEOPSNB_FN auto exponentials_of(X& x, F f, At&& at, [[maybe_unused]] Weights weights) {
  if constexpr (Normalized || detail::is_lit<G>)
    return Sums::exponentials(x, f, at);
  else
    return Sums::exponentials(x, f, at, weights);
}

struct LogSumExpLaw {
  using keeps = Keeps<>;
  // Of terms exp(f) that are all 0 the result is -infinity: held at the least number, exp(f - a) is
  // 0 for them. Where weights add up to 0 it is infinite, as derivatives in these are; where no
  // gradient comes to, it is 0, whatever f. Where a weight is 0, exp(f - a) may be infinite.
  static constexpr auto result(auto o, auto e) {
    constexpr auto least = lit<-16777215, 104>;
    constexpr auto greatest = lit<16777215, 104>;
    const auto none = logical_and(lessthan(o.a, 0_c), equal(o.a, 2_c * o.a));
    return term(weighed(exp(o.f - where(none, where(e, least, greatest), o.a)), o.g), e);
  }
};

// Kept: the maximum m, which cancels and is held fixed, and the sum of exp(f - m); 0 where there is
// no term. f is rounded for itself, as it is in the reduction: where terms are large, the weights
// of one pair are the same in all kernels, and add up to 1 in gradients too.
struct SoftMaxLaw {
  using keeps = Keeps<Keep::of_component, Keep::of_component>;
  static constexpr auto result(auto o, auto e) {
    const auto [m, sum] = o.k;
    return term(exp(stored(o.f) - m) * (o.g - o.a), inv(sum) * e);
  }
  static constexpr auto kept(Int<0>, auto, auto) { return constant_output; }
  static constexpr auto kept(Int<1>, auto o, auto e) {
    const auto [m, sum] = o.k;
    return term(exp(stored(o.f) - m), e);
  }
};
template <bool Normalized>
using exponential_law = choose<Normalized, SoftMaxLaw, LogSumExpLaw>;

// Of a scalar F: one maximum. Where the result is a mean, the first of the sums is that of the
// weights exp(F).
template <Formula F, Formula G, bool Normalized>
struct ExponentialReduction : ReductionBase<G> {
  using formulas = List<F, G>;
  template <class Part>
  using part = ExponentialReduction<F, Part, Normalized>;
  using law = exponential_law<Normalized>;
  using ReductionBase<G>::dim;
  template <i64 C>
  using sums = ShiftedSums<C + Normalized>;
  static constexpr i64 block_dim(i64 c) { return 1 + c + Normalized; }
  static constexpr i64 state_dim(i64 c) { return 1 + 2 * (c + Normalized); }

  template <Number V>
  KEOPSNB_FN static V block_identity(i64 s) {
    return sums<1>::template identity<V>(s);
  }
  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return sums<1>::template identity<V>(s);
  }

  template <i64 C = dim, class Block, class State>
  KEOPSNB_FN static void begin(Block&& block, State&& state) {
    block(0) = state(0);
  }
  template <i64 C = dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    using V = typename X::pack;
    const auto any = [&]() KEOPSNB_LAMBDA {
      tile_of<X, G> all{};
      for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
        const auto g = get<G>(x, first + c);
        KEOPSNB_UNROLL
        for (int p = 0; p < g.packs; ++p) KEOPSNB_UNROLL
        for (int s = 0; s < g.steps; ++s) all.at(p, s) = logical_or(all.at(p, s), g.at(p, s));
      });
      return all;
    };
    const auto e = exponentials_of<Normalized, G, sums<C>>(x, get<F>(x, 0), block, any);
    if constexpr (Normalized) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
      for (int s = 0; s < X::steps; ++s)
        if (x.counts(s)) block(1, p) += e.at(p, s);
    }
    into_numbers<G, C>(block, 1 + Normalized, x, first,
                       [&](V* own, i64, int s, int p, V g)
                           KEOPSNB_LAMBDA { own[0] += e.at(p, s) * g; });
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    sums<C>::absorb(state, block);
  }
  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    sums<C>::merge(state, other);
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    if constexpr (Normalized)
      return sums<C>::sum(state, 1 + c) / sums<C>::sum(state, 0);
    else
      return state(0) + log(sums<C>::sum(state, c));
  }
  template <i64 C = dim, int K, class State>
  KEOPSNB_FN static auto keep(State&& state, i64) {
    return sums<C>::template keep<K>(state);
  }
};

// Of the components of F, each with a maximum of its own; the weights have as many or are shared.
// Numbers: those of each component, one after the other.
template <Formula F, Formula G, bool Normalized>
struct ComponentsReduction : ReductionBase<F> {
  static_assert(
      G::dim == 1 || G::dim == F::dim,
      "keopsnb: the weights of a LogSumExp or SumSoftMaxWeight have dimension 1 or that of "
      "the formula, where this has more than 1");
  using formulas = List<F, G>;
  using law = exponential_law<Normalized>;
  using ReductionBase<F>::dim;
  using sums = ShiftedSums<1 + Normalized>;
  static constexpr i64 block_dim(i64 c) { return sums::block_dim * c; }
  static constexpr i64 state_dim(i64 c) { return sums::state_dim * c; }

  template <Number V>
  KEOPSNB_FN static V block_identity(i64 s) {
    return sums::template identity<V>(s % sums::block_dim);
  }
  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return sums::template identity<V>(s % sums::state_dim);
  }

  template <i64 C = dim, class Block, class State>
  KEOPSNB_FN static void begin(Block&& block, State&& state) {
    for_components<C>(
        [&](i64 c) KEOPSNB_LAMBDA { block(sums::block_dim * c) = state(sums::state_dim * c); });
  }
  template <i64 C = dim, class Block, class X>
  KEOPSNB_FN static void step(Block&& block, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      const auto at = [&](i64 s, int p)
                          KEOPSNB_LAMBDA -> V& { return block(sums::block_dim * c + s, p); };
      const auto g = get<G>(x, G::dim == 1 ? 0 : first + c);
      const auto e = exponentials_of<Normalized, G, sums>(x, get<F>(x, first + c), at,
                                                          [&]() KEOPSNB_LAMBDA { return g; });
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) KEOPSNB_UNROLL
      for (int s = 0; s < X::steps; ++s) {
        if (!x.counts(s)) continue;
        if constexpr (Normalized) at(1, p) += e.at(p, s);
        at(1 + Normalized, p) += e.at(p, s) * to_number<V>(g.at(p, s));
      }
    });
  }

  // The numbers of component c, of `each`.
  template <class State>
  KEOPSNB_FN static auto component(State& state, i64 c, i64 each) {
    return [&state, c, each](i64 s)
               KEOPSNB_LAMBDA -> decltype(auto) { return state(each * c + s); };
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      sums::absorb(component(state, c, sums::state_dim), component(block, c, sums::block_dim));
    });
  }
  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      sums::merge(component(state, c, sums::state_dim), component(other, c, sums::state_dim));
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    const auto at = component(state, c, sums::state_dim);
    if constexpr (Normalized)
      return sums::sum(at, 1) / sums::sum(at, 0);
    else
      return at(0) + log(sums::sum(at, 0));
  }
  template <i64 C = dim, int K, class State>
  KEOPSNB_FN static auto keep(State&& state, i64 c) {
    return sums::template keep<K>(component(state, c, sums::state_dim));
  }
};

template <Formula F, Formula G, bool Normalized>
using exponential_reduction = choose<F::dim == 1, ExponentialReduction<F, G, Normalized>,
                                     ComponentsReduction<F, G, Normalized>>;

template <Formula F, Formula G = Lit<1, 0>>
constexpr auto logsumexp_reduction(F f, G g = {}) {
  return exponential_reduction<decltype(as_number(f)), decltype(as_number(g)), false>{};
}
template <Formula F, Formula G>
constexpr auto softmax_reduction(F f, G g) {
  return exponential_reduction<decltype(as_number(f)), decltype(as_number(g)), true>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
