// expect: greatest and least terms have the derivatives of f at their indices
#include <keopsnb/keopsnb.hpp>
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 3>, vj<1, 3>);
constexpr auto g = grad(max_over_j(f), vj<1, 3>, vi<2, 1>);
