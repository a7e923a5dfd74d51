// The laws of a reduction as a monoid, on the numbers of a CPU kernel: however the terms are split,
// and however the states of the parts are grouped, the result is that of all terms at once; a part
// without terms changes nothing.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/kernel/cpu.hpp>
#include <keopsnb/kernel/launch.hpp>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "check.hpp"

namespace {
using namespace keopsnb;

constexpr auto x = vi<0, 2>;
constexpr auto y = vj<1, 2>;
constexpr auto f = concat(sqdist(x, y), elem<0>(x) * elem<1>(y));
constexpr auto h = sqdist(x, y);

constexpr i64 rows = 5, terms = 1100;

template <class T>
struct Data {
  std::vector<T> xs, ys;
  explicit Data(bool nan) : xs(rows * 2), ys(terms * 2) {
    std::mt19937 random(7);
    // Few values, so that terms tie.
    for (T& v : xs) v = static_cast<T>(random() % 5) / 4 + T(0.25);
    for (T& v : ys) v = static_cast<T>(random() % 5) / 4 + T(0.25);
    if (nan) ys[6] = ys[207] = std::numeric_limits<T>::quiet_NaN();
  }
};

template <class T>
struct Result {
  std::vector<T> values;
  std::vector<i64> indices;
};

// The states of the terms [from, to).
template <class T>
std::vector<T> states_of(const CpuKernel& kernel, const Data<T>& data, i64 from, i64 to) {
  std::vector<T> states(static_cast<std::size_t>(rows * kernel.state_dim));
  const void* in[] = {data.xs.data(), data.ys.data()};
  const detail::Memory workspace(kernel.workspace);
  CpuTask task{};
  task.in = in;
  task.states = states.data();
  task.workspace = workspace.data;
  task.out_end = rows;
  task.red_begin = from;
  task.red_end = to;
  kernel.run(&task);
  return states;
}

template <class T, class R>
Result<T> merged(const CpuKernel& kernel, const std::vector<std::vector<T>>& parts) {
  std::vector<T> all;
  for (const auto& part : parts) all.insert(all.end(), part.begin(), part.end());
  std::vector<T> workspace(static_cast<std::size_t>(kernel.state_dim));
  const auto size = static_cast<std::size_t>(rows * R::ranks * R::dim);
  Result<T> result{std::vector<T>(size, T(77)), std::vector<i64>(size, 77)};
  kernel.merge(all.data(), static_cast<i64>(parts.size()), rows, workspace.data(),
               result.values.data(), result.indices.data());
  return result;
}

template <class T, class R>
void expect_same(const char* name, const Result<T>& found, const Result<T>& expected) {
  const T error = sizeof(T) == 4 ? T(2e-5) : T(1e-13);
  for (std::size_t k = 0; k < expected.values.size(); ++k) {
    const T a = found.values[k], e = expected.values[k];
    const bool close = a == e || (a != a && e != e) || std::abs(a - e) <= error * std::abs(e);
    if (!close || found.indices[k] != expected.indices[k])
      std::printf("%s: %.9g %lld, expected %.9g %lld\n", name, double(a), found.indices[k],
                  double(e), expected.indices[k]);
    CHECK(close);
    CHECK(found.indices[k] == expected.indices[k]);
  }
}

template <class T, class R>
void laws(const char* name, R, bool nan = false) {
  const CpuKernel& kernel = Cpu<T, R, Output::i>::kernel;
  const Data<T> data(nan);
  const auto part = [&](i64 from, i64 to) { return states_of<T>(kernel, data, from, to); };
  const Result<T> all = merged<T, R>(kernel, {part(0, terms)});
  const auto none = part(500, 500);
  const auto same = [&](const std::vector<std::vector<T>>& parts) {
    expect_same<T, R>(name, merged<T, R>(kernel, parts), all);
  };
  // Identity, on either side.
  same({none, part(0, terms)});
  same({part(0, terms), none, none});
  // Any split, into parts shorter and longer than a block of the kernel.
  same({part(0, 1), part(1, 130), none, part(130, 131), part(131, terms)});
  same({part(0, 700), part(700, terms)});
  // Any order of the parts: indices are absolute, and decide between equal terms.
  same({part(700, terms), part(0, 300), part(300, 700)});
}

template <class T>
void all_reductions() {
  laws<T>("Sum", sum_reduction(f));
  laws<T>("Mean", mean_reduction(f));
  laws<T>("Variance", variance_reduction(f));
  laws<T>("SumSq", sumsq_reduction(f));
  laws<T>("Norm2", norm2_reduction(f));
  laws<T>("Prod", prod_reduction(f * 0.01_c + 0.99_c));
  laws<T>("Max_ArgMax", max_argmax_reduction(f), true);
  laws<T>("Min_ArgMin", min_argmin_reduction(f), true);
  laws<T>("Max", max_reduction(f), true);
  laws<T>("ArgMin", argmin_reduction(f), true);
  laws<T>("KMin_ArgKMin<1>", kmin_argkmin_reduction<1>(f), true);
  laws<T>("KMin_ArgKMin<7>", kmin_argkmin_reduction<7>(f), true);
  laws<T>("KMax_ArgKMax<40>", kmax_argkmax_reduction<40>(f), true);  // a heap
  laws<T>("LogSumExp", logsumexp_reduction(h, f));
  laws<T>("SumSoftMaxWeight", softmax_reduction(h, f));
  laws<T>("Any", any_reduction(lessthan(f, 0.1_c)));
  laws<T>("All", all_reduction(lessthan(f, 3_c)));
  laws<T>("Count", count_reduction(lessthan(f, 1_c)));
}

}  // namespace

int main() {
  all_reductions<float>();
  all_reductions<double>();
  return report("reduction_test");
}
