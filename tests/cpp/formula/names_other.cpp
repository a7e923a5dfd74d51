// A name of names_test.cpp for another formula: each file has its own.
#include <keopsnb/reduce.hpp>

using namespace keopsnb;

KEOPSNB_NAMED(of_each_file, sqrt(sqdist(vi<0, 3>, vj<1, 3>)) + 5_c);

float value_elsewhere(const float* x, const float* y);
float value_elsewhere(const float* x, const float* y) {
  const float* const in[] = {x, y};
  float out[1];
  reduce<float>(sum_over_j(of_each_file), out, 1, 1, in);
  return out[0];
}
