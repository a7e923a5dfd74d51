// expect: in adjoint_operator(f, v, u), f is linear in v
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = adjoint_operator(exp(vi<0, 3>), vi<0, 3>, vj<1, 3>);
