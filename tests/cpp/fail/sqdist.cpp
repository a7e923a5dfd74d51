// expect: sqdist takes two formulas of one dimension
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = sqdist(vi<0, 1>, vj<1, 3>);
