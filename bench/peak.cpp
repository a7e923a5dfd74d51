// The limit of a machine's arithmetic: fused multiply-adds of float packs in registers alone.
#include <thread>
#include <vector>

#include "simd.hpp"

namespace {
using Pack = float __attribute__((vector_size(bytes)));
constexpr int chains = 12;  // a latency of 4 or 5 cycles, two a cycle

void chain(long rounds, float* out) {
  Pack a[chains];
  for (Pack& pack : a) pack = Pack{} + 0.5f;
  const Pack factor = Pack{} + 0.999f, term = Pack{} + 0.001f;
  for (long round = 0; round < rounds; ++round) {
#if defined(__clang__)
#pragma clang loop unroll(full)
#else
#pragma GCC unroll 12
#endif
    for (int k = 0; k < chains; ++k) a[k] = a[k] * factor + term;
  }
  Pack sum{};
  for (const Pack& pack : a) sum += pack;
  *out = sum[0];
}
}  // namespace

// Multiply-adds of one number in `rounds` rounds of one thread.
extern "C" long fmas_of(long rounds) { return rounds * chains * (bytes / 4); }

extern "C" float fma_peak(long rounds, int count) {
  std::vector<float> results(static_cast<std::size_t>(count));
  std::vector<std::thread> threads;
  for (float& result : results) threads.emplace_back(chain, rounds, &result);
  for (std::thread& thread : threads) thread.join();
  float sum = 0;
  for (float result : results) sum += result;
  return sum;
}
