// A reduction that gives, behind its result, what its law keeps for derivatives (law.hpp).
//
// Law: it has the state and the steps of the reduction without, so that the result is the same, bit
// for bit, and costs as much.
#pragma once
#include <keopsnb/reductions/monoid.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {
namespace detail {

template <class R>
constexpr i64 columns_kept() {
  return R::law::keeps::columns(at<0, typename R::formulas>::dim);
}

// A reduction whose state holds what is kept.
template <class R>
struct Keeping {
  using type = R;
};
template <class R>
  requires requires { typename R::keeping; }
struct Keeping<R> {
  using type = typename R::keeping;
};

}  // namespace detail

template <class R>
struct KeptReduction : R {
  static constexpr i64 kept_dim = detail::columns_kept<R>();
};
template <class R>
  requires requires { typename R::template part<typename R::result>; }
struct KeptReduction<R> : R {
  static constexpr i64 kept_dim = detail::columns_kept<R>();
  template <class Part>
  using part = KeptReduction<typename R::template part<Part>>;
};

template <class R>
constexpr auto kept(R r) {
  if constexpr (R::law::keeps::size == 0)
    return r;
  else
    return KeptReduction<typename detail::Keeping<R>::type>{};
}

// body(Int<n>, column, size) for the kept numbers n, which fill `size` columns from `column` on.
template <class R, class Body>
KEOPSNB_FN void for_kept(Body&& body) {
  using keeps = typename R::law::keeps;
  constexpr i64 result = R::ranks * R::dim, each = at<0, typename R::formulas>::dim;
  repeat<keeps::size>([&]<i64 N>(Int<N> n) KEOPSNB_LAMBDA {
    constexpr i64 before = keeps::columns(each, static_cast<int>(N));
    constexpr i64 behind = keeps::columns(each, static_cast<int>(N) + 1);
    body(n, Int<result + before>{}, Int<behind - before>{});
  });
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
