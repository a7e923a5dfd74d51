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

// Number 0 and on of a state, as reductions take them.
template <class T>
auto numbers_of(std::vector<T>& state) {
  return [&state](i64 s) -> T& { return state[static_cast<std::size_t>(s)]; };
}

// The state of 1100 terms, doubled so many times, and the one term of `more` behind.
template <class T, class R>
std::vector<T> doubled(R, int times, const std::vector<T>& terms_state,
                       const std::vector<T>& more) {
  std::vector<T> state(terms_state.begin(), terms_state.begin() + R::state_dim(R::dim));
  for (int k = 0; k < times; ++k) {
    std::vector<T> other = state;
    R::merge(numbers_of(state), numbers_of(other));
  }
  std::vector<T> one(more.begin(), more.begin() + R::state_dim(R::dim));
  R::merge(numbers_of(state), numbers_of(one));
  return state;
}

// Law: counts are exact, and what is divided by them right, beyond 2^24 and 2^31 terms.
template <class T>
void many_terms() {
  const Data<T> data(false);
  const auto check = [&](const char* name, auto r, auto found) {
    using R = decltype(r);
    const CpuKernel& kernel = Cpu<T, R, Output::i>::kernel;
    const auto all = states_of<T>(kernel, data, 0, terms), one = states_of<T>(kernel, data, 3, 4);
    for (const int times : {0, 14, 22, 40}) {
      auto state = doubled(r, times, all, one);
      found(name, numbers_of(state), i64{terms} << times);
    }
  };
  const auto near = [](const char* name, double a, double e) {
    const bool close = std::abs(a - e) <= (sizeof(T) == 4 ? 2e-6 : 1e-13) * std::abs(e);
    if (!close) std::printf("%s of many terms: %.9g, expected %.9g\n", name, a, e);
    CHECK(close);
  };
  // The terms of row 0.
  std::vector<double> t;
  for (i64 j = 0; j < terms; ++j) {
    const auto at = static_cast<std::size_t>(2 * j);
    const double a = data.xs[0] - data.ys[at], b = data.xs[1] - data.ys[at + 1];
    t.push_back(a * a + b * b);
  }
  double mean = 0, square = 0, below = 0;
  for (const double v : t) mean += v / terms, below += v < 1;
  for (const double v : t) square += (v - mean) * (v - mean) / terms;
  check("Count", count_reduction(lessthan(h, 1_c)), [&](const char*, auto state, i64 n) {
    CHECK(CountReduction<decltype(h)>::index(state, 0) ==
          static_cast<i64>(below) * (n / terms) + (t[3] < 1));
  });
  check("Mean", mean_reduction(h), [&](const char* name, auto state, i64 n) {
    const double number = static_cast<double>(n);
    near(name, MeanReduction<decltype(h)>::finish(state, 0), (mean * number + t[3]) / (number + 1));
  });
  check("Variance", variance_reduction(h), [&](const char* name, auto state, i64 n) {
    const double number = static_cast<double>(n), d = t[3] - mean;
    near(name, VarianceReduction<decltype(h), 0>::finish(state, 0),
         (square * number + d * d * number / (number + 1)) / (number + 1));
  });
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
  laws<T>("KMax_ArgKMax<40>", kmax_argkmax_reduction<40>(f), true);  // a long list
  laws<T>("LogSumExp", logsumexp_reduction(h, f));
  laws<T>("SumSoftMaxWeight", softmax_reduction(h, f));
  laws<T>("LogSumExp of components", logsumexp_reduction(f));
  laws<T>("LogSumExp of components, weights", logsumexp_reduction(f, f));
  laws<T>("SumSoftMaxWeight of components", softmax_reduction(f, h));
  laws<T>("Any", any_reduction(lessthan(f, 0.1_c)));
  laws<T>("All", all_reduction(lessthan(f, 3_c)));
  laws<T>("Count", count_reduction(lessthan(f, 1_c)));
}

}  // namespace

int main() {
  all_reductions<float>();
  all_reductions<double>();
  many_terms<float>();
  many_terms<double>();
  return report("reduction_test");
}
