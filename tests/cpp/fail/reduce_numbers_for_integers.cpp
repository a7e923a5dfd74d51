// expect: a variable of integers reads an array of int
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
float a[1];
const auto done = reduce<float>(sum_over_j(take<1>(vi<0, 3>, vj_integer<1, 1>)), a, 1, 1, {xs, ys});
