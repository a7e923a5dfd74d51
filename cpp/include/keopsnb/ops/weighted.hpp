// Squared norms in a metric: of a scalar, of a diagonal, or of a matrix.
#pragma once
#include <keopsnb/ops/distance.hpp>
#include <keopsnb/ops/tensor.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace detail {
constexpr i64 sqnormiso_dim(i64 s, i64) { return s == 1 ? 1 : -1; }
constexpr i64 symsqnorm_dim(i64 s, i64 d) { return s == d * d ? 1 : -1; }
constexpr i64 weightedsqnorm_dim(i64 s, i64 d) {
  return sqnormiso_dim(s, d) > 0 || of_pair_dim(s, d) > 0 || symsqnorm_dim(s, d) > 0 ? 1 : -1;
}
}  // namespace detail

template <Formula S, Formula A>
constexpr auto sqnormiso(S s, A a) {
  static_assert(detail::sqnormiso_dim(S::dim, A::dim) > 0,
                "keopsnb: in sqnormiso(s, f), s has dimension 1");
  return s * sqnorm2(a);
}
template <Formula S, Formula A>
constexpr auto sqnormdiag(S s, A a) {
  static_assert(detail::of_pair_dim(S::dim, A::dim) > 0,
                "keopsnb: in sqnormdiag(s, f), s has the dimension of f");
  return sum(s * square(a));
}
template <Formula S, Formula A>
constexpr auto symsqnorm(S s, A a) {
  static_assert(detail::symsqnorm_dim(S::dim, A::dim) > 0,
                "keopsnb: in symsqnorm(A, f), the dimension of A is the square of that of f");
  return sum(a * matvecmult(s, a));
}

// By the dimension of s: 1, that of f, or its square.
template <Formula S, Formula A>
constexpr auto weightedsqnorm(S s, A a) {
  static_assert(detail::weightedsqnorm_dim(S::dim, A::dim) > 0,
                "keopsnb: in weightedsqnorm(s, f), the dimension of s is 1, D or D * D, for f of "
                "dimension D");
  if constexpr (S::dim == 1)
    return sqnormiso(s, a);
  else if constexpr (S::dim == A::dim)
    return sqnormdiag(s, a);
  else
    return symsqnorm(s, a);
}
template <Formula S, Formula A, Formula B>
constexpr auto weightedsqdist(S s, A a, B b) {
  static_assert(A::dim == B::dim,
                "keopsnb: in weightedsqdist(s, f, g), f and g have one dimension");
  return weightedsqnorm(s, a - b);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
