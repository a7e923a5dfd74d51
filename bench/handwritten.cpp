// a_i = Sum_j exp(-|x_i - y_j|^2) b_j in R^3, written by hand for this one formula, with what it
// knows of the sign of its exponents: what the general kernels are measured against. bench/run.py compiles it with the flags of JIT-compiled
// kernels, NUMBER = float or double and PACKS = 2, 3, 4, and takes the fastest.
#include <atomic>
#include <cstring>
#include <thread>
#include <type_traits>
#include <vector>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#include "simd.hpp"

#ifndef PACKS
#define PACKS 4
#endif
#ifndef NUMBER
#define NUMBER float
#endif

namespace {

using Number = NUMBER;
constexpr bool single = sizeof(Number) == 4;
using Whole = std::conditional_t<single, int, long long>;
using Pack = Number __attribute__((vector_size(bytes)));
using Bits = Whole __attribute__((vector_size(bytes)));
constexpr int width = bytes / static_cast<int>(sizeof(Number)), packs = PACKS, rows = packs * width;

// One instruction on x86; g++ 12 makes two of `a < b ? a : b`.
inline Pack min(Pack a, Pack b) {
#if defined(__AVX512F__)
  if constexpr (single)
    return reinterpret_cast<Pack>(
        _mm512_min_ps(reinterpret_cast<__m512>(a), reinterpret_cast<__m512>(b)));
  else
    return reinterpret_cast<Pack>(
        _mm512_min_pd(reinterpret_cast<__m512d>(a), reinterpret_cast<__m512d>(b)));
#elif defined(__AVX__)
  if constexpr (single)
    return reinterpret_cast<Pack>(
        _mm256_min_ps(reinterpret_cast<__m256>(a), reinterpret_cast<__m256>(b)));
  else
    return reinterpret_cast<Pack>(
        _mm256_min_pd(reinterpret_cast<__m256d>(a), reinterpret_cast<__m256d>(b)));
#else
  return a < b ? a : b;
#endif
}

template <class... Coefficient>
inline Pack horner(Pack r, double first, Coefficient... coefficient) {
  Pack p = Pack{} + static_cast<Number>(first);
  ((p = p * r + static_cast<Number>(coefficient)), ...);
  return p;
}

// e^-s for s >= 0, within 2 ULP down to e^-86.9 = 1.8e-38 (e^-708.3), and that value below. The
// argument is never positive and never overflows, so that one clamp is enough and the power of two
// can be an integer addition.
inline Pack exp_minus(Pack s) {
  // Adding it rounds to an integer, left in the low bits.
  constexpr Number magic = single ? Number(0x1.8p23) : Number(0x1.8p52);
  s = min(s, Pack{} + Number(single ? 86.9 : 708.3));
  const Pack z = magic - s * Number(1.4426950408889634);
  const Pack k = z - magic;
  Pack r = -(k * Number(single ? 0x1.63p-1 : 0x1.62e42feep-1)) - s;
  r = r - k * Number(single ? -2.12194440e-4 : 1.9082149292705878e-10);
  Pack p;
  if constexpr (single)
    p = horner(r, 0.00826195627, 0.0418984666, 0.166681811, 0.499991447, 0.999999464, 1);
  else
    p = horner(r, 2.4994323043628079e-08, 2.7632293475767418e-07, 2.755762247658009e-06,
               2.4801486521028771e-05, 0.00019841269432729737, 0.0013888888951224131,
               0.0083333333335592601, 0.041666666666492769, 0.16666666666666169,
               0.50000000000000178, 1, 1);
  return reinterpret_cast<Pack>(reinterpret_cast<Bits>(p) +
                                (reinterpret_cast<Bits>(z) << (single ? 23 : 52)));
}

struct Problem {
  const Number *x, *y, *b;
  Number* a;
  long M, N;
};

// Rows [begin, begin + rows). Blocks of 128 terms are summed naively, and their sums with the
// rounding errors kept beside: the accuracy of keopsnb's default.
void tile(const Problem& problem, long begin) {
  const auto [x, y, b, a, M, N] = problem;
  Number lanes[3][rows];
  for (int l = 0; l < rows; ++l)
    for (int c = 0; c < 3; ++c) lanes[c][l] = x[3 * (begin + l < M ? begin + l : M - 1) + c];
  Pack xs[3][packs], high[packs] = {}, low[packs] = {};
  std::memcpy(xs, lanes, sizeof xs);
  for (long from = 0; from < N; from += 128) {
    const long to = from + 128 < N ? from + 128 : N;
    Pack block[packs] = {};
    for (long j = from; j < to; ++j) {
      const Number *yj = y + 3 * j, bj = b[j];
#pragma GCC unroll 4
      for (int p = 0; p < packs; ++p) {
        const Pack d0 = yj[0] - xs[0][p], d1 = yj[1] - xs[1][p], d2 = yj[2] - xs[2][p];
        block[p] += exp_minus(d0 * d0 + d1 * d1 + d2 * d2) * bj;
      }
    }
    for (int p = 0; p < packs; ++p) {
      const Pack sum = high[p] + block[p], back = sum - high[p];
      low[p] += (high[p] - (sum - back)) + (block[p] - back);
      high[p] = sum;
    }
  }
  Number sums[rows];
  for (int p = 0; p < packs; ++p) high[p] += low[p];
  std::memcpy(sums, high, sizeof sums);
  for (long l = 0; l < rows && begin + l < M; ++l) a[begin + l] = sums[l];
}

}  // namespace

extern "C" void gaussian_sum(const Number* x, const Number* y, const Number* b, Number* a, long M,
                             long N, int threads) {
  const Problem problem{x, y, b, a, M, N};
  std::atomic<long> next{0};
  const auto work = [&] {
    for (long i = next.fetch_add(rows); i < M; i = next.fetch_add(rows)) tile(problem, i);
  };
  std::vector<std::thread> helpers;
  for (int t = 1; t < threads; ++t) helpers.emplace_back(work);
  work();
  for (std::thread& helper : helpers) helper.join();
}
