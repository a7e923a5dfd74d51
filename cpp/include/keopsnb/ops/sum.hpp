// Sum over the components of a vector, and its adjoint SumT, which replicates a scalar.
#pragma once
#include <keopsnb/tile.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
struct Sum;
template <i64 N>
struct SumT;
}  // namespace op

namespace detail {
// The dimension of sumt<n>(f) for an f of dimension d; negative where there is none. So are all
// functions X_dim the dimension of X, of dimensions of operands and then its integers.
constexpr i64 sumt_dim(i64 d, i64 n) { return d == 1 && n >= 1 ? n : -1; }
}  // namespace detail

template <Formula A>
constexpr auto sum(A a) {
  return build<op::Sum>(a);
}
template <i64 N, Formula A>
constexpr auto sumt(A a) {
  return build<op::SumT<N>>(a);
}

namespace op {

struct Sum {
  static constexpr i64 dim(i64) { return 1; }

  // <g, Sum(da)> = <SumT(g), da>
  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return sumt<A::dim>(g);
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T da, A) {
    return sum(da);
  }

  // One reduced index after the other, so that few numbers are alive beside the sums.
  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64) {
    using R = tile_of<X, A>;
    // An evaluation may do the sum of a whole tile in its own way.
    if constexpr (requires { x.template contract<A>(); }) {
      return x.template contract<A>();
    } else {
      R sum{};
      for_components<A::dim>([&](i64 c) KEOPSNB_LAMBDA {
        KEOPSNB_UNROLL
        for (int s = 0; s < R::steps; ++s) {
          auto one = x.at_step(s);
          const auto term = get<A>(one, c);
          KEOPSNB_UNROLL
          for (int p = 0; p < R::packs; ++p)
            sum.at(p, s) += to_number<typename R::number>(term.at(p, 0));
        }
      });
      return sum;
    }
  }
};

template <i64 N>
struct SumT {
  static constexpr i64 dim(i64 d) { return detail::sumt_dim(d, N); }

  template <Formula G, Formula A>
  static constexpr auto pullback(Int<0>, G g, A) {
    return sum(g);
  }
  template <Formula T, Formula A>
  static constexpr auto push(Int<0>, T da, A) {
    return sumt<N>(da);
  }

  template <Formula A, class X>
  KEOPSNB_FN static auto at(X& x, i64) {
    return get<A>(x, 0);
  }
};

}  // namespace op

}  // namespace keopsnb::inline KEOPSNB_TARGET
