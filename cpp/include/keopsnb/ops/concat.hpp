// Vectors one after the other.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/ops/extract.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
struct Concat;
}  // namespace op

template <Formula... A>
constexpr auto concat(A... a) {
  return build<op::Concat>(a...);
}

namespace op {

struct Concat {
  using linear = void;  // in all operands together: forward.hpp
  template <class... D>
  static constexpr i64 dim(D... d) {
    return (d + ...);
  }

  // <g, Concat(..., da, ...)> = <the components of g that stand where a does, da>
  template <i64 K, Formula G, Formula... A>
  static constexpr auto pullback(Int<K>, G g, A...) {
    constexpr i64 dims[] = {A::dim...};
    constexpr i64 start = [](const i64* d) {
      i64 s = 0;
      for (int k = 0; k < K; ++k) s += d[k];
      return s;
    }(dims);
    return extract<start, dims[K]>(g);
  }

  template <Formula A, Formula... More, class X>
  KEOPSNB_FN static auto at(X& x, i64 c) {
    if constexpr (sizeof...(More) == 0) {
      return get<A>(x, c);
    } else {
      using R = tile_of<X, A, More...>;
      return c < A::dim ? convert<R>(get<A>(x, c)) : convert<R>(at<More...>(x, c - A::dim));
    }
  }
};

}  // namespace op

#ifdef KEOPSNB_CATALOGUE
inline constexpr Row rows_concat[] = {
    {.name = "Concat",
     .call = "concat",
     .signature = "(D1), (D2), ... -> D1 + D2 + ...",
     .operands = -1,
     .ints = 0,
     .dim = [](const i64* d, int n, const i64*) -> i64 {
       i64 sum = 0;
       for (int k = 0; k < n; ++k) sum += d[k];
       return sum;
     },
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.concatenate([a, b], -1)",
     .sentence = "The components of each operand, one after the other.",
     .partials = ""},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
