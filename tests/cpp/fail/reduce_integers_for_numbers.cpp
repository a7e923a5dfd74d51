// expect: a pointer is not to the numbers that the reduction computes with
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
const int zs[3] = {};
float a[1];
const auto done = reduce<float>(sum_over_j(sqdist(vi<0, 3>, vj<1, 3>)), a, 1, 1, {xs, zs});
