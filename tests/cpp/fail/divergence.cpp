// expect: in divergence(f, v), f has the dimension of v
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = divergence(sqnorm2(vi<0, 3>), vi<0, 3>);
