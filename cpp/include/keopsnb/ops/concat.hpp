// Vectors one after the other.
#pragma once
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

namespace detail {

template <>
struct Simplify<op::Concat> {
  template <bool, Formula... A>
  static constexpr auto apply(A... a) {
    if constexpr (sizeof...(A) == 1)
      return (a, ...);
    else if constexpr ((is_zero<A> && ...))
      return zero<(A::dim + ...)>;
    else
      return Node<op::Concat, A...>{};
  }
};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
