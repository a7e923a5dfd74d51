// expect: division by the constant 0
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = vi<0, 3> / 0_c;
