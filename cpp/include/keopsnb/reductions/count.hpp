// The number of terms, and of those other than 0.
//
// Law: a count is exact. The few terms of a block are counted in one integer as wide as a number;
// a state has two, of which the lower one holds 30 bits, so that counts go beyond 2^31 beside
// 32-bit numbers as well.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr int count_bits = 30;

// One more term, in the bits of a block's count.
template <Number V>
KEOPSNB_FN void count_one(V& count) {
  count = from_integer_bits<V>(integer_bits(count) + 1);
}
// More terms, in the two integers of a state's.
template <Number V>
KEOPSNB_FN void count_more(V& low, V& high, V more_low, V more_high = V{}) {
  constexpr int mask = (1 << count_bits) - 1;
  const integer_of<V> sum = integer_bits(low) + integer_bits(more_low);
  low = from_integer_bits<V>(sum & mask);
  high = from_integer_bits<V>(integer_bits(high) + integer_bits(more_high) + (sum >> count_bits));
}
// As a number, rounded.
template <Number V>
KEOPSNB_FN V number_of(V low, V high = V{}) {
  return to_numbers<V>(integer_bits(high)) * constant<V>(1 << count_bits) +
         to_numbers<V>(integer_bits(low));
}

// Numbers of a block: a count for each component; of a state, two.
template <Formula F>
struct CountReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = CountReduction<Part>;
  using ReductionBase<F>::dim;
  static constexpr bool values = false, indices = true;
  static constexpr i64 block_dim(i64 c) { return c; }
  static constexpr i64 state_dim(i64 c) { return 2 * c; }

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
    into_numbers<F, C>(block, 0, x, first, [](V* own, i64, int, int, V t) KEOPSNB_LAMBDA {
      own[0] = from_integer_bits<V>(integer_bits(own[0]) + count_of<V>(t != V{}));
    });
  }

  template <i64 C = dim, class State, class Block>
  KEOPSNB_FN static void absorb(State&& state, Block&& block) {
    for_components<C>([&](i64 c)
                          KEOPSNB_LAMBDA { count_more(state(2 * c), state(2 * c + 1), block(c)); });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      using V = no_reference<decltype(state(0))>;
      count_more<V>(state(2 * c), state(2 * c + 1), other(2 * c), other(2 * c + 1));
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static i64 index(State&& state, i64 c, i64 = 0) {
    return (static_cast<i64>(integer_bits(state(2 * c + 1))) << count_bits) +
           integer_bits(state(2 * c));
  }
};

template <Formula F>
constexpr auto count_reduction(F f) {
  return CountReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
