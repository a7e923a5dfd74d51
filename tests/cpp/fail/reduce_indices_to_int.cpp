// expect: the indices or counts of a reduction go to an array of long long
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
int a[1];
const auto done =
    reduce<float>(over_j(argkmin_reduction<1>(sqdist(vi<0, 3>, vj<1, 3>))), a, 1, 1, {xs, ys});
