// Sorting networks over pairs of a value and the bits of its index, the same for all lanes of a
// pack: bitonic sorters (Batcher, Sorting networks and their applications, 1968). Numbers at(2 k)
// and at(2 k + 1) are pair k; sizes are powers of two.
#pragma once
#include <keopsnb/reductions/extremum.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The least power of two that is not less than n.
constexpr i64 whole_length(i64 n) {
  i64 size = 1;
  while (size < n) size *= 2;
  return size;
}

// Brings pairs a and b in order.
template <class Order, Number V, class At>
KEOPSNB_FN void bring_in_order(At& at, i64 a, i64 b) {
  const V first = at(2 * a), first_place = at(2 * a + 1);
  const V second = at(2 * b), second_place = at(2 * b + 1);
  const auto swaps = Order::before(second, second_place, first, first_place);
  at(2 * a) = select<V>(swaps, second, first);
  at(2 * a + 1) = select<V>(swaps, second_place, first_place);
  at(2 * b) = select<V>(swaps, first, second);
  at(2 * b + 1) = select<V>(swaps, first_place, second_place);
}

// Sorts what ascends and then descends, or the other way round.
template <class Order, Number V, class At>
KEOPSNB_FN void bitonic_merge(At&& at, i64 size, i64 begin = 0) {
  for (i64 half = size / 2; half > 0; half /= 2)
    for (i64 k = begin; k < begin + size; k += 2 * half)
      for (i64 i = k; i < k + half; ++i) bring_in_order<Order, V>(at, i, i + half);
}

template <class Order, Number V, class At>
KEOPSNB_FN void bitonic_sort(At&& at, i64 size) {
  for (i64 run = 2; run <= size; run *= 2)
    for (i64 begin = 0; begin < size; begin += run) {
      // Two sorted halves, one against the other: then each half has what belongs there.
      for (i64 i = 0; i < run / 2; ++i)
        bring_in_order<Order, V>(at, begin + i, begin + run - 1 - i);
      bitonic_merge<Order, V>(at, run / 2, begin);
      bitonic_merge<Order, V>(at, run / 2, begin + run / 2);
    }
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
