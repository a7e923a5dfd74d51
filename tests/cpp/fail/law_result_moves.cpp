// expect: a is held fixed: v may not occur in it
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(logsumexp_over_j(f), vi<0, 3>, vi<2, 1>, sum(vi<0, 3>));
