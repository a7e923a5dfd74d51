// Sum over the components of a vector, and its adjoint SumT, which replicates a scalar.
#pragma once
#include <keopsnb/terms.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
struct Sum;
struct GatedProduct;
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
        auto&& own = at_component<A>(x, c);
        KEOPSNB_UNROLL
        for (int s = 0; s < R::steps; ++s) {
          auto&& one = own.at_step(s);
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

namespace detail {

template <Formula A>
constexpr auto sum_of_gated(A a);  // gate.hpp

// f, replicated if it is a scalar that stands for a vector.
template <i64 D, Formula F>
constexpr auto spread(F f) {
  if constexpr (F::dim == D)
    return f;
  else
    return sumt<D>(f);
}

// clang-format off
// A constant of 1 or more is taken out: it was the terms that would have overflowed.
template <bool Free, Formula A>
constexpr auto vector_sum_of(A a) {
  constexpr auto all = [](auto f) { return build<op::Sum, Free>(f); };
  if constexpr (is_zero<A>) return zero<1>;
  else if constexpr (A::dim == 1) return a;
  else if constexpr (is<op::Minus, A>) return -all(operand<0>(a));
  else if constexpr (is_scaled<A>) {
    constexpr double c = decltype(scale(a))::value;
    if constexpr (magnitude(c) >= 1 || (Free && is_moderate(c)))
      return build<op::Mult, Free>(scale(a), all(unscaled(a)));
    else return Node<op::Sum, A>{};
  }
  else if constexpr (Free && is_weighted<A>)
    return build<op::Mult, true>(operand<0>(a), all(operand<1>(a)));
  else if constexpr (is<op::GatedProduct, A>) return sum_of_gated(a);
  else if constexpr (is_sumt<A>) return cst<A::dim> * operand<0>(a);
  else if constexpr (is_injected<A>) return all(operand<0>(a));
  else return Node<op::Sum, A>{};
}

template <i64 N, Formula A>
constexpr auto replicated(A a) {
  if constexpr (is_zero<A>) return zero<N>;
  else if constexpr (N == 1) return a;
  else return Node<op::SumT<N>, A>{};
}
// clang-format on

template <>
struct Simplify<op::Sum> {
  template <bool Free, Formula A>
  static constexpr auto apply(A a) {
    return vector_sum_of<Free>(a);
  }
};
template <i64 N>
struct Simplify<op::SumT<N>> {
  template <bool, Formula A>
  static constexpr auto apply(A a) {
    return replicated<N>(a);
  }
};

}  // namespace detail

}  // namespace keopsnb::inline KEOPSNB_TARGET
