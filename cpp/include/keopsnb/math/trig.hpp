// sin, cos, and the inverse functions: branch-free but for sin and cos of very large angles.
#pragma once
#include <keopsnb/math/bits.hpp>
#include <keopsnb/math/constants.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// sin(a), or cos(a) where Cosine. Angles beyond `far` go to the C library, lane by lane.
template <bool Cosine, Number V>
[[gnu::noinline, gnu::cold]] V sine_of_far(V a, V near, scalar_of<V> far) {
  return each_lane(a, near, [far](scalar_of<V> s, scalar_of<V> n) -> scalar_of<V> {
    if (!(s > far || s < -far)) return n;
    if constexpr (is_single<V>)
      return Cosine ? __builtin_cosf(s) : __builtin_sinf(s);
    else
      return Cosine ? __builtin_cos(s) : __builtin_sin(s);
  });
}

// a = q pi/2 + r with |r| <= pi/4. pi/2 is in four parts, the first three with so few bits that q
// times each is exact: what cancels in a - q pi/2 leaves no error, however close they are.
template <bool Cosine, Number V>
KEOPSNB_FN V sine(V a) {
  constexpr scalar_of<V> far = is_single<V> ? 1600 : 1e6;
  const V magic = constant<V>(is_single<V> ? 0x1.8p23 : 0x1.8p52);
  const V shifted = a * constant<V>(0.63661977236758134) + magic;
  const auto q = bits(shifted) + integer_of<scalar_of<V>>(Cosine);
  const V k = shifted - magic;
  V r = a - k * constant<V>(is_single<V> ? 0x1.922p+0 : 0x1.921fb544p+0);
  r = r - k * constant<V>(is_single<V> ? -0x1.2afp-18 : 0x1.0b4611a6p-34);
  r = r - k * constant<V>(is_single<V> ? 0x1.0b48p-34 : 0x1.3198a2ep-69);
  r = r - k * constant<V>(is_single<V> ? -0x1.ee59dap-50 : 0x1.b839a252049c1p-104);
  const V z = r * r;
  V s, c;
  if constexpr (is_single<V>) {
    s = horner(z, -0.000195182889, 0.00833218917, -0.166666552);
    c = horner(z, 2.44323273e-05, -0.00138873095, 0.0416666456);
  } else {
    s = horner(z, 1.589543321803323e-10, -2.5050734388538898e-08, 2.7557313538512451e-06,
               -0.00019841269829358528, 0.0083333333333218407, -0.1666666666666663);
    c = horner(z, -1.1358741354115956e-11, 2.08757052606038e-09, -2.7557314216193591e-07,
               2.4801587288999819e-05, -0.001388888888887334, 0.041666666666666595);
  }
  s = r + r * z * s;
  // 1 - z/2 with its rounding error, then the small terms.
  const V half = constant<V>(0.5) * z, w = constant<V>(1) - half;
  c = w + (((constant<V>(1) - w) - half) + z * z * c);
  s = select<V>((q & 1) != 0, c, s);
  s = from_bits<V>(bits(s) ^ ((q << (8 * sizeof(scalar_of<V>) - 2)) & sign_bit<V>));
  if (__builtin_expect(any_lane<V>(abs(a) > splat<V>(far)), 0))
    return sine_of_far<Cosine>(a, s, far);
  return s;
}

// 1 ULP in single, 1 ULP in double precision; for |a| > 1600 (1e6) that of the C library.
template <Number V>
KEOPSNB_FN V sin(V a) {
  return sine<false>(a);
}
template <Number V>
KEOPSNB_FN V cos(V a) {
  return sine<true>(a);
}
// 3 ULP, beyond as sin and cos.
template <Number V>
KEOPSNB_FN V tan(V a) {
  return sin(a) / cos(a);
}

// asin(sqrt(z)) / sqrt(z) - 1 for 0 <= z <= 1/4.
template <Number V>
KEOPSNB_FN V asin_series(V z) {
  if constexpr (is_single<V>)
    return z * horner(z, 0.0421582907, 0.0241847821, 0.0454691499, 0.0749530941, 0.166667521);
  else
    return z * horner(z, 0.0319139001387738, -0.016226587349567053, 0.019529724410569348,
                      0.0065274526888655458, 0.012169329951393179, 0.013885217847358975,
                      0.017359706503570407, 0.022371757938177111, 0.030381959141506383,
                      0.044642856828221972, 0.075000000003371384, 0.16666666666665408);
}

// Beyond 1/2, asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)). 2 ULP; NaN outside [-1, 1].
template <Number V>
KEOPSNB_FN V asin(V a) {
  const V x = abs(a), far = constant<V>(0.5) * (constant<V>(1) - x);
  const auto large = x > constant<V>(0.5);
  const V z = select<V>(large, far, x * x);
  const V s = select<V>(large, sqrt(far), x);
  const V t = s + s * asin_series(z);
  const V u = constant<V>(pi / 2) - (constant<V>(2) * t - constant<V>(pi_rest / 2));
  return copysign(select<V>(large, u, t), a);
}

template <Number V>
KEOPSNB_FN V acos(V a) {
  const V x = abs(a), far = constant<V>(0.5) * (constant<V>(1) - x);
  const auto large = x > constant<V>(0.5);
  const V z = select<V>(large, far, x * x);
  const V s = select<V>(large, sqrt(far), a);
  const V t = s + s * asin_series(z);
  const V u = constant<V>(2) * t;
  const V outer = select<V>(a < V{}, constant<V>(pi) - (u - constant<V>(pi_rest)), u);
  return select<V>(large, outer, constant<V>(pi / 2) - (t - constant<V>(pi_rest / 2)));
}

// atan(n / d) for 0 <= n <= d, d > 0: beyond tan(pi/8), as pi/4 + atan((n - d) / (n + d)).
template <Number V>
KEOPSNB_FN V atan_of_ratio(V n, V d) {
  const auto steep = n > d * constant<V>(0.41421356237309503);
  const V t = select<V>(steep, n - d, n) / select<V>(steep, n + d, d);
  const V z = t * t;
  V p;
  if constexpr (is_single<V>)
    p = horner(z, 0.0805406943, -0.138778254, 0.19977729, -0.333329499);
  else
    p = horner(z, -0.017907513360330005, 0.038064683808394749, -0.050393036990286591,
               0.058478878929553765, -0.066631037198863111, 0.076920601788838,
               -0.090908977558634502, 0.11111110783439659, -0.14285714280198616,
               0.19999999999953666, -0.33333333333333198);
  const V r = t * z * p;
  return select<V>(steep, constant<V>(pi / 4) + (t + (r + constant<V>(pi_rest / 4))), t + r);
}

template <Number V>
KEOPSNB_FN V atan(V a) {
  const V x = abs(a), one = constant<V>(1);
  const auto large = x > one;
  const V r = atan_of_ratio(select<V>(large, one, x), select<V>(large, x, one));
  return copysign(select<V>(large, constant<V>(pi / 2) - (r - constant<V>(pi_rest / 2)), r), a);
}

// The angle of the point (b, a), as C: atan2(0, b) is 0 or pi, infinities count as equal.
template <Number V>
KEOPSNB_FN V atan2(V a, V b) {
  const V y = abs(a), x = abs(b), inf = constant<V>(__builtin_inf());
  // Scaled down so that no sum overflows.
  const V scale = select<V>(max(x, y) > constant<V>(is_single<V> ? 0x1p126 : 0x1p1022),
                            constant<V>(0.25), constant<V>(1));
  const V n = min(x, y) * scale, d = max(x, y) * scale;
  const auto equal_infinite = n == inf, both_zero = d == V{};
  V r = atan_of_ratio(
      select<V>(equal_infinite, constant<V>(1), n),
      select<V>(equal_infinite, constant<V>(1), select<V>(both_zero, constant<V>(1), d)));
  r = select<V>(y > x, constant<V>(pi / 2) - (r - constant<V>(pi_rest / 2)), r);
  r = select<V>(bits(b) < 0, constant<V>(pi) - (r - constant<V>(pi_rest)), r);
  r = select<V>(a != a, a, select<V>(b != b, b, r));
  return copysign(r, a);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
