// expect: the dimension of a variable is 1 or more
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = vi<0, 0> * 2_c;
