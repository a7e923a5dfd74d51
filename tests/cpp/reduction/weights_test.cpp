// Law: terms of weight 0 count for nothing in a LogSumExp, however great: the result is that of the
// others, and so are gradients; none comes to them.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"

namespace {
using namespace keopsnb;

// The gradient in the terms, then the value, of terms with D components.
template <class T, i64 D>
std::vector<T> computed(const std::vector<T>& terms, const std::vector<T>& weights) {
  constexpr auto reduction = logsumexp_over_j(vj<0, D>, vj<1, 1>);
  const i64 size = static_cast<i64>(weights.size());
  const std::vector<T> e(D, T(1));
  std::vector<T> value(D), gradient(terms.size());
  CHECK(reduce<T>(reduction, value.data(), 1, size, {terms.data(), weights.data()}) ==
        Outcome::done);
  CHECK(reduce<T>(grad(reduction, vj<0, D>, vi<2, D>, vi<3, D>), gradient.data(), 1, size,
                  {terms.data(), weights.data(), e.data(), value.data()}) == Outcome::done);
  gradient.insert(gradient.end(), value.begin(), value.end());
  return gradient;
}

template <class T, i64 D>
void without(const std::vector<T>& terms, const std::vector<T>& weights) {
  std::vector<T> some, of_some;
  for (std::size_t k = 0; k < terms.size(); ++k)
    if (weights[k / D] != 0) {
      some.push_back(terms[k]);
      if (k % D == 0) of_some.push_back(weights[k / D]);
    }
  const std::vector<T> found = computed<T, D>(terms, weights);
  const std::vector<T> expected = computed<T, D>(some, of_some);
  auto next = expected.begin();
  for (std::size_t k = 0; k < found.size(); ++k) {
    const bool counts = k >= terms.size() || weights[k / D] != 0;
    const T e = counts ? *next++ : T(0);
    const bool close = found[k] == e || std::abs(found[k] - e) <= T(1e-6);
    if (!close) std::printf("number %d: %g, expected %g\n", int(k), double(found[k]), double(e));
    CHECK(close);
  }
}

template <class T>
void greater() {
  for (const T huge : {T(200), T(2000), T(1e30), std::numeric_limits<T>::infinity()}) {
    without<T, 1>({huge, 1, 2}, {0, 1, 3});
    without<T, 1>({1, huge, 2}, {2, 0, 3});
    without<T, 1>({1, 2, huge}, {2, 3, 0});
    without<T, 2>({1, 0, 2, huge, huge, 1}, {2, 0, 0});
    // Through several blocks and steps of them.
    std::vector<T> terms(300, T(1)), weights(300, T(1));
    for (std::size_t j = 0; j < 300; j += 3) terms[j] = huge, weights[j] = 0;
    without<T, 1>(terms, weights);
  }
}

// Law: so it is where all of a vector of weights are 0.
template <class T>
void vectors() {
  const T terms[] = {1, 1e30f, 3}, weights[] = {0, 1, 0, 0, 2, 0};
  T value[2];
  CHECK(reduce<T>(logsumexp_over_j(vj<0, 1>, vj<1, 2>), value, 1, 3, {terms, weights}) ==
        Outcome::done);
  CHECK(std::abs(value[0] - (3 + std::log(T(2)))) < T(1e-6));
  CHECK(std::abs(value[1] - 1) < T(1e-6));
}

// Law: NaN is kept, whatever its weight.
template <class T>
void undefined() {
  const T nan = std::numeric_limits<T>::quiet_NaN();
  for (const T first : {T(0), T(1)})
    for (const T huge : {T(1), T(1000)})
      CHECK(std::isnan((computed<T, 1>({huge, nan, 2}, {first, 0, 1}).back())));
}

}  // namespace

int main() {
  greater<float>();
  greater<double>();
  vectors<float>();
  vectors<double>();
  undefined<float>();
  undefined<double>();
  return report("weights_test");
}
