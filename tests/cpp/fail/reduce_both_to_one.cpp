// expect: this reduction gives numbers and indices
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
float a[1];
const auto done =
    reduce<float>(over_j(kmin_argkmin_reduction<1>(sqdist(vi<0, 3>, vj<1, 3>))), a, 1, 1, {xs, ys});
