// expect: diff takes a direction for each variable
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = diff(vi<0, 3>, vi<0, 3>, vi<1, 3>, vj<2, 3>);
