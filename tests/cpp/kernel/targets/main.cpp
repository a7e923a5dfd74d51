// Law: parts of a program that are compiled for different machines share no function of keopsnb, of
// which the linker would keep one.
#include <cmath>

#include "check.hpp"

const void* baseline(float* out, const float* x, const float* y);
const void* widest(float* out, const float* x, const float* y);

int main() {
  const float x[3] = {0.5f, -1, 2}, y[3] = {1, 0, 2};
  float first[1] = {}, second[1] = {};
  CHECK(baseline(first, x, y) != widest(second, x, y));
  const double wanted = std::exp(-1.25);
  CHECK(std::abs(static_cast<double>(first[0]) - wanted) < 1e-6);
  CHECK(std::abs(static_cast<double>(second[0]) - wanted) < 1e-6);
  return report("targets_test");
}
