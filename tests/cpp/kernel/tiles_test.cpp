// Law: the result of an output does not depend on the outputs beside it, whether tiles of outputs
// take turns at the rows they are reduced over or each goes through all of them: bit for bit.
#include <keopsnb/reduce.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

#include "check.hpp"
#include "random.hpp"

using namespace keopsnb;

namespace {

constexpr i64 dim = 300, M = 203;
constexpr auto x = vi<0, dim>;
constexpr auto y = vj<1, dim>;

template <class T>
bool equal(const std::vector<T>& a, const std::vector<T>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(T)) == 0;
}

// All outputs at once, and so few that they are one tile; of reductions over j and over i.
template <class T, Output Out, class R>
void slices(R, i64 columns, i64 N) {
  using Kernel = Cpu<float, R, Out>;
  static_assert(Kernel::carried ? Kernel::tiles == 1 : Kernel::tiles > 1);
  constexpr bool swapped = Out == Output::j;
  const auto own = random_numbers(M * dim, 1, 0.05f), others = random_numbers(N * dim, 2, 0.05f);
  std::vector<T> whole(static_cast<std::size_t>(M * columns), T{7}), parts = whole;
  const auto compute = [&](T* out, i64 begin, i64 count) {
    const float* const mine = own.data() + begin * dim;
    const auto outcome =
        swapped ? reduce<float>(AxisReduction<R, Out>{}, out, N, count, {others.data(), mine})
                : reduce<float>(AxisReduction<R, Out>{}, out, count, N, {mine, others.data()});
    CHECK(outcome == Outcome::done);
  };
  compute(whole.data(), 0, M);
  for (i64 i = 0; i < M; i += Kernel::rows)
    compute(parts.data() + i * columns, i, i + Kernel::rows < M ? Kernel::rows : M - i);
  CHECK(equal(whole, parts));
}

template <class T, class R>
void slices(R reduction, i64 columns, i64 N) {
  slices<T, Output::i>(reduction, columns, N);
  slices<T, Output::j>(reduction, columns, N);
}

// Over both axes, tiles are merged in their order.
void of_all(i64 N) {
  const auto xs = random_numbers(M * dim, 1, 0.05f), ys = random_numbers(N * dim, 2, 0.05f);
  constexpr auto greatest = max_reduction(sqdist(x, y));
  std::vector<float> rows(static_cast<std::size_t>(M));
  float one = 0;
  CHECK(reduce<float>(over_j(greatest), rows.data(), M, N, {xs.data(), ys.data()}) ==
        Outcome::done);
  CHECK(reduce<float>(over_ij(greatest), &one, M, N, {xs.data(), ys.data()}) == Outcome::done);
  CHECK(one == *std::max_element(rows.begin(), rows.end()));
}

}  // namespace

int main() {
  constexpr i64 far = far_bytes / (dim * i64{sizeof(float)});
  for (i64 N : {far, far + 1, far + 130}) {
    slices<float>(sum_reduction(exp(-sqdist(x, y))), 1, N);
    slices<float>(logsumexp_reduction(-sqdist(x, y)), 1, N);
    slices<i64>(argkmin_reduction<3>(sqdist(x, y)), 3, N);
    slices<i64>(argkmin_reduction<40>(sqdist(x, y)), 40, N);
    of_all(N);
  }
  return report("tiles_test");
}
