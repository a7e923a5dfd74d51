// expect: this reduction has no derivative
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(over_j(count_reduction(f)), vj<1, 3>, vi<2, 1>);
