// Inner products, norms and distances: compositions of other operations, so that their derivatives
// need no rule of their own.
#pragma once
#include <keopsnb/ops/elementwise.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {
// A number made of two vectors of one dimension.
constexpr i64 of_pair_dim(i64 a, i64 b) { return a == b ? 1 : -1; }
}  // namespace detail

template <Formula A, Formula B>
constexpr auto scalprod(A a, B b) {
  return sum(a * b);
}
template <Formula A>
constexpr auto sqnorm2(A a) {
  return sum(square(a));
}
template <Formula A>
constexpr auto norm2(A a) {
  return sqrt(sqnorm2(a));
}
template <Formula A, Formula B>
constexpr auto sqdist(A a, B b) {
  static_assert(detail::of_pair_dim(A::dim, B::dim) > 0,
                "keopsnb: sqdist takes two formulas of one dimension");
  return sqnorm2(a - b);
}
template <Formula A>
constexpr auto normalize(A a) {
  return rsqrt(sqnorm2(a)) * a;
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
