// Law: the gradient of a product of numbers is the product of the others, wherever that is one:
// where terms are subnormal, where the product itself is out of range, and products on the way to
// it are.
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <limits>
#include <vector>

#include "check.hpp"

namespace {
using namespace keopsnb;

template <class T>
void others(const std::vector<T>& terms) {
  constexpr auto reduction = prod_over_j(vj<0, 1>);
  constexpr auto whole = kept(reduction);
  const i64 N = static_cast<i64>(terms.size());
  std::vector<T> rows(whole.dim), found(terms.size());
  const T e = 1;
  CHECK(reduce<T>(whole, rows.data(), 1, N, {terms.data()}) == Outcome::done);
  CHECK(reduce<T>(grad(reduction, vj<0, 1>, vi<1, 1>, vi<2, whole.dim>), found.data(), 1, N,
                  {terms.data(), &e, rows.data()}) == Outcome::done);
  for (std::size_t j = 0; j < terms.size(); ++j) {
    double product = 1;
    long power = 0;  // of 2, beside it
    for (std::size_t k = 0; k < terms.size(); ++k) {
      int of_term = 0, of_product = 0;
      if (k == j) continue;
      product = std::frexp(product * std::frexp(double(terms[k]), &of_term), &of_product);
      power += of_term + of_product;
    }
    const T expected = static_cast<T>(std::ldexp(product, static_cast<int>(power)));
    const T error = 16 * std::numeric_limits<T>::epsilon() * std::abs(expected) +
                    2 * std::numeric_limits<T>::denorm_min();
    const bool close = found[j] == expected || std::abs(found[j] - expected) <= error;
    if (!close)
      std::printf("term %d of %d: %g, expected %g\n", int(j), int(N), double(found[j]),
                  double(expected));
    CHECK(close);
  }
}

template <class T>
void extremes() {
  using L = std::numeric_limits<T>;
  const T least = L::denorm_min(), small = L::min(), great = L::max(), root = std::sqrt(great);
  others<T>({least, 3});
  others<T>({least, 1000 / root, root});
  others<T>({small / 8, 3, 1 / root, root / 2});
  others<T>({great, great, 1 / root, 1 / root, 1 / root});
  others<T>({great / 4, 2, 8});
  others<T>({small, small, great});
  others<T>({1 / root, 1 / root, 1 / root, root, root, root, -root, 3, -5});
  others<T>({0, small, 3});
  others<T>({0, 0, 3});
  others<T>({0, great, 1 / root});
  others<T>({0.5, 3, -7, 11});
  // Far out of range on the way.
  std::vector<T> terms(1000, T(1.5) * root);
  for (std::size_t k = 0; k < 500; ++k) terms[k] = 1 / terms[k];
  others<T>(terms);
  for (T& t : terms) t = 1 / t;
  others<T>(terms);
}

}  // namespace

int main() {
  extremes<float>();
  extremes<double>();
  return report("product_test");
}
