// The error of functions of math.hpp in ULP, on scalars and on packs: unary, binary and ternary
// ones against their true values in a wider type.
#pragma once
#include <algorithm>
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

struct Bounds {
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
void check(const Bounds& row, const std::vector<T> (&x)[3], F f, G truth, S scale) {
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
void fill(std::vector<T>& x, const Bounds& row) {
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
void unary(const Bounds& row, F f, G truth, S scale = no_scale) {
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
void binary(const Bounds& row, F f, G truth) {
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
void ternary(const Bounds& row, F f, G truth) {
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

}  // namespace
