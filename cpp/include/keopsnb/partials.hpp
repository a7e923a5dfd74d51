// What the partial derivatives of ops.def are made of, besides operations.
#pragma once
#include <keopsnb/symbol.hpp>

namespace keopsnb {

inline constexpr auto log_2 = lit_of([] { return 0.6931471805599453; });
inline constexpr auto log2_e = lit_of([] { return 1.4426950408889634; });
inline constexpr auto log10_e = lit_of([] { return 0.4342944819032518; });
inline constexpr auto sqrt_half = lit_of([] { return 0.7071067811865476; });
inline constexpr auto two_over_sqrt_pi = lit_of([] { return 1.1283791670955126; });
inline constexpr auto normal_peak = lit_of([] { return 0.3989422804014327; });  // 1 / sqrt(2 pi)

// b - 1, and 0 at 0. The derivative of a^b in a is b a^below(b): where b = 0 it is 0 also at a = 0,
// and so are its own derivatives.
template <Formula B>
constexpr auto below(B b) {
  if constexpr (requires { B::value; })
    return lit_of([] { return B::value == 0 ? 0.0 : B::value - 1; });
  else
    return b - 1_c + equal(b, 0_c);
}

}  // namespace keopsnb
