// The logarithm of the gamma function.
#pragma once
#include <keopsnb/math/bernoulli.hpp>
#include <keopsnb/math/exp_log.hpp>
#include <keopsnb/math/trig.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// log Gamma(a) for a >= 0.5, in double precision. From 8 on Stirling's series (DLMF 5.11.1); below,
// (w - 1) (w - 2) P(w - 2) at the w in [1.5, 2.5] that is a whole step away, with the logarithm of
// the product of the steps.
template <Number V>
KEOPSNB_FN V lgamma_right(V a) {
  const V one = constant<V>(1), two = constant<V>(2), turn = constant<V>(2.5);
  const auto far = a >= constant<V>(8), low = a < constant<V>(1.5);
  V w = select<V>(low, one, a), product = select<V>(low, a, one);
  for (int k = 0; k < 6; ++k) {
    const auto high = w > turn;
    w = w - select<V>(high, one, V{});
    product = product * select<V>(high, w, one);
  }
  // The factors w - 1 and w - 2 without the rounding of w = a + 1.
  const V first = select<V>(low, a, w - one), second = select<V>(low, a - one, w - two);
  const V p = horner(second, -2.5636768396929773e-07, 5.23768774606426e-07, -8.168411904239125e-07,
                     1.7489422551937685e-06, -3.858088679604081e-06, 8.237522020052047e-06,
                     -1.765978196379454e-05, 3.816659635512872e-05, -8.309532773376752e-05,
                     0.0001825528395115624, -0.0004057073848919983, 0.0009153769124375403,
                     -0.0021081308343859823, 0.004998641164937599, -0.012384192193364563,
                     0.03296500062115356, -0.10031730167435395, 0.42278433509846713);
  const V logarithm = log(select<V>(far, a, product));
  const V near = first * second * p + select<V>(low, -logarithm, logarithm);

  const V r = one / a, z = r * r;
  V series = V{};
  for (int k = bernoulli_terms; k > 0; --k)
    series = series * z + constant<V>(bernoulli(k) / (2 * k * (2 * k - 1)));
  const V rest = constant<V>(0.9189385332046728) + series * r;  // log(2 pi) / 2
  const V stirling = (a - constant<V>(0.5)) * (logarithm - one) + (rest - constant<V>(0.5));
  const auto most = a < constant<V>(__builtin_inf());
  return select<V>(far, select<V>(most, stirling, a), near);
}

// By reflection: log(pi / |sin(pi a)|) - log Gamma(1 - a), infinity at the poles.
template <Number V>
[[gnu::noinline, gnu::cold]] V lgamma_left(V a, V right) {
  const V inf = constant<V>(__builtin_inf());
  const V f = abs(from_nearest(a)), tiny = constant<V>(0x1p-60);
  const V y = select<V>(f < tiny, -log(f), log(constant<V>(pi) / sin(constant<V>(pi) * f))) - right;
  return select<V>((f == V{}) | (a == -inf), inf, y);
}

// log |Gamma(a)|. Single precision by way of double: 1 ULP for a > 0; double: 6 ULP for a > 0.
// Below, within as many units of the last place of max(|a log(-a)|, 1): it has zeros there.
template <Number V>
KEOPSNB_FN V lgamma(V number) {
  const auto f = [](auto a) KEOPSNB_LAMBDA {
    using W = decltype(a);
    const auto left = a < constant<W>(0.5);
    const W right = lgamma_right<W>(select<W>(left, constant<W>(1) - a, a));
    if (__builtin_expect(any_lane<W>(left), 0))
      return select<W>(left, lgamma_left<W>(a, right), right);
    return right;
  };
  return in_double(f, number);
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
