// expect: in trace_operator(f, v, w), f is linear in v
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = trace_operator(square(vi<0, 3>), vi<0, 3>);
