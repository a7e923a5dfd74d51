// The error function and its complement.
#pragma once
#include <keopsnb/math/exp_log.hpp>

KEOPSNB_EXACT_BEGIN
namespace keopsnb::inline KEOPSNB_TARGET {

// erfc(x) for x >= 0.75, as e^(-x^2) times erfcx(x) = P(t) / (1 + 2 x), with t = (x - c) / (x + c):
// this maps the half-line to an interval, on which P is smooth (J. L. Schonfelder, Mathematics of
// Computation 32, 1978).
template <Number V>
KEOPSNB_FN V erfc_far(V x) {
  const V center = constant<V>(is_single<V> ? 2 : 3), t = (x - center) / (x + center);
  V p;
  if constexpr (is_single<V>)
    p = horner(t, 0.000238743654, -0.000234814841, -0.00159161619, 0.00121069734, 0.00877773948,
               -0.00802980084, -0.054227639, 0.164051354, -0.166030034, -0.0927638337, 1.27697837);
  else
    p = horner(t, -3.5882181359973066e-08, 1.6759145277667377e-07, -7.081203540695712e-08,
               -7.396688709087572e-07, 3.5517492574735125e-07, 3.556812316495838e-06,
               -7.56375858128107e-07, -2.0130481651009267e-05, 4.963764935305339e-06,
               0.0001251052973848654, -0.00010516363514587473, -0.0007798329278110094,
               0.0018886909261048098, 0.0025293918524327747, -0.023770514964714218,
               0.06830802734324189, -0.11927366341344035, 0.12964515870275764, -0.04756229435348004,
               -0.1356211061245811, 1.2530080582697298);
  // x^2 = s + rest: the head of x has half of the bits, so that its square is exact.
  constexpr auto tail = (integer_of<scalar_of<V>>(1) << (is_single<V> ? 12 : 27)) - 1;
  const V head = from_bits<V>(bits(x) & ~tail), low = x - head;
  const V s = head * head, rest = low * (x + head);
  const V less = horner(rest, 1.0 / 24, -1.0 / 6, 0.5, -1, 1);  // e^-rest, with a rest below 0.06
  return exp(-s) * less * p / (constant<V>(1) + constant<V>(2) * x);
}

// erf(x) for 0 <= x < 0.75.
template <Number V>
KEOPSNB_FN V erf_near(V x) {
  const V z = x * x;
  V p;
  if constexpr (is_single<V>)
    p = horner(z, -0.000676109106, 0.00511598121, -0.0268354341, 0.112833932, -0.3761262,
               0.128379166);
  else
    p = horner(z, 1.1475377676095938e-08, -1.5940876454597019e-07, 1.6430780975916994e-06,
               -1.4924202713039004e-05, 0.00012055289823864809, -0.0008548326195106321,
               0.00522397761551621, -0.02686617064443677, 0.11283791670952632, -0.37612638903183715,
               0.1283791670955126);
  return x + x * p;
}

// 2 ULP.
template <Number V>
KEOPSNB_FN V erf(V a) {
  const V x = abs(a), far = constant<V>(1) - erfc_far(min(constant<V>(6), x));
  return copysign(select<V>(x < constant<V>(0.75), erf_near(x), far), a);
}
// 5 ULP; 0 where e^(-a^2) is a denormal number.
template <Number V>
KEOPSNB_FN V erfc(V a) {
  const V x = abs(a), one = constant<V>(1), near = erf_near(x);
  const V far = erfc_far(min(constant<V>(is_single<V> ? 11 : 30), x));
  const auto small = x < constant<V>(0.75);
  return select<V>(a < V{}, select<V>(small, one + near, constant<V>(2) - far),
                   select<V>(small, one - near, far));
}

}  // namespace keopsnb::inline KEOPSNB_TARGET
KEOPSNB_EXACT_END
