// Functions that the partial derivatives of ops.def use, besides operations.
#pragma once
#include <keopsnb/symbol.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

inline constexpr auto log_2 = lit_of([] { return 0.6931471805599453; });
inline constexpr auto log2_e = lit_of([] { return 1.4426950408889634; });
inline constexpr auto log10_e = lit_of([] { return 0.4342944819032518; });
inline constexpr auto sqrt_half = lit_of([] { return 0.7071067811865476; });
inline constexpr auto two_over_sqrt_pi = lit_of([] { return 1.1283791670955126; });
inline constexpr auto normal_peak = lit_of([] { return 0.3989422804014327; });  // 1 / sqrt(2 pi)

namespace op {
template <i64 N>
struct LoweredPower;
}
// a^(b - N) in the N-th derivative of a^b (ops/power.hpp).
template <i64 N, Formula A, Formula B>
constexpr auto loweredpower(A a, B b) {
  return build<op::LoweredPower<N>>(a, b);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
