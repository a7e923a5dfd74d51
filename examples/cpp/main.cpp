// A Gaussian sum and its gradient, written as C++ formulas and compiled with the program:
//
//   a_i = Sum_j exp(-|x_i - y_j|^2) b_j        for points x_i and y_j of R^3,
//   g_i = the gradient of Sum_i e_i a_i in x_i,
//
// computed by this program's own threads and checked against two plain loops.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>

#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <random>
#include <thread>
#include <vector>

namespace {

using keopsnb::i64;

// Runs the tasks of a reduction on threads of its own; any thread pool can stand here.
class Threads {
 public:
  explicit Threads(int count) : count_(count) {}

  int threads() { return count_; }

  template <class Task>
  void run(i64 tasks, Task&& task) {
    std::atomic<i64> next{0};
    const auto work = [&] {
      for (i64 k = next++; k < tasks; k = next++) task(k);
    };
    std::vector<std::thread> helpers;
    for (int t = 1; t < count_; ++t) helpers.emplace_back(work);
    work();
    for (std::thread& helper : helpers) helper.join();
  }

 private:
  int count_;
};

std::vector<float> random_numbers(i64 count, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal;
  std::vector<float> numbers(static_cast<std::size_t>(count));
  for (float& number : numbers) number = normal(engine);
  return numbers;
}

struct Plain {
  std::vector<double> sum, gradient;
};

Plain plain_loops(i64 M, i64 N, const float* x, const float* y, const float* b, const float* e) {
  Plain result{std::vector<double>(static_cast<std::size_t>(M)),
               std::vector<double>(static_cast<std::size_t>(3 * M))};
  for (i64 i = 0; i < M; ++i)
    for (i64 j = 0; j < N; ++j) {
      double d[3], squares = 0;
      for (int c = 0; c < 3; ++c) {
        d[c] = static_cast<double>(x[3 * i + c]) - static_cast<double>(y[3 * j + c]);
        squares += d[c] * d[c];
      }
      const double term = std::exp(-squares) * static_cast<double>(b[j]);
      result.sum[static_cast<std::size_t>(i)] += term;
      for (int c = 0; c < 3; ++c)
        result.gradient[static_cast<std::size_t>(3 * i + c)] -=
            2 * static_cast<double>(e[i]) * term * d[c];
    }
  return result;
}

// Greatest difference, relative to the greatest value.
double error(const std::vector<float>& found, const std::vector<double>& expected) {
  double difference = 0, greatest = 0;
  for (std::size_t k = 0; k < found.size(); ++k) {
    const double d = std::fabs(static_cast<double>(found[k]) - expected[k]);
    if (!(d <= difference)) difference = d;  // NaN counts
    greatest = std::fmax(greatest, std::fabs(expected[k]));
  }
  return difference / greatest;
}

}  // namespace

int main() {
  constexpr i64 M = 2000, N = 3000;
  const std::vector<float> xs = random_numbers(3 * M, 1), ys = random_numbers(3 * N, 2),
                           bs = random_numbers(N, 3), es = random_numbers(M, 4);

  // Formulas are empty values whose types are their syntax trees; the first number of a variable
  // is its position in the call, the second its dimension.
  constexpr auto x = keopsnb::vi<0, 3>;
  constexpr auto y = keopsnb::vj<1, 3>;
  constexpr auto b = keopsnb::vj<2, 1>;
  constexpr auto e = keopsnb::vi<3, 1>;
  constexpr auto gaussian = exp(-sqdist(x, y)) * b;

  std::vector<float> a(M), g(3 * M);
  const int cores = static_cast<int>(std::thread::hardware_concurrency());
  Threads threads(cores > 0 ? cores : 1);
  const auto start = std::chrono::steady_clock::now();
  const auto summed = keopsnb::reduce<float>(keopsnb::sum_over_j(gaussian), a.data(), M, N,
                                             {xs.data(), ys.data(), bs.data()}, threads);
  const std::chrono::duration<double, std::milli> time = std::chrono::steady_clock::now() - start;
  // Without an executor, in this thread.
  const auto differentiated =
      keopsnb::reduce<float>(grad(keopsnb::sum_over_j(gaussian), x, e), g.data(), M, N,
                             {xs.data(), ys.data(), bs.data(), es.data()});
  if (summed != keopsnb::Outcome::done || differentiated != keopsnb::Outcome::done) {
    std::puts("There is not enough memory.");
    return 1;
  }

  const Plain plain = plain_loops(M, N, xs.data(), ys.data(), bs.data(), es.data());
  const double errors[] = {error(a, plain.sum), error(g, plain.gradient)};
  std::printf("%lld x %lld pairs in %.2f ms on %d threads\n", M, N, time.count(),
              threads.threads());
  std::printf("a_0 = %.7f, relative error %.1e\n", static_cast<double>(a[0]), errors[0]);
  std::printf("g_0 = (%.7f, %.7f, %.7f), relative error %.1e\n", static_cast<double>(g[0]),
              static_cast<double>(g[1]), static_cast<double>(g[2]), errors[1]);
  return errors[0] < 5e-6 && errors[1] < 5e-6 ? 0 : 1;
}
