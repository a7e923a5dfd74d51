// expect: takes d components that f has
#include <keopsnb/diff.hpp>
using namespace keopsnb;
constexpr auto f = extract<2, 2>(vi<0, 3>);
