// expect: fewer pointers are given than the formula has positions
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
float a[1];
const float* const in[] = {xs, ys};
const auto done = reduce<float>(sum_over_j(sqdist(vi<0, 3>, vj<1, 3>) * pm<2, 1>), a, 1, 1, in);
