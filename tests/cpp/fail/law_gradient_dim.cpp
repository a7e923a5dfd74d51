// expect: e has the dimension of the reduction
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(sum_over_i(f), vj<1, 3>, vj<2, 3>);
