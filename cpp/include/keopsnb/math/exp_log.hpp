// exp and log: branch-free, the same code for scalars and packs.
#pragma once
#include <keopsnb/math/bits.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// a = k ln 2 + r with k whole and |r| <= ln(2) / 2.
template <Number V>
struct Octaves {
  V r, k, z;  // k + Bias in the low bits of z
};
template <int Bias, Number V>
KEOPSNB_FN Octaves<V> octaves(V a) {
  // Adding 1.5 * 2^mantissa rounds to an integer and leaves it, here as k + Bias, in the low bits.
  const V magic = constant<V>((is_single<V> ? 0x1.8p23 : 0x1.8p52) + Bias);
  const V z = a * constant<V>(1.4426950408889634) + magic;
  const V k = z - magic;
  // ln 2 in two parts. The first has so few bits that k times it is exact, so that fusing or not
  // the multiply-adds makes no difference.
  V r = a - k * constant<V>(is_single<V> ? 0x1.63p-1 : 0x1.62e42feep-1);
  r = r - k * constant<V>(is_single<V> ? -2.12194440e-4 : 1.9082149292705878e-10);
  return {r, k, z};
}
// 2^e for the integer e in the low bits of z, biased.
template <Number V>
KEOPSNB_FN V power_of_two(V z) {
  return from_bits<V>(bits(z) << mantissa_bits<V>);
}
// 2 e^r for |r| <= ln(2) / 2.
template <Number V>
KEOPSNB_FN V twice_exp_near_zero(V r) {
  if constexpr (is_single<V>)
    return horner(r, 2 * 0.00826195627, 2 * 0.0418984666, 2 * 0.166681811, 2 * 0.499991447,
                  2 * 0.999999464, 2);
  else
    return horner(r, 2 * 2.4994323043628079e-08, 2 * 2.7632293475767418e-07,
                  2 * 2.755762247658009e-06, 2 * 2.4801486521028771e-05, 2 * 0.00019841269432729737,
                  2 * 0.0013888888951224131, 2 * 0.0083333333335592601, 2 * 0.041666666666492769,
                  2 * 0.16666666666666169, 2 * 0.50000000000000178, 2, 2);
}

// 2^Power e^a = 2^Power 2^k e^r, for Power <= 0; for Power < 0, from a = 0 on.
template <int Power, Number V>
KEOPSNB_FN V exp_times(V a) {
  // Beyond these, k no longer fits. Arguments in this order keep NaN.
  a = max(constant<V>(Power < 0 ? 0 : is_single<V> ? -87.34 : -708.4), a);
  a = min(constant<V>((is_single<V> ? 88.73 : 709.79) - Power * 0.6931), a);
  const auto [r, k, z] = octaves<(is_single<V> ? 126 : 1022) + Power>(a);
  // 2 e^r times 2^(k - 1): the power alone would overflow where the product does not yet.
  return twice_exp_near_zero(r) * power_of_two(z);
}
// e^a. 1.91 ULP (tried on all floats), 2.2 without fused multiply-add. Infinity above the largest
// number; 0 below 2^-125.5 = 1.66e-38 (2^-1021.5 = 3.1e-308): no denormal results, which would cost
// hundreds of cycles each. 13 instructions in single precision on AVX2: this is the hottest
// function of all kernels, every operation counts.
template <Number V>
KEOPSNB_FN V exp(V a) {
  return exp_times<0>(a);
}

// 2^a, for kernels of a GPU that run on the host.
KEOPSNB_FN float exp2_approximate(float a) { return __builtin_exp2f(a); }

// a = 2^k (1 + f) with 1 + f between sqrt(1/2) and sqrt(2), for a > 0.
template <Number V>
struct Factors {
  V k, f;
};
template <Number V>
KEOPSNB_FN Factors<V> factors(V a) {
  constexpr int m = mantissa_bits<V>;
  constexpr double two_m = is_single<V> ? 0x1p23 : 0x1p52, bias = is_single<V> ? 127 : 1023;
  const auto denormal = a < constant<V>(is_single<V> ? 0x1p-126 : 0x1p-1022);
  const V x = select<V>(denormal, a * constant<V>(two_m), a);
  // From sqrt(1/2) on up to sqrt(2), t has the same exponent.
  const auto t = bits(x) + (bits_of<V>(1) - bits_of<V>(0.70710678118654752));
  const auto exponent =
      __builtin_bit_cast(integer_of<V>, __builtin_bit_cast(unsigned_of<V>, t) >> m);
  const V k = from_bits<V>(exponent | bits_of<V>(two_m)) -
              select<V>(denormal, constant<V>(two_m + bias + m), constant<V>(two_m + bias));
  constexpr auto fraction = (integer_of<scalar_of<V>>(1) << m) - 1;
  return {k, from_bits<V>((t & fraction) + bits_of<V>(0.70710678118654752)) - constant<V>(1)};
}
// k ln 2 + log(1 + f) + rest, with a small rest.
template <Number V>
KEOPSNB_FN V log_of(V k, V f, V rest) {
  const V half = constant<V>(0.5) * f * f;
  V y;
  if constexpr (is_single<V>) {
    y = f * f * f *
        horner(f, -0.076110512, 0.127648562, -0.131642833, 0.142009869, -0.166232184, 0.20001255,
               -0.250008225, 0.333333313);
    y = y + (rest + k * constant<V>(-2.12194440e-4));
  } else {
    const V s = f / (constant<V>(2) + f), z = s * s;
    y = s * (half + z * horner(z, 0.14795627611576292, 0.15314085358082002, 0.18183562833636563,
                               0.22222198605336935, 0.285714287420261, 0.39999999999416647,
                               0.6666666666666734));
    y = y + (rest + k * constant<V>(1.9082149292705878e-10));
  }
  return k * constant<V>(is_single<V> ? 0x1.63p-1 : 0x1.62e42feep-1) + (f + (y - half));
}
// y for 0 < a < infinity, and what a logarithm of a is elsewhere.
template <Number V>
KEOPSNB_FN V log_beyond(V a, V y) {
  const V inf = constant<V>(__builtin_inf());
  const V edge = select<V>(a == V{}, -inf, constant<V>(__builtin_nan("")));
  return select<V>(a > V{}, select<V>(a < inf, y, a), edge);
}

// 1 ULP.
template <Number V>
KEOPSNB_FN V log(V a) {
  const auto [k, f] = factors(a);
  return log_beyond(a, log_of(k, f, V{}));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
