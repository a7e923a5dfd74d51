// The variance of the terms.
//
// Kept as a mean and M2, the sum of the squared deviations from it. In a block of n terms, with u
// the differences of terms and any number s; for parts a and b, with d the difference of their
// means (Chan, Golub & LeVeque 1979, 1983):
//
//   mean = s + Sum u / n                          M2 = Sum u^2 - (Sum u)^2 / n
//   mean = mean_a + d n_b / (n_a + n_b)           M2 = M2_a + M2_b + d^2 n_a n_b / (n_a + n_b)
//
// s is the first term, and again and again, when there are twice as many, the mean of those that
// are there, so that Sum u^2 <= 2 M2: neither a large mean nor an outlier costs accuracy, and a
// term costs a difference, a sum and a product. A mean is two numbers, as its rounding error may be
// as large as the deviations: of a block s and Sum u / n, of a state a sum and what it lacks.
#pragma once
#include <keopsnb/reductions/count.hpp>
#include <keopsnb/reductions/sum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// Kept: the mean to twice the precision of the terms, as two numbers of which the first one has its
// derivative; the number of terms, 1 where there is none.
struct VarianceLaw {
  using keeps = Keeps<Keep::of_component, Keep::of_component, Keep::of_row>;
  static constexpr auto result(auto o, auto e) {
    const auto [mean, rest, number] = o.k;
    return term(square(o.f - mean - rest), inv(relu(number - o.n)) * e);
  }
  static constexpr auto kept(Int<0>, auto o, auto e) {
    const auto [mean, rest, number] = o.k;
    return term(o.f, inv(number) * e);
  }
  static constexpr auto kept(Int<1>, auto, auto) { return constant_output; }
  static constexpr auto kept(Int<2>, auto, auto) { return constant_output; }
};

// Numbers of a block: the count, and for each component s, Sum u and Sum u^2; of a state: two of
// the count, and for each component the two of the mean, M2, and what it lacks.
template <Formula F, i64 Correction>
struct VarianceReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = VarianceReduction<Part, Correction>;
  using law = VarianceLaw;
  static constexpr i64 option = Correction;
  using ReductionBase<F>::dim;
  static constexpr i64 block_dim(i64 c) { return 1 + 3 * c; }
  static constexpr i64 state_dim(i64 c) { return 2 + 4 * c; }

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
    const auto before = integer_bits(lane(V(block(0, 0)), 0));
    if (before > 1 && (before & (before - 1)) == 0) {
      KEOPSNB_UNROLL
      for (int p = 0; p < X::packs; ++p) {
        const V n = number_of<V>(block(0, p));
        for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
          shift_to_mean<V>(block(1 + 3 * c, p), block(2 + 3 * c, p), block(3 + 3 * c, p), n);
        });
      }
    }
    KEOPSNB_UNROLL
    for (int s = 0; s < X::steps; ++s) KEOPSNB_UNROLL
    for (int p = 0; p < X::packs; ++p)
      if (x.counts(s)) count_one(block(0, p));
    into_numbers<F, C, 3>(block, 1, x, first, [&](V* own, i64, int s, int, V t) KEOPSNB_LAMBDA {
      if (s == 0 && before == 0) own[0] = t;
      const V u = t - own[0];
      own[1] += u;
      own[2] += u * u;
    });
  }

  // M2 of n terms.
  template <class V>
  KEOPSNB_FN static V deviations(V sum, V squares, V n) {
    const V m2 = squares - sum * (sum / n);
    return select<V>(m2 < V{}, V{}, m2);
  }
  template <class V>
  KEOPSNB_FN static void shift_to_mean(V& shift, V& sum, V& squares, V n) {
    const V m2 = deviations(sum, squares, n), mean = shift + sum / n;
    sum = sum - n * (mean - shift);
    squares = m2 + sum * (sum / n);
    shift = mean;
  }

  // A part of `theirs` terms, with the mean `mean` + `rest` and this M2, into a component that has
  // seen `mine`: numbers of a state from at(0) on.
  template <class At, class V>
  KEOPSNB_FN static void join(At at, V mine, V theirs, V mean, V rest, V m2, V lacks) {
    const V share = theirs / max(mine + theirs, constant<V>(1));
    const V d = (mean - at(0)) + (rest - at(1));
    // The first part as it is: no rounding, and no inf - inf from an empty state.
    const auto first = mine == V{}, none = theirs == V{};
    V sum = at(0), lost = at(1);
    two_sum(sum, lost, d * share);
    at(0) = select<V>(none, at(0), select<V>(first, mean, sum));
    at(1) = select<V>(none, at(1), select<V>(first, rest, lost));
    const V between = select<V>(first, V{}, d * d * (mine * share));
    two_sum(at(2), at(3), select<V>(none, V{}, m2 + between), select<V>(none, V{}, lacks));
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    using V = no_reference<decltype(state(0))>;
    const V mine = number_of<V>(state(0), state(1)), theirs = number_of<V>(block(0));
    const V n = max(theirs, constant<V>(1));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      const V sum = block(2 + 3 * c), m2 = deviations<V>(sum, block(3 + 3 * c), n);
      join([&](i64 s) KEOPSNB_LAMBDA -> V& { return state(2 + 4 * c + s); }, mine, theirs,
           V(block(1 + 3 * c)), V(sum / n), m2, V{});
    });
    count_more<V>(state(0), state(1), block(0));
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    using V = no_reference<decltype(state(0))>;
    const V mine = number_of<V>(state(0), state(1)), theirs = number_of<V>(other(0), other(1));
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      const i64 at = 2 + 4 * c;
      join([&](i64 s) KEOPSNB_LAMBDA -> V& { return state(at + s); }, mine, theirs, V(other(at)),
           V(other(at + 1)), V(other(at + 2)), V(other(at + 3)));
    });
    count_more<V>(state(0), state(1), other(0), other(1));
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    using V = no_reference<decltype(state(0))>;
    return (state(4 + 4 * c) + state(5 + 4 * c)) /
           max(number_of<V>(state(0), state(1)) - constant<V>(static_cast<double>(Correction)),
               V{});
  }
  template <i64 C = dim, int K, class State>
  KEOPSNB_FN static auto keep(State&& state, i64 c) {
    using V = no_reference<decltype(state(0))>;
    if constexpr (K < 2)
      return V(state(2 + 4 * c + K));
    else
      return max(number_of<V>(state(0), state(1)), constant<V>(1));
  }
};

template <i64 Correction = 0, Formula F>
constexpr auto variance_reduction(F f) {
  return VarianceReduction<decltype(as_number(f)), Correction>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
