// expect: in sum_lin_operator(f, v, wl, wr), wr has the dimension of v, or 1
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = sum_lin_operator(sum(vi<0, 3>), vi<0, 3>, 1_c, vj<1, 2>);
