// expect: g has the dimension of f
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = grad(sqnorm2(vi<0, 3>), vi<0, 3>, vi<1, 3>);
