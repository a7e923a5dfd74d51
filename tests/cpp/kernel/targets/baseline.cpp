#include "sum.hpp"

const void* baseline(float* out, const float* x, const float* y) {
  return sum_of_exp<0>(out, x, y);
}
