// expect: in sum_lin_operator(f, v, wl, wr), wl has the dimension of f, or 1
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = sum_lin_operator(sum(vi<0, 3>), vi<0, 3>, vj<1, 3>);
