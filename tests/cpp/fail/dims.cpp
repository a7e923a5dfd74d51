// expect: dimensions do not fit
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = vi<0, 2> + vj<1, 3>;
