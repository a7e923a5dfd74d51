// Complex operations, as compositions over real and imaginary parts.
#pragma once
#include <keopsnb/ops/analytic.hpp>
#include <keopsnb/ops/interleave.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {
// Of operations on the components of complex vectors.
template <class... D>
constexpr i64 complex_dim(D... d) {
  const i64 n = ((d % 2 == 0) && ...) ? broadcast(d / 2 ...) : -1;
  return n > 0 ? 2 * n : -1;
}
constexpr i64 complexscal_dim(i64 a, i64 b) { return a == 2 || b == 2 ? complex_dim(a, b) : -1; }
constexpr i64 complexrealscal_dim(i64 a, i64 b) {
  return a == 1 && b % 2 == 0 ? b : b == 1 && a % 2 == 0 ? a : -1;
}
constexpr i64 complexsumt_dim(i64 d, i64 n) { return d == 2 && n >= 2 && n % 2 == 0 ? n : -1; }
template <class... A>
inline constexpr bool are_complex = complex_dim(A::dim...) > 0;
}  // namespace detail

#define KEOPSNB_COMPLEX_DIMS(CALL, ...)           \
  static_assert(detail::are_complex<__VA_ARGS__>, \
                "keopsnb: " CALL                  \
                " takes complex vectors: formulas of one even dimension, or of dimension 2")

template <Formula A>
constexpr auto real2complex(A a) {
  return interleave(a, zero<A::dim>);
}
template <Formula A>
constexpr auto imag2complex(A a) {
  return interleave(zero<A::dim>, a);
}
template <Formula A>
constexpr auto conj(A a) {
  KEOPSNB_COMPLEX_DIMS("conj", A);
  return interleave(complexreal(a), -compleximag(a));
}
template <Formula A>
constexpr auto complexsquareabs(A a) {
  KEOPSNB_COMPLEX_DIMS("complexsquareabs", A);
  return square(complexreal(a)) + square(compleximag(a));
}
template <Formula A>
constexpr auto complexabs(A a) {
  KEOPSNB_COMPLEX_DIMS("complexabs", A);
  return hypot(complexreal(a), compleximag(a));
}
template <Formula A>
constexpr auto complexangle(A a) {
  KEOPSNB_COMPLEX_DIMS("complexangle", A);
  return atan2(compleximag(a), complexreal(a));
}

template <Formula A, Formula B>
constexpr auto complexadd(A a, B b) {
  KEOPSNB_COMPLEX_DIMS("complexadd", A, B);
  if constexpr (A::dim == B::dim)
    return a + b;
  else
    return interleave(complexreal(a) + complexreal(b), compleximag(a) + compleximag(b));
}
template <Formula A, Formula B>
constexpr auto complexsubtract(A a, B b) {
  KEOPSNB_COMPLEX_DIMS("complexsubtract", A, B);
  if constexpr (A::dim == B::dim)
    return a - b;
  else
    return interleave(complexreal(a) - complexreal(b), compleximag(a) - compleximag(b));
}
template <Formula A, Formula B>
constexpr auto complexmult(A a, B b) {
  KEOPSNB_COMPLEX_DIMS("complexmult", A, B);
  const auto ar = complexreal(a);
  const auto ai = compleximag(a);
  const auto br = complexreal(b);
  const auto bi = compleximag(b);
  return interleave(ar * br - ai * bi, ar * bi + ai * br);
}
// a / b = a (1 / b)
template <Formula A, Formula B>
constexpr auto complexdivide(A a, B b) {
  KEOPSNB_COMPLEX_DIMS("complexdivide", A, B);
  const auto br = complexreal(b);
  const auto bi = compleximag(b);
  return complexmult(a,
                     interleave(real_of<ComplexInverse>(br, bi), imag_of<ComplexInverse>(br, bi)));
}
// A real scalar times a complex vector, in either order.
template <Formula A, Formula B>
constexpr auto complexrealscal(A a, B b) {
  static_assert(
      detail::complexrealscal_dim(A::dim, B::dim) > 0,
      "keopsnb: complexrealscal takes a formula of dimension 1 and one of even dimension");
  return a * b;
}
// A complex scalar times a complex vector, in either order.
template <Formula A, Formula B>
constexpr auto complexscal(A a, B b) {
  static_assert(
      detail::complexscal_dim(A::dim, B::dim) > 0,
      "keopsnb: complexscal takes a complex scalar, of dimension 2, and a complex vector");
  return complexmult(a, b);
}

template <Formula A>
constexpr auto complexsum(A a) {
  KEOPSNB_COMPLEX_DIMS("complexsum", A);
  return interleave(sum(complexreal(a)), sum(compleximag(a)));
}
template <i64 N, Formula A>
constexpr auto complexsumt(A a) {
  static_assert(detail::complexsumt_dim(A::dim, N) > 0,
                "keopsnb: complexsumt<n>(f) takes a formula of dimension 2 and an even n");
  return interleave(sumt<N / 2>(complexreal(a)), sumt<N / 2>(compleximag(a)));
}

// exp(ia) = cos a + i sin a
template <Formula A>
constexpr auto complexexp1j(A a) {
  return interleave(cos(a), sin(a));
}
// exp(a + ib) = exp(a) (cos b + i sin b)
template <Formula A>
constexpr auto complexexp(A a) {
  KEOPSNB_COMPLEX_DIMS("complexexp", A);
  const auto r = exp(complexreal(a));
  return interleave(r * cos(compleximag(a)), r * sin(compleximag(a)));
}
template <Formula A>
constexpr auto complexlog(A a) {
  KEOPSNB_COMPLEX_DIMS("complexlog", A);
  const auto re = complexreal(a);
  const auto im = compleximag(a);
  return interleave(real_of<ComplexLogarithm>(re, im), imag_of<ComplexLogarithm>(re, im));
}
template <Formula A>
constexpr auto complexsqrt(A a) {
  KEOPSNB_COMPLEX_DIMS("complexsqrt", A);
  const auto re = complexreal(a);
  const auto im = compleximag(a);
  return interleave(real_of<ComplexSquareRoot>(re, im), imag_of<ComplexSquareRoot>(re, im));
}
// z^w = exp(w log z) by the principal logarithm; at z = 0 it is 1 where w = 0, else 0.
template <Formula A, Formula B>
constexpr auto complexpow(A z, B w) {
  KEOPSNB_COMPLEX_DIMS("complexpow", A, B);
  const auto at_zero = [](auto re, auto im) { return equal(re, 0_c) * equal(im, 0_c); };
  const auto re = complexreal(z);
  const auto im = compleximag(z);
  const auto z0 = at_zero(re, im);
  const auto w0 = at_zero(complexreal(w), compleximag(w));
  const auto power = complexexp(complexmult(w, complexlog(interleave(re + z0, im))));
  const auto kept = 1_c - z0 * (1_c - w0);
  return interleave(kept * complexreal(power), kept * compleximag(power));
}

#undef KEOPSNB_COMPLEX_DIMS

}  // namespace keopsnb::inline KEOPSNB_TARGET
