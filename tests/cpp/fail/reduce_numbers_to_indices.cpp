// expect: the numbers of a reduction go to an array of its own type
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
long long a[1];
const auto done = reduce<float>(sum_over_j(sqdist(vi<0, 3>, vj<1, 3>)), a, 1, 1, {xs, ys});
