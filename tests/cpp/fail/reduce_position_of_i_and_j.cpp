// expect: two different variables have the same position
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
float a[1];
const auto done = reduce<float>(sum_over_j(sqdist(vi<0, 3>, vj<0, 3>)), a, 1, 1, {xs});
