// Law: the result of an output does not depend on the outputs beside it, whether tiles of outputs
// take turns at the rows they are reduced over or each goes through all of them: bit for bit.
#include <keopsnb/reduce.hpp>

#include <cstring>
#include <random>
#include <vector>

#include "check.hpp"

using namespace keopsnb;

namespace {

constexpr i64 dim = 300, M = 203;
constexpr auto x = vi<0, dim>;
constexpr auto y = vj<1, dim>;

std::vector<float> random_numbers(i64 size, unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<float> normal(0.0f, 0.05f);
  std::vector<float> numbers(static_cast<std::size_t>(size));
  for (float& number : numbers) number = normal(engine);
  return numbers;
}

template <class T>
bool equal(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// All outputs at once, and so few that they are one tile.
template <class T, class R>
void slices(R monoid, i64 columns, i64 N) {
  using Kernel = Cpu<float, R, Output::i>;
  const auto reduction = over_j(monoid);
  static_assert(Kernel::tiles > 1);
  const auto xs = random_numbers(M * dim, 1), ys = random_numbers(N * dim, 2);
  std::vector<T> whole(static_cast<std::size_t>(M * columns), T{7}), parts = whole;
  CHECK(reduce<float>(reduction, whole.data(), M, N, {xs.data(), ys.data()}) == Outcome::done);
  for (i64 i = 0; i < M; i += Kernel::rows) {
    const i64 count = i + Kernel::rows < M ? Kernel::rows : M - i;
    CHECK(reduce<float>(reduction, parts.data() + i * columns, count, N,
                        {xs.data() + i * dim, ys.data()}) == Outcome::done);
  }
  CHECK(equal(whole, parts));
}

}  // namespace

int main() {
  constexpr i64 far = Cpu<float, decltype(sum_reduction(sqdist(x, y))), Output::i>::blocking::near /
                      (dim * i64{sizeof(float)});
  for (i64 N : {far, far + 1, far + 130}) {
    slices<float>(sum_reduction(exp(-sqdist(x, y))), 1, N);
    slices<float>(logsumexp_reduction(-sqdist(x, y)), 1, N);
    slices<i64>(argkmin_reduction<3>(sqdist(x, y)), 3, N);
    slices<i64>(argkmin_reduction<40>(sqdist(x, y)), 40, N);
  }
  return report("tiles_test");
}
