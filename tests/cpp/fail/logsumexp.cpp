// expect: LogSumExp and SumSoftMaxWeight take a formula of dimension 1
#include <keopsnb/reduce.hpp>
using namespace keopsnb;
constexpr auto r = logsumexp_over_j(vi<0, 3>);
constexpr long long d = decltype(r)::dim;
