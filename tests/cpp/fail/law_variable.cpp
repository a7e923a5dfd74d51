// expect: in grad(reduction, v, e, a), v is a variable of numbers
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(sum_over_j(f), f, vi<2, 1>);
