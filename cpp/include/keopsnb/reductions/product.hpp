// The product of the terms.
//
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The derivative in a term is the product of the others. Kept: P, the product of the terms that are
// not 0; how many are; and z, the sum of these. It is P / f for a term f where none is 0, (P / f) z
// and P where one is, 0 and P (z - f) where two are. z is 0, but its derivative is not, so that
// second derivatives are right as well.
struct ProdLaw {
  using keeps = Keeps<Keep::of_component, Keep::of_component, Keep::of_component>;
  static constexpr auto result(auto o, auto e) {
    const auto [product, zeros, z] = o.k;
    const auto none = equal(zeros, 0_c);
    const auto one = equal(zeros, 1_c);
    const auto two = equal(zeros, 2_c);
    return term(
        o.f,
        e * product * (others(o.f) * (none + one * z) + equal(o.f, 0_c) * (one + two * (z - o.f))));
  }
  static constexpr auto kept(Int<0>, auto o, auto e) {
    const auto [product, zeros, z] = o.k;
    return term(o.f, e * product * others(o.f));
  }
  static constexpr auto kept(Int<1>, auto, auto) { return constant_output; }
  static constexpr auto kept(Int<2>, auto o, auto e) { return term(o.f, e * equal(o.f, 0_c)); }

 private:
  // 1 / f where that is a number.
  static constexpr auto others(auto f) { return notequal(f, 0_c) / where(f, f, 1_c); }
};

// Numbers of each component: the product, and where that is asked for, what the law keeps but z.
template <Formula F, bool Keeps = false>
struct ProdReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = ProdReduction<Part, Keeps>;
  using law = ProdLaw;
  using keeping = ProdReduction<F, true>;
  using ReductionBase<F>::dim;
  static constexpr bool direct = true;
  static constexpr i64 numbers = Keeps ? 3 : 1;
  static constexpr i64 state_dim(i64 c) { return numbers * c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return Keeps && s % numbers == 2 ? V{} : constant<V>(1);
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    for_terms<F, C>(x, first, [&](i64 c, int, int p, V t) KEOPSNB_LAMBDA {
      state(numbers * c, p) *= t;
      if constexpr (Keeps) {
        const auto is_zero = t == V{};
        state(numbers * c + 1, p) *= select<V>(is_zero, constant<V>(1), t);
        state(numbers * c + 2, p) += select<V>(is_zero, constant<V>(1), V{});
      }
    });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      state(numbers * c) *= other(numbers * c);
      if constexpr (Keeps) {
        state(numbers * c + 1) *= other(numbers * c + 1);
        state(numbers * c + 2) += other(numbers * c + 2);
      }
    });
  }

  template <i64 C = dim, class State>
  KEOPSNB_FN static auto finish(State&& state, i64 c, i64 = 0) {
    return state(numbers * c);
  }
  template <i64 C = dim, int K, class State>
  KEOPSNB_FN static auto keep(State&& state, i64 c) {
    using V = no_reference<decltype(state(0))>;
    return K == 2 ? V{} : V(state(numbers * c + 1 + K));
  }
};

template <Formula F>
constexpr auto prod_reduction(F f) {
  return ProdReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
