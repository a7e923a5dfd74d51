// Law: every function of math.hpp is within `bound` ULP of the true value, on scalars as on packs,
// in single and in double precision, at every argument: zeros, denormals, huge ones, infinities,
// NaN.
//
// The truth is the C library's in double for float, in long double for double. Prints one line a
// function and type; the exit status is 1 if any is beyond its bound.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include <keopsnb/math.hpp>

namespace {

template <class T>
using Wide = std::conditional_t<std::is_same_v<T, float>, double, long double>;
template <class T>
using Word = std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>;
template <class T>
using Limits = std::numeric_limits<T>;

struct Row {
  const char* name;
  double bound;            // in ULP
  double low, high;        // where arguments are drawn densely, besides from all bit patterns
  bool everywhere = true;  // false: only from [low, high]
  bool flush = false;      // results below sqrt(2) * the least normal number may be 0
};

bool failed = false;

template <class T>
T from_word(Word<T> w) {
  T t;
  std::memcpy(&t, &w, sizeof t);
  return t;
}

std::uint64_t random_word() {  // xorshift64*
  static std::uint64_t s = 0x9E3779B97F4A7C15u;
  s ^= s >> 12;
  s ^= s << 25;
  s ^= s >> 27;
  return s * 0x2545F4914F6CDD1Du;
}
template <class T>
T random_in(double low, double high) {
  return static_cast<T>(low + (high - low) * static_cast<double>(random_word() >> 11) * 0x1p-53);
}

template <class T>
const std::vector<T>& edges() {
  static const std::vector<T> all = [] {
    const T tiny = Limits<T>::min(), inf = Limits<T>::infinity(), nan = Limits<T>::quiet_NaN();
    std::vector<T> e = {
        0,    Limits<T>::denorm_min(), tiny / 2, tiny, 1,  2,   3,   100, T(0.5), T(1e6),
        1600, Limits<T>::max(),        inf,      nan,  88, 710, 104, 745};
    for (std::size_t n = e.size(), i = 0; i < n; ++i) {
      e.push_back(-e[i]);
      e.push_back(std::nextafter(e[i], T(0)));
      e.push_back(-e[e.size() - 1]);
    }
    return e;
  }();
  return all;
}

// |got - truth| in units of the last place of truth; `scale` replaces truth there if it is greater.
template <class T>
double error(T got, Wide<T> truth, Wide<T> scale, bool flush) {
  const double wrong = Limits<double>::infinity();
  if (std::isnan(truth)) return std::isnan(got) ? 0 : wrong;
  if (std::isnan(got)) return wrong;
  const Wide<T> limit = std::ldexp(Wide<T>(1), Limits<T>::max_exponent);
  if (std::isinf(got) && std::isinf(truth)) return (got > 0) == (truth > 0) ? 0 : wrong;
  if (std::isinf(truth) || std::abs(truth) > limit)
    return std::isinf(got) && (got > 0) == (truth > 0) ? 0 : wrong;
  const Wide<T> value = std::isinf(got) ? std::copysign(limit, Wide<T>(got)) : Wide<T>(got);
  const Wide<T> size = std::max(std::abs(truth), std::abs(scale));
  if (flush && size < Wide<T>(1.4143) * Limits<T>::min() && got == 0) return 0;
  int e = Limits<T>::min_exponent;
  if (size > Limits<T>::min()) std::frexp(size, &e);
  return static_cast<double>(std::abs(value - truth) /
                             std::ldexp(Wide<T>(1), e - Limits<T>::digits));
}

// Prints the worst of scalars and packs: `f` on numbers, `truth` on wide ones.
template <class T, int Arity, class F, class G, class S>
void check(const Row& row, const std::vector<T> (&x)[3], F f, G truth, S scale) {
  using V = keopsnb::Pack<T>;
  constexpr int width = keopsnb::width_of<V>;
  const auto call = [](auto&& g, auto a, auto b, auto c) {
    if constexpr (Arity == 1)
      return g(a);
    else if constexpr (Arity == 2)
      return g(a, b);
    else
      return g(a, b, c);
  };
  double worst[2] = {0, 0};
  T at[2][3] = {};
  for (std::size_t i = 0; i + width <= x[0].size(); i += width) {
    V v[3] = {};
    for (int k = 0; k < Arity; ++k) std::memcpy(&v[k], &x[k][i], sizeof(V));
    const V pack = call(f, v[0], v[1], v[2]);
    for (int l = 0; l < width; ++l) {
      T a[3] = {};
      for (int k = 0; k < Arity; ++k) a[k] = x[k][i + l];
      const Wide<T> t = call(truth, Wide<T>(a[0]), Wide<T>(a[1]), Wide<T>(a[2]));
      const Wide<T> s = scale(Wide<T>(a[0]));
      const T got[2] = {call(f, a[0], a[1], a[2]), pack[l]};
      for (int k = 0; k < 2; ++k) {
        const double e = error<T>(got[k], t, s, row.flush);
        if (e > worst[k]) {
          worst[k] = e;
          std::copy(a, a + 3, at[k]);
        }
      }
    }
  }
  const char* type = std::is_same_v<T, float> ? "float" : "double";
  for (int k = 0; k < 2; ++k) {
    const bool bad = worst[k] > row.bound;
    failed = failed || bad;
    std::printf("%-22s %-6s %-6s %8.3f  <= %5.2f  at", row.name, type, k ? "pack" : "scalar",
                worst[k], row.bound);
    for (int n = 0; n < Arity; ++n) std::printf(" %.9g", static_cast<double>(at[k][n]));
    std::printf("%s\n", bad ? "  FAILED" : "");
  }
}

template <class T>
void fill(std::vector<T>& x, const Row& row) {
  constexpr bool single = std::is_same_v<T, float>;
  const int dense = single ? 400000 : 150000;
  for (int i = 0; i < dense; ++i) x.push_back(random_in<T>(row.low, row.high));
  if (!row.everywhere) return;
  x.insert(x.end(), edges<T>().begin(), edges<T>().end());
  if constexpr (single)
    for (std::uint64_t w = random_word() % 4093; w < (1ull << 32); w += 4093)
      x.push_back(from_word<T>(static_cast<Word<T>>(w)));
  else
    for (int i = 0; i < 200000; ++i) x.push_back(from_word<T>(random_word()));
}
template <class T>
void pad(std::vector<T> (&x)[3]) {  // whole packs
  for (auto& v : x)
    while (!v.empty() && v.size() % 16) v.push_back(v[0]);
}

constexpr auto no_scale = [](auto x) { return decltype(x)(0); };

template <class F, class G, class S = decltype(no_scale)>
void unary(const Row& row, F f, G truth, S scale = no_scale) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> x[3];
    fill(x[0], row);
    pad(x);
    check<T, 1>(row, x, f, truth, scale);
  };
  run(0.0f);
  run(0.0);
}

template <class F, class G>
void binary(const Row& row, F f, G truth) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> x[3];
    if (row.everywhere)
      for (T a : edges<T>())
        for (T b : edges<T>()) x[0].push_back(a), x[1].push_back(b);
    for (int i = 0; i < 300000; ++i) {
      const bool dense = !row.everywhere || i % 2 == 0;
      x[0].push_back(dense ? random_in<T>(row.low, row.high)
                           : from_word<T>(static_cast<Word<T>>(random_word())));
      x[1].push_back(dense ? random_in<T>(row.low, row.high)
                           : from_word<T>(static_cast<Word<T>>(random_word())));
    }
    pad(x);
    check<T, 2>(row, x, f, truth, no_scale);
  };
  run(0.0f);
  run(0.0);
}

// Operands that are small multiples of 1/8: whole results are then exact.
template <class F, class G>
void ternary(const Row& row, F f, G truth) {
  const auto run = [&](auto zero) {
    using T = decltype(zero);
    std::vector<T> x[3];
    for (int i = 0; i < 100000; ++i)
      for (auto& v : x) v.push_back(std::floor(random_in<T>(row.low, row.high) * 8) / 8);
    pad(x);
    check<T, 3>(row, x, f, truth, no_scale);
  };
  run(0.0f);
  run(0.0);
}

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
