// expect: in trace_operator(f, v, w), w has the dimension of v, or 1
#include <keopsnb/operators.hpp>
using namespace keopsnb;
constexpr auto f = trace_operator(vi<0, 3>, vi<0, 3>, vj<1, 2>);
