// expect: in grad(f, v, g), v is a variable of numbers
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = grad(sqnorm2(vi<0, 3>), vi<0, 3> + vi<1, 3>, 1_c);
