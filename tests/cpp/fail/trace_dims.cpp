// expect: in trace_operator(f, v, w), f has the dimension of v, or 1
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = trace_operator(concat(vi<0, 3>, vi<0, 3>), vi<0, 3>);
