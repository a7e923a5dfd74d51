// expect: in diff(f, v, u), u has the dimension of v
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = diff(sqnorm2(vi<0, 3>), vi<0, 3>, vi<1, 2>);
