// Law: every function of math.hpp is within `bound` ULP of the true value, on scalars as on packs,
// in single and in double precision, at every argument: zeros, denormals, huge ones, infinities,
// NaN.
//
// The truth is the C library's in double for float, in long double for double. Prints one line a
// function and type; the exit status is 1 if any is beyond its bound.
#include <chrono>

#include "math_ulp.hpp"

namespace {

// j_n(x) / x^n by its series, or upwards from sin and cos where that is stable.
template <class R>
R bessel(int n, R x) {
  const R z = x * x;
  if (std::abs(x) < R(n) + 2) {
    R term = 1, sum = 0;
    for (int k = 1; k <= n; ++k) term /= 2 * k + 1;
    for (int k = 1; k < 60; ++k) {
      sum += term;
      term *= -z / (R(2) * k * (2 * n + 2 * k + 1));
    }
    return sum;
  }
  R before = std::cos(x), g = std::sin(x) / x;
  for (int k = 0; k < n; ++k) {
    const R next = ((2 * k + 1) * g - before) / z;
    before = g;
    g = next;
  }
  return g;
}

template <int N>
void check_bessel(double bound) {
  char name[40];
  std::snprintf(name, sizeof name, "sinxdivx_derivative<%d>", N);
  // In units of the last place of the function's amplitude: it has zeros.
  unary(
      {name, bound, -20, 20, N == 0}, [](auto x) { return keopsnb::sinxdivx_derivative<N>(x); },
      [](auto x) -> decltype(x) {
        if constexpr (N == 0)
          return x == 0 ? decltype(x)(1) : std::sin(x) / x;
        else
          return static_cast<decltype(x)>(bessel<long double>(N, x));
      },
      [](auto x) -> decltype(x) {
        return N == 0 || std::abs(x) < 0.9 * N + 1.6
                   ? decltype(x)(0)
                   : 1 / std::pow(std::abs(x), decltype(x)(N + 1));
      });
}

// The N-th derivative of digamma for x > 0: from x + n >= 40 on by the asymptotic series.
template <int N>
long double polygamma(long double x) {
  const auto power = [](long double r, int n) {
    long double p = 1;
    for (; n > 0; --n) p *= r;
    return p;
  };
  constexpr long double even[] = {1 / 6.0L, -1 / 30.0L, 1 / 42.0L, -1 / 30.0L, 5 / 66.0L};
  const long double sign = N % 2 == 0 ? -1 : 1, factorial = std::tgamma(N + 1.0L);
  long double sum = 0;
  for (; x < 40; ++x) sum += factorial * power(1 / x, N + 1);
  sum += N == 0 ? -std::log(x) : factorial / N * power(1 / x, N);
  sum += factorial / 2 * power(1 / x, N + 1);
  for (int k = 1; k <= 5; ++k) {
    long double ratio = even[k - 1] / (2 * k + N);  // B_2k (2k + N - 1)! / (2k)!
    for (int j = 2 * k + 1; j <= 2 * k + N; ++j) ratio *= j;
    sum += ratio * power(1 / x, 2 * k + N);
  }
  return sign * sum;
}

template <int N>
void check_polygamma(double bound) {
  char name[40];
  std::snprintf(name, sizeof name, "polygamma<%d>", N);
  unary(
      {name, bound, 0.01, 20, false}, [](auto x) { return keopsnb::polygamma<N>(x); },
      [](auto x) -> decltype(x) { return static_cast<decltype(x)>(polygamma<N>(x)); },
      [](auto x) -> decltype(x) { return N == 0 && x == x; });
}

template <int N>
void check_powi(double bound) {
  char name[40];
  std::snprintf(name, sizeof name, "powi<%d>", N);
  unary(
      {name, bound, -4, 4, N >= 0}, [](auto x) { return keopsnb::powi<N>(x); },
      [](auto x) { return std::pow(x, decltype(x)(N)); });
}

}  // namespace

#define KEOPSNB_CALL(f) [](auto... x) { return keopsnb::f(x...); }
#define STD_CALL(f) [](auto... x) { return std::f(x...); }

int main() {
  const auto start = std::chrono::steady_clock::now();
  std::printf("%-22s %-6s %-6s %8s     %5s\n", "function", "type", "form", "max ULP", "bound");

  unary({"exp", 2.5, -104, 89, true, true}, KEOPSNB_CALL(exp), STD_CALL(exp));
  unary({"exp", 2.5, -750, 710, true, true}, KEOPSNB_CALL(exp), STD_CALL(exp));
  unary({"log", 2, 0, 4}, KEOPSNB_CALL(log), STD_CALL(log));
  unary({"log", 2, 0.99, 1.01}, KEOPSNB_CALL(log), STD_CALL(log));
  unary({"xlogx", 3, 0, 4}, KEOPSNB_CALL(xlogx),
        [](auto x) { return x == 0 ? x : x * std::log(x); });
  unary({"sqrt", 0.51, 0, 4}, KEOPSNB_CALL(sqrt), STD_CALL(sqrt));
  // Without signed zeros, the sign of the infinity at -0 is the compiler's choice.
  unary(
      {"rsqrt", 2, 0, 4}, [](auto x) { return keopsnb::abs(keopsnb::rsqrt(x)); },
      [](auto x) { return x == 0 ? Limits<decltype(x)>::infinity() : 1 / std::sqrt(x); });
  unary({"rsqrt0", 2, 0, 4}, KEOPSNB_CALL(rsqrt0),
        [](auto x) { return x == 0 ? x : 1 / std::sqrt(x); });
  unary({"sin", 3, -10, 10}, KEOPSNB_CALL(sin), STD_CALL(sin));
  unary({"sin", 3, -1700, 1700}, KEOPSNB_CALL(sin), STD_CALL(sin));
  unary({"cos", 3, -10, 10}, KEOPSNB_CALL(cos), STD_CALL(cos));
  unary({"cos", 3, -1700, 1700}, KEOPSNB_CALL(cos), STD_CALL(cos));
  unary({"tan", 4, -10, 10}, KEOPSNB_CALL(tan), STD_CALL(tan));
  unary({"exp2", 2.5, -152, 130, true, true}, KEOPSNB_CALL(exp2), STD_CALL(exp2));
  unary({"exp2", 2.5, -1080, 1025, true, true}, KEOPSNB_CALL(exp2), STD_CALL(exp2));
  unary({"expm1", 3, -2, 2}, KEOPSNB_CALL(expm1), STD_CALL(expm1));
  unary({"expm1", 3, -50, 89}, KEOPSNB_CALL(expm1), STD_CALL(expm1));
  unary({"log1p", 1.5, -1, 4}, KEOPSNB_CALL(log1p), STD_CALL(log1p));
  unary({"log1p", 3, -0.01, 0.01}, KEOPSNB_CALL(log1p), STD_CALL(log1p));
  unary({"log2", 3, 0, 4}, KEOPSNB_CALL(log2), STD_CALL(log2));
  unary({"log2", 3, 0.99, 1.01}, KEOPSNB_CALL(log2), STD_CALL(log2));
  unary({"log10", 3, 0, 4}, KEOPSNB_CALL(log10), STD_CALL(log10));
  unary({"cbrt", 1.5, -4, 4}, KEOPSNB_CALL(cbrt), STD_CALL(cbrt));
  unary({"sinh", 4, -3, 3}, KEOPSNB_CALL(sinh), STD_CALL(sinh));
  unary({"sinh", 4, -720, 720}, KEOPSNB_CALL(sinh), STD_CALL(sinh));
  unary({"cosh", 3, -3, 3}, KEOPSNB_CALL(cosh), STD_CALL(cosh));
  unary({"cosh", 3, -720, 720}, KEOPSNB_CALL(cosh), STD_CALL(cosh));
  unary({"tanh", 3, -4, 4}, KEOPSNB_CALL(tanh), STD_CALL(tanh));
  unary({"asinh", 2.5, -4, 4}, KEOPSNB_CALL(asinh), STD_CALL(asinh));
  unary({"acosh", 3, 0.9, 4}, KEOPSNB_CALL(acosh), STD_CALL(acosh));
  unary({"atanh", 2.5, -1.01, 1.01}, KEOPSNB_CALL(atanh), STD_CALL(atanh));
  unary({"erf", 3, -4, 4}, KEOPSNB_CALL(erf), STD_CALL(erf));
  unary({"erfc", 6, -4, 11, true, true}, KEOPSNB_CALL(erfc), STD_CALL(erfc));
  unary({"erfc", 6, 10, 26, true, true}, KEOPSNB_CALL(erfc), STD_CALL(erfc));
  unary({"sigmoid", 4, -90, 90, true, true}, KEOPSNB_CALL(sigmoid),
        [](auto x) { return 1 / (1 + std::exp(-x)); });
  unary({"softplus", 4, -90, 90, true, true}, KEOPSNB_CALL(softplus),
        [](auto x) { return std::log1p(std::exp(-std::abs(x))) + (x < 0 ? 0 : x); });
  unary({"gelu", 24, -4, 4, false}, KEOPSNB_CALL(gelu),
        [](auto x) { return x / 2 * std::erfc(-x * std::sqrt(decltype(x)(0.5L))); });
  unary({"lgamma", 8, 0, 12, false}, KEOPSNB_CALL(lgamma), STD_CALL(lgamma));
  unary({"lgamma", 8, -20, 0}, KEOPSNB_CALL(lgamma), STD_CALL(lgamma), [](auto x) -> decltype(x) {
    return x < 0 ? std::max<decltype(x)>(1, std::abs(x) * std::log(-x)) : 0;
  });
  check_polygamma<0>(12);
  check_polygamma<1>(12);
  check_polygamma<2>(16);
  check_polygamma<5>(28);
  binary({"hypot", 1.5, -4, 4}, KEOPSNB_CALL(hypot), STD_CALL(hypot));
  unary({"asin", 3, -1.01, 1.01}, KEOPSNB_CALL(asin), STD_CALL(asin));
  unary({"acos", 3, -1.01, 1.01}, KEOPSNB_CALL(acos), STD_CALL(acos));
  unary({"atan", 3, -4, 4}, KEOPSNB_CALL(atan), STD_CALL(atan));
  binary({"atan2", 3, -4, 4}, KEOPSNB_CALL(atan2), STD_CALL(atan2));
  binary({"powf", 1, 0, 8}, KEOPSNB_CALL(powf), STD_CALL(pow));
  check_powi<0>(0);
  check_powi<1>(0);
  check_powi<2>(0.5);
  check_powi<3>(1.5);
  check_powi<5>(4);
  check_powi<-1>(0.5);
  check_powi<-3>(2.5);
  check_bessel<0>(3);
  check_bessel<1>(4);
  check_bessel<2>(4);
  check_bessel<3>(4);
  check_bessel<5>(10);
  check_bessel<8>(12);
  unary({"inv", 0.5, -4, 4}, KEOPSNB_CALL(inv), [](auto x) { return 1 / x; });
  unary({"square", 0.5, -4, 4}, KEOPSNB_CALL(square), [](auto x) { return x * x; });
  unary({"abs", 0, -4, 4}, KEOPSNB_CALL(abs), STD_CALL(abs));
  unary({"floor", 0, -4, 4}, KEOPSNB_CALL(floor), STD_CALL(floor));
  unary({"sign", 0, -4, 4}, KEOPSNB_CALL(sign), [](auto x) { return x > 0 ? 1 : x < 0 ? -1 : x; });
  unary({"step", 0, -4, 4}, KEOPSNB_CALL(step), [](auto x) { return decltype(x)(x < 0 ? 0 : 1); });
  unary({"relu", 0, -4, 4}, KEOPSNB_CALL(relu), [](auto x) { return x < 0 ? 0 : x; });
  unary(
      {"clamp(a, -1, 2)", 0, -4, 4}, [](auto x) { return keopsnb::clamp(x, -1, 2); },
      [](auto x) { return x < -1  ? -1
                          : x > 2 ? 2
                                  : x; });
  unary(
      {"inside(a, -1, 2)", 0, -4, 4}, [](auto x) { return keopsnb::inside(x, -1, 2); },
      [](auto x) { return decltype(x)(-1 <= x && x <= 2); });
  unary(
      {"round_decimals<0>", 0, -9, 9}, [](auto x) { return keopsnb::round_decimals<0>(x); },
      STD_CALL(round));
  // On multiples of 1/1024 a tie is a tie in both precisions.
  unary(
      {"round_decimals<2>", 0.5, -60, 60, false},
      [](auto x) { return keopsnb::round_decimals<2>(keopsnb::floor(x * 1024) / 1024); },
      [](auto x) { return std::round(std::floor(x * 1024) / 1024 * 100) / 100; });
  unary(
      {"round_decimals<-1>", 0, -600, 600, false},
      [](auto x) { return keopsnb::round_decimals<-1>(keopsnb::floor(x)); },
      [](auto x) { return std::round(std::floor(x) / 10) * 10; });
  binary({"equal", 0, -4, 4}, KEOPSNB_CALL(equal),
         [](auto a, auto b) { return decltype(a)(a == b); });
  binary({"notequal", 0, -4, 4}, KEOPSNB_CALL(notequal),
         [](auto a, auto b) { return decltype(a)(a != b); });
  binary({"lessthan", 0, -4, 4}, KEOPSNB_CALL(lessthan),
         [](auto a, auto b) { return decltype(a)(a < b); });
  binary({"lessorequal", 0, -4, 4}, KEOPSNB_CALL(lessorequal),
         [](auto a, auto b) { return decltype(a)(a <= b); });
  binary({"max", 0, -4, 4}, KEOPSNB_CALL(max), [](auto a, auto b) { return a > b ? a : b; });
  binary({"min", 0, -4, 4}, KEOPSNB_CALL(min), [](auto a, auto b) { return a < b ? a : b; });
  binary({"maximum", 0, -4, 4}, KEOPSNB_CALL(maximum),
         [](auto a, auto b) { return a != a || a > b ? a : b; });
  binary({"minimum", 0, -4, 4}, KEOPSNB_CALL(minimum),
         [](auto a, auto b) { return a != a || a < b ? a : b; });
  binary({"logical_and", 0, -4, 4}, KEOPSNB_CALL(logical_and),
         [](auto a, auto b) { return decltype(a)(a != 0 && b != 0); });
  binary({"logical_or", 0, -4, 4}, KEOPSNB_CALL(logical_or),
         [](auto a, auto b) { return decltype(a)(a != 0 || b != 0); });
  binary({"logical_xor", 0, -4, 4}, KEOPSNB_CALL(logical_xor),
         [](auto a, auto b) { return decltype(a)((a != 0) != (b != 0)); });
  unary({"logical_not", 0, -4, 4}, KEOPSNB_CALL(logical_not),
        [](auto x) { return decltype(x)(x == 0); });
  ternary({"where", 0, -1, 1}, KEOPSNB_CALL(where),
          [](auto a, auto b, auto c) { return a != 0 ? b : c; });
  ternary({"clamp", 0, -4, 4}, KEOPSNB_CALL(clamp), [](auto a, auto b, auto c) {
    return a < b ? b : a > c ? c : a;
  });
  ternary({"ifelse", 0, -4, 4}, KEOPSNB_CALL(ifelse),
          [](auto a, auto b, auto c) { return a >= 0 ? b : c; });
  ternary({"fma", 0, -4, 4}, KEOPSNB_CALL(fma), [](auto a, auto b, auto c) { return a * b + c; });
  ternary(
      {"mod", 0, -4, 4}, [](auto a, auto b, auto c) { return keopsnb::mod(a, b, c); },
      [](auto a, auto b, auto c) { return a - b * std::floor((a - c) / b); });

  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("%s in %.1f s\n", failed ? "FAILED" : "passed", elapsed.count());
  return failed ? 1 : 0;
}
