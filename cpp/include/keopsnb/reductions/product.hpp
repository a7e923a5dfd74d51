// The product of the terms.
//
#pragma once
#include <keopsnb/reductions/monoid.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// The derivative in a term is the product of the others. Kept of the terms that are not 0: their
// product as a b^2, where 1 <= |a| < 4 and b is a power of 2, so that it neither over- nor
// underflows; then, how many are 0; and z, the sum of these. The derivative is a b^2 / f for a term
// f where none is 0; that times z, and a b^2, where one is; 0 and a b^2 (z - f) where two are. z is
// 0, but its derivative is not, so that second derivatives are right as well.
struct ProdLaw {
  using keeps =
      Keeps<Keep::of_component, Keep::of_component, Keep::of_component, Keep::of_component>;
  static constexpr auto result(auto o, auto e) {
    const auto [a, b, zeros, z] = o.k;
    const auto one = equal(zeros, 1_c);
    const auto all = a * b * b;
    const auto others = divided(a, o.f) * b * (b * scale(o.f));
    return term(o.f, e * where(o.f, where(zeros, where(one, others * z, 0_c), others),
                               where(one, all, where(equal(zeros, 2_c), all * (z - o.f), 0_c))));
  }
  static constexpr auto kept(Int<0>, auto o, auto e) {
    const auto [a, b, zeros, z] = o.k;
    return term(o.f, e * divided(a, o.f) * scale(o.f));
  }
  static constexpr auto kept(Int<1>, auto, auto) { return constant_output; }
  static constexpr auto kept(Int<2>, auto, auto) { return constant_output; }
  static constexpr auto kept(Int<3>, auto o, auto e) { return term(o.f, e * equal(o.f, 0_c)); }

 private:
  // a / f is this times scale(f), and 0 where f is: it is in range where f is subnormal, or great.
  static constexpr auto divided(auto a, auto f) {
    return notequal(f, 0_c) * a / where(f, f * scale(f), 1_c);
  }
  static constexpr auto scale(auto f) {
    constexpr auto small = lit<1, -64>;
    constexpr auto great = lit<1, 64>;
    return where(lessthan(abs(f), small), great, where(lessthan(great, abs(f)), small, 1_c));
  }
};

// t = m 4^h, with 1 <= |m| < 4; where t is not finite it is m.
template <Number V>
struct ByFours {
  V m, h;

  KEOPSNB_FN explicit ByFours(V t) {
    using I = integer_of<scalar_of<V>>;
    const auto bits = [](V v) KEOPSNB_LAMBDA { return __builtin_bit_cast(integer_of<V>, v); };
    constexpr int width = single ? 23 : 52;
    constexpr I middle = single ? 127 : 1023;
    constexpr I bits_of_magic = __builtin_bit_cast(I, static_cast<scalar_of<V>>(magic));
    const auto tiny = abs(t) < constant<V>(0x1p-64);
    const V normal = select<V>(tiny, t * constant<V>(0x1p64), t);
    const auto exponent = ((bits(normal) >> width) & (2 * middle + 1)) - middle;
    const V fours = __builtin_bit_cast(V, (exponent >> 1) + bits_of_magic) - constant<V>(magic);
    const auto finite = t - t == V{};
    m = select<V>(finite, __builtin_bit_cast(V, bits(normal) - (((exponent >> 1) * 2) << width)),
                  t);
    h = select<V>(finite, select<V>(tiny, fours - constant<V>(32), fours), V{});
  }

 private:
  static constexpr bool single = sizeof(scalar_of<V>) == 4;
  // Numbers of this size have the unit of their last place 1.
  static constexpr double magic = single ? 0x1.8p23 : 0x1.8p52;
};

// Numbers of each component: the product, and where that is asked for, what the law keeps but z:
// a, h with b = 2^h, and how many terms are 0.
template <Formula F, bool Keeps = false>
struct ProdReduction : ReductionBase<F> {
  using formulas = List<F>;
  template <class Part>
  using part = ProdReduction<Part, Keeps>;
  using law = ProdLaw;
  using keeping = ProdReduction<F, true>;
  using ReductionBase<F>::dim;
  static constexpr bool direct = true;
  static constexpr int numbers = Keeps ? 4 : 1;
  static constexpr i64 state_dim(i64 c) { return numbers * c; }

  template <Number V>
  KEOPSNB_FN static V identity(i64 s) {
    return s % numbers <= 1 ? constant<V>(1) : V{};
  }

  // a 4^h times t.
  template <Number V>
  KEOPSNB_FN static void multiply(V& a, V& h, V t, V more = V{}) {
    const V product = a * t;
    const auto great = abs(product) >= constant<V>(4);
    a = select<V>(great, product * constant<V>(0.25), product);
    h += more + select<V>(great, constant<V>(1), V{});
  }

  template <i64 C = dim, class State, class X>
  KEOPSNB_FN static void step(State&& state, X& x, i64 first = 0) {
    using V = typename X::pack;
    into_numbers<F, C, numbers>(state, 0, x, first, [](V* own, i64, int, int, V t) KEOPSNB_LAMBDA {
      own[0] *= t;
      if constexpr (Keeps) {
        const auto is_zero = t == V{};
        const ByFours<V> other(select<V>(is_zero, constant<V>(1), t));
        multiply<V>(own[1], own[2], other.m, other.h);
        own[3] += select<V>(is_zero, constant<V>(1), V{});
      }
    });
  }

  template <i64 C = dim, class State, class Other>
  KEOPSNB_FN static void merge(State&& state, Other&& other) {
    for_components<C>([&](i64 c) KEOPSNB_LAMBDA {
      state(numbers * c) *= other(numbers * c);
      if constexpr (Keeps) {
        using V = no_reference<decltype(state(0))>;
        multiply<V>(state(numbers * c + 1), state(numbers * c + 2), other(numbers * c + 1),
                    other(numbers * c + 2));
        state(numbers * c + 3) += other(numbers * c + 3);
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
    if constexpr (K == 1)
      return exp2(V(state(numbers * c + 2)));
    else
      return K == 3 ? V{} : V(state(numbers * c + (K == 0 ? 1 : 3)));
  }
};

template <Formula F>
constexpr auto prod_reduction(F f) {
  return ProdReduction<decltype(as_number(f))>{};
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
