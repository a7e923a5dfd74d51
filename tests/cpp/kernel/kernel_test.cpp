// The CPU kernels and the way they are launched, against plain loops in double precision.
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <random>
#include <utility>
#include <vector>

#include "check.hpp"
#include "threads.hpp"

using namespace keopsnb;

namespace {

template <class T>
std::vector<T> random_vector(i64 n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> v(static_cast<std::size_t>(n));
  for (T& t : v) t = static_cast<T>(uniform(engine));
  return v;
}

template <class T>
bool close(T found, double wanted, double scale) {
  return std::abs(static_cast<double>(found) - wanted) <= (sizeof(T) == 4 ? 2e-5 : 1e-13) * scale;
}

// Law: the value does not depend on the number of threads, nor on how sizes meet tiles and blocks.
template <class T, int D>
void gaussian(i64 M, i64 N, int threads) {
  const auto xs = random_vector<T>(M * D, 1), ys = random_vector<T>(N * D, 2),
             bs = random_vector<T>(N, 3);
  const T p[] = {static_cast<T>(0.7)};
  const T* const in[] = {xs.data(), ys.data(), bs.data(), p};
  constexpr auto f = exp(-sqdist(vi<0, D>, vj<1, D>) * pm<3, 1>) * vj<2, 1>;
  std::vector<double> by_i(static_cast<std::size_t>(M)), by_j(static_cast<std::size_t>(N)),
      lse(static_cast<std::size_t>(M));
  double total = 0;
  for (i64 i = 0; i < M; ++i)
    for (i64 j = 0; j < N; ++j) {
      double q = 0;
      for (int c = 0; c < D; ++c) {
        const double t = static_cast<double>(xs[i * D + c]) - static_cast<double>(ys[j * D + c]);
        q += t * t;
      }
      const double value = std::exp(-q * static_cast<double>(p[0])) * static_cast<double>(bs[j]);
      by_i[i] += value;
      by_j[j] += value;
      total += value;
      lse[i] += std::exp(value);
    }
  const double poison = 1e30;
  std::vector<T> out(static_cast<std::size_t>(M > N ? M : N) + 1, static_cast<T>(poison));
  CHECK(reduce<T>(sum_over_j(f), out.data(), M, N, in, Threads{threads}) == Outcome::done);
  for (i64 i = 0; i < M; ++i) CHECK(close(out[i], by_i[i], static_cast<double>(N)));
  CHECK(out[M] == static_cast<T>(poison));
  CHECK(reduce<T>(sum_over_i(f), out.data(), M, N, in, Threads{threads}) == Outcome::done);
  for (i64 j = 0; j < N; ++j) CHECK(close(out[j], by_j[j], static_cast<double>(M)));
  CHECK(reduce<T>(sum_over_ij(f), out.data(), M, N, in, Threads{threads}) == Outcome::done);
  CHECK(close(out[0], total, static_cast<double>(M * N)));
  CHECK(reduce<T>(logsumexp_over_j(f), out.data(), M, N, in, Threads{threads}) == Outcome::done);
  for (i64 i = 0; i < M; ++i)
    CHECK(N == 0 ? std::isinf(out[i]) && out[i] < 0 : close(out[i], std::log(lse[i]), 2));
}

// Law: splitting the reduced index changes no value beyond rounding, nor does stopping early write.
void stops() {
  const auto xs = random_vector<float>(100, 1), ys = random_vector<float>(100000, 2);
  const void* in[] = {xs.data(), ys.data()};
  std::vector<float> out(100, 7.0F);
  using Kernel = Cpu<float, SumReduction<decltype(vi<0, 1> * vj<1, 1>)>, Output::i>;
  int polls = 0;
  CpuCall call{in,
               out.data(),
               nullptr,
               100,
               100000,
               false,
               [](void* polls_made) { return ++*static_cast<int*>(polls_made) > 3; },
               &polls};
  Serial serial;
  CHECK(launch(Kernel::kernel, call, serial) == Outcome::stopped);
  CHECK(polls < 10);
  for (float v : out) CHECK(v == 7.0F);
}

// Law: each batch is a reduction of its own, of the pairs that the ranges name, for any number of
// threads; outputs that they do not name get the value of no term, also where all are one.
template <Output Out>
void batches_and_ranges(i64 M, i64 N, int threads, bool sparse) {
  constexpr i64 B = 3;
  const auto xs = random_vector<float>(B * M, 1), ys = random_vector<float>(N, 2);
  const i64 shape[] = {B}, strides[] = {M * 4, 0};
  // Two clusters of outputs, the second with no interval, and rows in none.
  const i64 outputs[] = {0, M / 2, M / 2, M - M / 4}, slices[] = {2, 2};
  const i64 reduced[] = {0, N / 3, N / 2, N};
  const auto taken = [&](i64 i, i64 j) {
    return !sparse || (i < M / 2 && (j < N / 3 || j >= N / 2));
  };
  const void* in[] = {xs.data(), ys.data()};
  const i64 results = Out == Output::one ? 1 : M;
  std::vector<float> out(static_cast<std::size_t>(B * results), 77.0F);
  CpuCall call{in, out.data(), nullptr, M, N, Out == Output::one, nullptr, nullptr};
  call.out_dim = 1;
  call.batches = {1, shape, strides, 2};
  if (sparse) call.ranges = {outputs, slices, reduced, 2};
  using Kernel = Cpu<float, SumReduction<decltype(exp(vi<0, 1> * vj<1, 1>))>, Out>;
  const Threads executor{threads};
  CHECK(launch(Kernel::kernel, call, executor) == Outcome::done);
  std::vector<double> wanted(out.size());
  for (i64 b = 0; b < B; ++b)
    for (i64 i = 0; i < M; ++i)
      for (i64 j = 0; j < N; ++j)
        if (taken(i, j))
          wanted[static_cast<std::size_t>(b * results + i % results)] +=
              std::exp(static_cast<double>(xs[static_cast<std::size_t>(b * M + i)]) *
                       static_cast<double>(ys[static_cast<std::size_t>(j)]));
  for (std::size_t k = 0; k < out.size(); ++k)
    CHECK(close(out[k], wanted[k], 1 + static_cast<double>(M * N)));
}

// Law: the error of a float32 sum does not grow with the number of terms.
template <i64 Block>
double sum_error(i64 N) {
  const std::vector<float> ys(static_cast<std::size_t>(N), 0.1F);
  const void* in[] = {ys.data()};
  float out[1];
  using Kernel = Cpu<float, SumReduction<Var<0, 1, Category::j>>, Output::i, Block>;
  const CpuCall call{in, out, nullptr, 1, N, false, nullptr, nullptr};
  Serial serial;
  launch(Kernel::kernel, call, serial);
  const double exact = static_cast<double>(N) * static_cast<double>(0.1F);
  return std::abs(static_cast<double>(out[0]) - exact) / exact;
}

}  // namespace

int main() {
  constexpr int lanes = KEOPSNB_SIMD_BYTES / 4;
  for (int threads : {1, 3})
    for (i64 M : {0, 1, lanes - 1, 4 * lanes + 1, 101})
      for (i64 N : {0, 1, 2, 255, 257, 1009}) {
        gaussian<float, 3>(M, N, threads);
        gaussian<double, 3>(M, N, threads);
      }
  for (i64 N : {0, 1, 3, 4, 5, 258, 515}) {  // four reduced indices a step
    gaussian<float, 19>(37, N, 2);
    gaussian<double, 19>(37, N, 1);
  }
  gaussian<float, 700>(5, 300, 2);  // a workspace on the heap
  gaussian<float, 3>(1, 100003, 3);
  stops();
  for (int threads : {1, 3})
    for (bool sparse : {false, true})
      for (const auto& [M, N] : {std::pair<i64, i64>{5, 9}, {300, 40}, {3, 5000}, {0, 4}, {4, 0}}) {
        batches_and_ranges<Output::i>(M, N, threads, sparse);
        batches_and_ranges<Output::one>(M, N, threads, sparse);
      }
  for (i64 N : {100000, 1000000, 10000000}) {
    CHECK(sum_error<default_block>(N) < 4e-6);
    CHECK(sum_error<1>(N) < 1.2e-7);
  }
  return report("kernel_test");
}
