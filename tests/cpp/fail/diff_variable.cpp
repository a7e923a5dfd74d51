// expect: in diff(f, v, u), v is a variable of numbers
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = diff(vi<0, 3>, exp(vi<0, 3>), vi<1, 3>);
