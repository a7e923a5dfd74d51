// expect: the weights of a LogSumExp or SumSoftMaxWeight have dimension 1 or that of the formula
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto r = logsumexp_over_j(vi<0, 3>, vj<1, 2>);
constexpr long long d = decltype(r)::dim;
