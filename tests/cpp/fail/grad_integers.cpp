// expect: in grad(f, v, g), v is a variable of numbers
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = grad(vi_integer<0, 3> * 2_c, vi_integer<0, 3>, vi<1, 3>);
