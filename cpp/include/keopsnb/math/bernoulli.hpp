// Bernoulli's numbers and distances from whole numbers, for functions around the gamma function.
#pragma once
#include <keopsnb/pack.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// B_2k for k in [1, terms], the Bernoulli numbers. A function, as nvcc keeps no array of the
// host's.
inline constexpr int bernoulli_terms = 9;
KEOPSNB_FN constexpr double bernoulli(int k) {
  constexpr double numbers[bernoulli_terms] = {1.0 / 6,   -1.0 / 30,     1.0 / 42,
                                               -1.0 / 30, 5.0 / 66,      -691.0 / 2730,
                                               7.0 / 6,   -3617.0 / 510, 43867.0 / 798};
  return numbers[k - 1];
}

// a less the nearest whole number; exact.
template <Number V>
KEOPSNB_FN V from_nearest(V a) {
  const auto whole = abs(a) >= constant<V>(sizeof(scalar_of<V>) == 4 ? 0x1p23 : 0x1p52);
  return a - select<V>(whole, a, floor(a + constant<V>(0.5)));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
