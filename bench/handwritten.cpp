// a_i = Sum_j exp(-|x_i - y_j|^2) b_j in R^3, float32, written by hand for this one formula: the
// limit that the general kernels are measured against. bench/run.py compiles it with the flags of
// JIT-compiled kernels and PACKS = 2, 3, 4, and takes the fastest.
#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#if defined(__AVX__)
#include <immintrin.h>
#endif

#ifndef PACKS
#define PACKS 4
#endif

namespace {

#if defined(__AVX512F__)
constexpr int bytes = 64;
#elif defined(__AVX__)
constexpr int bytes = 32;
#else
constexpr int bytes = 16;
#endif
using Pack = float __attribute__((vector_size(bytes)));
using Bits = int __attribute__((vector_size(bytes)));
constexpr int width = bytes / 4, packs = PACKS, rows = packs * width;

// One instruction on x86; g++ 12 makes two of `a < b ? a : b`.
inline Pack min(Pack a, Pack b) {
#if defined(__AVX512F__)
  return _mm512_min_ps(a, b);
#elif defined(__AVX__)
  return _mm256_min_ps(a, b);
#else
  return a < b ? a : b;
#endif
}

// e^-s for s >= 0, within 2 ULP down to e^-86.9 = 1.8e-38, and that value below. The argument is
// never positive and never overflows, so that one clamp is enough and the power of two can be an
// integer addition.
inline Pack exp_minus(Pack s) {
  constexpr float magic = 0x1.8p23f;  // adding it rounds to an integer, left in the low bits
  s = min(s, Pack{} + 86.9f);
  const Pack z = magic - s * 1.44269504f;
  const Pack k = z - magic;
  Pack r = -(k * 0x1.63p-1f) - s;
  r = r - k * -2.12194440e-4f;
  Pack p = r * 0.00826195627f + 0.0418984666f;
  p = p * r + 0.166681811f;
  p = p * r + 0.499991447f;
  p = p * r + 0.999999464f;
  p = p * r + 1.0f;
  return reinterpret_cast<Pack>(reinterpret_cast<Bits>(p) + (reinterpret_cast<Bits>(z) << 23));
}

struct Problem {
  const float *x, *y, *b;
  float* a;
  long M, N;
};

// Rows [begin, begin + rows). Blocks of 128 terms are summed naively, and their sums with the
// rounding errors kept beside: the accuracy of keopsnb's default.
void tile(const Problem& problem, long begin) {
  const auto [x, y, b, a, M, N] = problem;
  float lanes[3][rows];
  for (int l = 0; l < rows; ++l)
    for (int c = 0; c < 3; ++c) lanes[c][l] = x[3 * (begin + l < M ? begin + l : M - 1) + c];
  Pack xs[3][packs], high[packs] = {}, low[packs] = {};
  std::memcpy(xs, lanes, sizeof xs);
  for (long from = 0; from < N; from += 128) {
    const long to = from + 128 < N ? from + 128 : N;
    Pack block[packs] = {};
    for (long j = from; j < to; ++j) {
      const float *yj = y + 3 * j, bj = b[j];
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
  float sums[rows];
  for (int p = 0; p < packs; ++p) high[p] += low[p];
  std::memcpy(sums, high, sizeof sums);
  for (long l = 0; l < rows && begin + l < M; ++l) a[begin + l] = sums[l];
}

}  // namespace

extern "C" void gaussian_sum(const float* x, const float* y, const float* b, float* a, long M,
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
