// Sum over the components of a vector, and its adjoint SumT, which replicates a scalar.
#pragma once
#include <keopsnb/catalogue.hpp>
#include <keopsnb/tile.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

namespace op {
struct Sum;
template <i64 N>
struct SumT;
}  // namespace op

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
  static constexpr i64 dim(i64 d) { return d == 1 ? N : -1; }

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

#ifdef KEOPSNB_CATALOGUE
inline constexpr Row rows_sum[] = {
    {.name = "Sum",
     .call = "sum",
     .signature = "(D) -> 1",
     .operands = 1,
     .ints = 0,
     .dim = [](const i64*, int, const i64*) -> i64 { return 1; },
     .domain = "(-2, 2)",
     .reference = "numpy.sum(a, -1, keepdims=True)",
     .sentence = "Sum of the components.",
     .partials = ""},
    {.name = "SumT",
     .call = "sumt",
     .signature = "(1), n -> n",
     .operands = 1,
     .ints = 1,
     .dim = [](const i64* d, int, const i64* n) -> i64 {
       return d[0] == 1 && n[0] >= 1 ? n[0] : -1;
     },
     .domain = "(-2, 2)",
     .reference = "numpy.repeat(a, n, -1)",
     .sentence = "A scalar replicated n times: the adjoint of Sum.",
     .partials = ""},
};
#endif

}  // namespace keopsnb::inline KEOPSNB_TARGET
