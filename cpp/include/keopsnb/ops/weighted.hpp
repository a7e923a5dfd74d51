// Squared norms in a metric: of a scalar, of a diagonal, or of a matrix.
#pragma once
#include <keopsnb/ops/distance.hpp>
#include <keopsnb/ops/tensor.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <Formula S, Formula A>
constexpr auto sqnormiso(S s, A a) {
  static_assert(S::dim == 1, "keopsnb: in sqnormiso(s, f), s has dimension 1");
  return s * sqnorm2(a);
}
template <Formula S, Formula A>
constexpr auto sqnormdiag(S s, A a) {
  static_assert(S::dim == A::dim, "keopsnb: in sqnormdiag(s, f), s has the dimension of f");
  return sum(s * square(a));
}
template <Formula S, Formula A>
constexpr auto symsqnorm(S s, A a) {
  static_assert(S::dim == A::dim * A::dim,
                "keopsnb: in symsqnorm(A, f), the dimension of A is the square of that of f");
  return sum(a * matvecmult(s, a));
}

// By the dimension of s: 1, that of f, or its square.
template <Formula S, Formula A>
constexpr auto weightedsqnorm(S s, A a) {
  static_assert(S::dim == 1 || S::dim == A::dim || S::dim == A::dim * A::dim,
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

#ifdef KEOPSNB_CATALOGUE
namespace detail {
// 1 if a vector of dimension d is measured by weights of dimension s.
constexpr i64 weighted_dim(i64 s, i64 d) { return s == 1 || s == d || s == d * d ? 1 : -1; }
}  // namespace detail

inline constexpr Row rows_weighted[] = {
    {.name = "SqNormIso",
     .call = "sqnormiso",
     .signature = "(1), (D) -> 1",
     .operands = 2,
     .ints = 0,
     .dim = [](const i64* d, int, const i64*) -> i64 { return d[0] == 1 ? 1 : -1; },
     .domain = "(-2, 2), (-2, 2)",
     .reference = "a * numpy.sum(b * b, -1, keepdims=True)",
     .sentence = "The squared norm of a vector times a scalar.",
     .partials = "",
     .cases = "1, 3 | ; 1, 1 | ; 1, 16 |"},
    {.name = "SqNormDiag",
     .call = "sqnormdiag",
     .signature = "(D), (D) -> 1",
     .operands = 2,
     .ints = 0,
     .dim = same_dims_to_one,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * b * b, -1, keepdims=True)",
     .sentence = "The sum of the squares of a vector's components, each with its weight.",
     .partials = ""},
    {.name = "SymSqNorm",
     .call = "symsqnorm",
     .signature = "(D*D), (D) -> 1",
     .operands = 2,
     .ints = 0,
     .dim = [](const i64* d, int, const i64*) -> i64 { return d[0] == d[1] * d[1] ? 1 : -1; },
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b, b)[..., None]",
     .sentence = "The quadratic form of a matrix, row after row, at a vector.",
     .partials = "",
     .cases = "9, 3 | ; 1, 1 | ; 25, 5 |"},
    {.name = "WeightedSqNorm",
     .call = "weightedsqnorm",
     .signature = "(1), (D) or (D*D), (D) -> 1",
     .operands = 2,
     .ints = 0,
     .dim = [](const i64* d, int, const i64*) { return detail::weighted_dim(d[0], d[1]); },
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * b * b, -1, keepdims=True) if a.shape[-1] <= b.shape[-1] else "
                  "numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b, b)[..., None]",
     .sentence = "SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights: 1, D or "
                 "D*D.",
     .partials = "",
     .cases = "1, 3 | ; 3, 3 | ; 9, 3 |"},
    {.name = "WeightedSqDist",
     .call = "weightedsqdist",
     .signature = "(1), (D) or (D*D), (D), (D) -> 1",
     .operands = 3,
     .ints = 0,
     .dim = [](const i64* d, int, const i64*) -> i64 {
       return d[1] == d[2] ? detail::weighted_dim(d[0], d[1]) : -1;
     },
     .domain = "(-2, 2), (-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * (b - c) ** 2, -1, keepdims=True) if a.shape[-1] <= b.shape[-1] "
                  "else numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b - c, "
                  "b - c)[..., None]",
     .sentence = "WeightedSqNorm of the difference of two vectors.",
     .partials = "",
     .cases = "1, 3, 3 | ; 3, 3, 3 | ; 9, 3, 3 |"},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
