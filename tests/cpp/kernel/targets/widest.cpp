#include "sum.hpp"

const void* widest(float* out, const float* x, const float* y) { return sum_of_exp<1>(out, x, y); }
