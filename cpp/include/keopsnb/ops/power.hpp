// The derivatives of a real power in its base.
#pragma once
#include <keopsnb/ops/elementwise.hpp>

namespace keopsnb::inline KEOPSNB_TARGET::op {

// a^(b - N), the N-th derivative of a^b in a without its factor b (b - 1) ... Where a^b is finite
// and this is not, at a = 0, it is taken as 0.
template <i64 N>
struct LoweredPower {
  using elementwise = void;
  static constexpr i64 dim(i64 a, i64 b) { return broadcast(a, b); }

  template <Number V>
  KEOPSNB_FN static V value(V a, V b) {
    const V n = constant<V>(static_cast<double>(N));
    return select<V>((a == V{}) & (b >= V{}) & (b < n), V{}, powf(a, b - n));
  }
  template <Formula S, Formula A, Formula B>
  static constexpr auto partial(Int<0>, S, A a, B b) {
    return (b - cst<N>)*loweredpower<N + 1>(a, b);
  }
  template <Formula S, Formula A, Formula B>
  static constexpr auto partial(Int<1>, S self, A a, B) {
    return self * log(a + equal(a, 0_c));
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET::op
