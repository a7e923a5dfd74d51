// expect: what derivatives take is not kept in 16 bits
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
float16 a[6], x[9], y[9];
auto done = reduce<float16>(kept(mean_over_j(sqdist(vi<0, 3>, vj<1, 3>))), a, 3, 3, {x, y});
