// expect: e has a row for each output
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(sum_over_ij(f), vj<1, 3>, vi<2, 1>);
