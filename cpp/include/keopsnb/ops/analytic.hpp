// Functions of a complex variable z = a + ib, with the real and the imaginary part of a value as
// elementwise operations. The laws of Cauchy and Riemann give their derivatives: for w = f(z) and
// f'(z) = p + iq,
//
//   d Re w = p da - q db,    d Im w = q da + p db.
#pragma once
#include <keopsnb/ops/elementwise.hpp>
#include <keopsnb/ops/integers.hpp>

namespace keopsnb::inline KEOPSNB_TARGET {

template <class V>
struct Complex {
  V re, im;
};

namespace op {

// Part 0, the real one, or 1 of a function F.
template <class F, int Which>
struct Analytic {
  using elementwise = void;
  template <class... D>
  static constexpr i64 dim(D... dims) {
    return broadcast(dims...);
  }

  template <Number V>
  KEOPSNB_FN static V value(V a, V b) {
    const Complex<V> w = F::value(a, b);
    return Which == 0 ? w.re : w.im;
  }
  template <i64 K, Formula S, Formula A, Formula B>
  static constexpr auto partial(Int<K>, S, A a, B b) {
    if constexpr (K == Which)
      return F::template derivative<0>(a, b);
    else if constexpr (Which == 0)
      return -F::template derivative<1>(a, b);
    else
      return F::template derivative<1>(a, b);
  }
};

}  // namespace op

template <class F, Formula A, Formula B>
constexpr auto real_of(A a, B b) {
  return build<op::Analytic<F, 0>>(a, b);
}
template <class F, Formula A, Formula B>
constexpr auto imag_of(A a, B b) {
  return build<op::Analytic<F, 1>>(a, b);
}

template <class V>
KEOPSNB_FN Complex<V> product(Complex<V> z, Complex<V> w) {
  return {z.re * w.re - z.im * w.im, z.re * w.im + z.im * w.re};
}
template <i64 N, class V>
KEOPSNB_FN Complex<V> power(Complex<V> z) {
  if constexpr (N == 1)
    return z;
  else if constexpr (N % 2 == 0)
    return power<N / 2>(product(z, z));
  else
    return product(z, power<N - 1>(z));
}

// 1 / z = conj(z) / |z|^2, with no overflow in between. 4 ULP; NaN at 0.
template <Number V>
KEOPSNB_FN Complex<V> inverse(Complex<V> z) {
  const V h = hypot(z.re, z.im);
  return {z.re / h / h, -(z.im / h / h)};
}
// The square root with a real part that is not negative. 4 ULP.
template <Number V>
KEOPSNB_FN Complex<V> square_root(Complex<V> z) {
  // 2 t^2 = |z| + |a|, halved before they are added so that nothing overflows.
  const V half = constant<V>(0.5), zero = V{};
  const V t = sqrt(half * hypot(z.re, z.im) + half * abs(z.re));
  const V other = select<V>(t == zero, zero, half * abs(z.im) / t);
  const V im = select<V>(z.re < zero, t, other);
  return {select<V>(z.re < zero, other, t), select<V>(integer_bits(z.im) < 0, -im, im)};
}

// z^(N/2) by the principal root, with (z^(N/2))' = N/2 z^(N/2 - 1). For odd N < 0, which the
// derivatives of the square root are, it is taken as 0 at 0. 4 |N| ULP.
template <i64 N>
struct ComplexHalfPower {
  template <Number V>
  KEOPSNB_FN static Complex<V> value(V a, V b) {
    if constexpr (N == 0) {
      return {constant<V>(1), V{}};
    } else if constexpr (N % 2 == 0) {
      const Complex<V> z{a, b};
      constexpr i64 n = N < 0 ? -N / 2 : N / 2;
      return power<n>(N < 0 ? inverse(z) : z);
    } else if constexpr (N > 0) {
      return power<N>(square_root(Complex<V>{a, b}));
    } else {
      const Complex<V> w = power<-N>(inverse(square_root(Complex<V>{a, b})));
      const auto at_zero = (a == V{}) & (b == V{});
      return {select<V>(at_zero, V{}, w.re), select<V>(at_zero, V{}, w.im)};
    }
  }
  template <int Which, Formula A, Formula B>
  static constexpr auto derivative(A a, B b) {
    return cst<N> * 0.5_c * build<op::Analytic<ComplexHalfPower<N - 2>, Which>>(a, b);
  }
};
using ComplexInverse = ComplexHalfPower<-2>;
using ComplexSquareRoot = ComplexHalfPower<1>;

// log z = log |z| + i arg z. The absolute error of the real part is 4 ULP of the greater of it and
// 1, and near |z| = 1 that of |z|^2 - 1.
struct ComplexLogarithm {
  template <Number V>
  KEOPSNB_FN static Complex<V> value(V a, V b) {
    const V x = abs(a), y = abs(b), most = max(x, y), least = min(x, y);
    const V one = constant<V>(1), half = constant<V>(0.5);
    const auto near_one = (most > half) & (most < constant<V>(2));
    const V close = half * log1p((most - one) * (most + one) + least * least);
    return {select<V>(near_one, close, log(hypot(a, b))), atan2(b, a)};
  }
  // w' = 1 / z
  template <int Which, Formula A, Formula B>
  static constexpr auto derivative(A a, B b) {
    return build<op::Analytic<ComplexInverse, Which>>(a, b);
  }
};

}  // namespace keopsnb::inline KEOPSNB_TARGET
