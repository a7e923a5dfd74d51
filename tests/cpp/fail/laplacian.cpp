// expect: laplacian(f, v) takes a formula f of dimension 1
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = laplacian(exp(vi<0, 3>), vi<0, 3>);
