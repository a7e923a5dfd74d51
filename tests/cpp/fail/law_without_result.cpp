// expect: the derivatives of this reduction take its result
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(logsumexp_over_j(f), vj<1, 3>, vi<2, 1>);
