// The first K terms, on CPU kernels, beside a stable sort.
#include <keopsnb/reduce.hpp>

#include <algorithm>
#include <limits>
#include <numeric>
#include <random>
#include <vector>

#include "check.hpp"
#include "threads.hpp"

using namespace keopsnb;

namespace {

// Terms in which many are equal, and some infinite or NaN.
enum class Terms { random, equal, special, descending };

template <class T>
std::vector<T> terms(Terms kind, i64 n, unsigned seed) {
  std::mt19937 engine(seed);
  std::uniform_real_distribution<double> uniform(-1, 1);
  std::vector<T> all(static_cast<std::size_t>(n));
  for (std::size_t k = 0; k < all.size(); ++k) {
    const double u = uniform(engine);
    if (kind == Terms::random) all[k] = static_cast<T>(u);
    if (kind == Terms::equal) all[k] = static_cast<T>(static_cast<int>(4 * u));
    if (kind == Terms::descending) all[k] = -static_cast<T>(k);
    if (kind == Terms::special)
      all[k] = u < -0.5  ? std::numeric_limits<T>::infinity()
               : u < 0   ? std::numeric_limits<T>::quiet_NaN()
               : u < 0.1 ? -std::numeric_limits<T>::infinity()
                         : static_cast<T>(u);
  }
  return all;
}

// Law: values in order, and of equal ones the first; NaN never; a place that no term takes has inf
// and index 0. So it is whatever N, and in whatever parts threads compute it.
template <class T, i64 K>
void first(Terms kind, i64 M, i64 N, int threads) {
  const auto ys = terms<T>(kind, N, static_cast<unsigned>(N));
  std::vector<T> xs(static_cast<std::size_t>(M));
  for (std::size_t i = 0; i < xs.size(); ++i) xs[i] = static_cast<T>(i % 2 == 0 ? 1 : 2);
  constexpr auto f = vi<0, 1> * vj<1, 1>;
  std::vector<T> values(static_cast<std::size_t>(M * K), static_cast<T>(77));
  std::vector<long long> indices(values.size(), 77);
  CHECK(reduce<T>(over_j(kmin_argkmin_reduction<K>(f)), {values.data(), indices.data()}, M, N,
                  {xs.data(), ys.data()}, Threads{threads}) == Outcome::done);
  std::vector<i64> order;
  for (i64 j = 0; j < N; ++j) {
    const T y = ys[static_cast<std::size_t>(j)];
    if (y < std::numeric_limits<T>::infinity()) order.push_back(j);
  }
  std::ranges::stable_sort(order, {}, [&](i64 j) { return ys[static_cast<std::size_t>(j)]; });
  bool right = true;
  for (i64 i = 0; i < M; ++i)
    for (i64 k = 0; k < K; ++k) {
      const auto at = static_cast<std::size_t>(i * K + k), place = static_cast<std::size_t>(k);
      const bool taken = place < order.size();
      const i64 index = taken ? order[place] : 0;
      const T value = taken ? xs[static_cast<std::size_t>(i)] * ys[static_cast<std::size_t>(index)]
                            : std::numeric_limits<T>::infinity();
      right &= indices[at] == index && values[at] == value;
    }
  CHECK(right);
}

template <class T, i64 K>
void sizes() {
  for (const Terms kind : {Terms::random, Terms::equal, Terms::special, Terms::descending})
    for (const i64 N :
         {0, 1, 31, 32, 33, 63, 64, 65, 127, 128, 129, 191, 192, 193, 257, 1031, 5003})
      first<T, K>(kind, N % 2 == 0 ? 3 : 67, N, 1);
  // Few outputs: the reduced index is cut, and lists are merged.
  first<T, K>(Terms::equal, 1, 100003, 3);
  first<T, K>(Terms::random, 2, 50021, 4);
}

// Of long vectors, of which several reduced indices are computed at once.
template <i64 K>
void of_long_vectors(i64 N) {
  constexpr i64 D = 16;
  const auto ys = terms<float>(Terms::random, N * D, 9);
  const std::vector<float> x(D, 0.25F);
  std::vector<long long> found(static_cast<std::size_t>(K), 77);
  constexpr auto f = sqdist(vi<0, D>, vj<1, D>);
  CHECK(reduce<float>(over_j(argkmin_reduction<K>(f)), found.data(), 1, N, {x.data(), ys.data()}) ==
        Outcome::done);
  std::vector<float> distances;
  for (i64 j = 0; j < N; ++j) {
    float one[1];
    CHECK(reduce<float>(sum_over_j(f), one, 1, 1, {x.data(), ys.data() + j * D}) == Outcome::done);
    distances.push_back(one[0]);
  }
  std::vector<long long> order(distances.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, {},
                           [&](long long j) { return distances[static_cast<std::size_t>(j)]; });
  for (std::size_t k = 0; k < found.size(); ++k)
    CHECK(found[k] == (k < order.size() ? order[k] : 0));
}

// The greatest of all pairs: the lists of outputs are merged into one.
template <i64 K>
void of_all() {
  const auto xs = terms<double>(Terms::random, 61, 1), ys = terms<double>(Terms::random, 301, 2);
  std::vector<double> found(K, 77.0), all;
  constexpr auto reduction =
      AxisReduction<decltype(kmax_reduction<K>(vi<0, 1> * vj<1, 1>)), Output::one>{};
  CHECK(reduce<double>(reduction, found.data(), 61, 301, {xs.data(), ys.data()}, Threads{2}) ==
        Outcome::done);
  for (const double x : xs)
    for (const double y : ys) all.push_back(x * y);
  std::ranges::sort(all, std::greater{});
  CHECK(std::equal(found.begin(), found.end(), all.begin()));
}

// Each component of a vector has a list of its own.
void of_components() {
  constexpr i64 K = 40, N = 700, D = 3;
  const auto ys = terms<float>(Terms::random, N * D, 5);
  const float one[] = {1, 1, 1};
  std::vector<float> found(static_cast<std::size_t>(K * D), 77.0F);
  CHECK(reduce<float>(over_j(kmin_reduction<K>(vi<0, 3> * vj<1, 3>)), found.data(), 1, N,
                      {one, ys.data()}) == Outcome::done);
  for (i64 c = 0; c < D; ++c) {
    std::vector<float> all;
    for (i64 j = 0; j < N; ++j) all.push_back(ys[static_cast<std::size_t>(j * D + c)]);
    std::ranges::sort(all);
    for (i64 k = 0; k < K; ++k)
      CHECK(found[static_cast<std::size_t>(k * D + c)] == all[static_cast<std::size_t>(k)]);
  }
}

}  // namespace

int main() {
  sizes<float, 1>();
  sizes<float, 32>();
  sizes<float, 33>();
  sizes<float, 64>();
  sizes<float, 100>();
  sizes<double, 100>();
  sizes<float, 129>();
  sizes<float, 1000>();
  of_all<5>();
  of_all<50>();
  of_components();
  for (const i64 N : {30, 127, 129, 130, 131, 515}) {
    of_long_vectors<10>(N);
    of_long_vectors<100>(N);
  }
  return report("topk_test");
}
