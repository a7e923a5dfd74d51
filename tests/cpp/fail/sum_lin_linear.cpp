// expect: in sum_lin_operator(f, v, wl, wr), f is linear in v
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = sum_lin_operator(vi<0, 3> / vi<0, 3>, vi<0, 3>);
