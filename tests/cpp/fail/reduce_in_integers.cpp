// expect: reduce<S> reads numbers of float, double, float16 or bfloat16
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
const float xs[3] = {}, ys[3] = {};
const int* in[] = {nullptr, nullptr};
int a[1];
const auto done = reduce<int>(sum_over_j(sqdist(vi<0, 3>, vj<1, 3>)), a, 1, 1, in);
