// expect: two different variables have the same position
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
float a[1];
const auto done = reduce<float>(sum_over_j(vi<0, 3> * vi<0, 1> * vj<1, 1>), a, 1, 1, {xs, ys});
