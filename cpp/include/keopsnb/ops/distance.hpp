// Inner products, norms and distances: compositions of other operations, so that their derivatives
// need no rule of their own.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/ops/elementwise.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

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
  static_assert(A::dim == B::dim, "keopsnb: sqdist takes two formulas of one dimension");
  return sqnorm2(a - b);
}
template <Formula A>
constexpr auto normalize(A a) {
  return rsqrt(sqnorm2(a)) * a;
}

#ifdef KEOPSNB_CATALOGUE
inline constexpr auto same_dims_to_one = [](const i64* d, int, const i64*) -> i64 {
  return d[0] == d[1] ? 1 : -1;
};
inline constexpr auto any_dim_to_one = [](const i64*, int, const i64*) -> i64 { return 1; };

inline constexpr Row rows_distance[] = {
    // A side of dimension 1 is shared by all components, as in KeOps: f | s = s * Sum(f).
    {.name = "Scalprod",
     .call = "scalprod",
     .signature = "(D), (D) -> 1, or one side of dimension 1",
     .operands = 2,
     .ints = 0,
     .dim = [](const i64* d, int n, const i64* p) -> i64 {
       return broadcast_dim(d, n, p) < 0 ? -1 : 1;
     },
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * b, -1, keepdims=True)",
     .sentence = "Euclidean inner product, Sum(a * b).",
     .partials = ""},
    {.name = "SqNorm2",
     .call = "sqnorm2",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = any_dim_to_one,
     .domain = "(-2, 2)",
     .reference = "numpy.sum(a * a, -1, keepdims=True)",
     .sentence = "Squared Euclidean norm.",
     .partials = ""},
    {.name = "Norm2",
     .call = "norm2",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = any_dim_to_one,
     .domain = "(0.1, 2)",
     .reference = "numpy.sqrt(numpy.sum(a * a, -1, keepdims=True))",
     .sentence = "Euclidean norm; its gradient is taken as 0 at 0.",
     .partials = ""},
    {.name = "SqDist",
     .call = "sqdist",
     .signature = "(D), (D) -> 1",
     .operands = 2,
     .ints = 0,
     .dim = same_dims_to_one,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum((a - b) ** 2, -1, keepdims=True)",
     .sentence = "Squared Euclidean distance.",
     .partials = ""},
    {.name = "Normalize",
     .call = "normalize",
     .signature = "(D) -> D",
     .operands = 1,
     .ints = 0,
     .dim = [](const i64* d, int, const i64*) -> i64 { return d[0]; },
     .domain = "(0.1, 2)",
     .reference = "a / numpy.sqrt(numpy.sum(a * a, -1, keepdims=True))",
     .sentence = "The vector over its Euclidean norm, and 0 at 0.",
     .partials = ""},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
