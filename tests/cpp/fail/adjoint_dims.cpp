// expect: in adjoint_operator(f, v, u), u has the dimension of f
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = adjoint_operator(sum(vi<0, 3>), vi<0, 3>, vj<1, 3>);
