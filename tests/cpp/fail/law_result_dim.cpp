// expect: a is the rows that kept(reduction) gives
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(mean_over_j(f), vj<1, 3>, vi<2, 1>, vi<3, 1>);
