// Law: two readings of a variable are one number, whether it is held in registers or not, and a
// variable is held only where that component alone is read.
#include <keopsnb/reduce.hpp>

#include <cmath>
#include <vector>

#include "check.hpp"
#include "random.hpp"

using namespace keopsnb;

namespace {

constexpr i64 dim = 37, count = 45;
constexpr auto x = vi<0, dim>;
constexpr auto y = vj<1, dim>;
constexpr auto a = vj<2, 1>;
constexpr auto u = vi<3, dim>;

template <class F>
using Nodes = typename Plan<Category::j, SumReduction<F>>::nodes;
template <class F, class... V>
constexpr bool holds(F, V...) {
  using Plan = keopsnb::Plan<Category::j, SumReduction<F>>;
  return same<read_alike<Plan, F, variables_of<Category::i, Nodes<F>>>, List<V...>>;
}

static_assert(holds(a * (y - x), x));
static_assert(holds(y * u + abs(x - y), u, x));
// A product of them alone is computed once for all j.
static_assert(holds(y + x * u));
static_assert(holds(concat(x, y)));
// Scalars have slots, so that what they are made of is not read for a component.
static_assert(holds(exp(sum(x * y)) * u, u));
// Of x another component is read as well.

static_assert(holds(y * x + concat(extract<1, dim - 1>(x), a)));

template <class R>
void vanishes(R reduction, i64 columns) {
  const auto xs = random_numbers(count * dim, 1), ys = random_numbers(count * dim, 2),
             as = random_numbers(count, 3);
  std::vector<float> out(static_cast<std::size_t>(count * columns), 1.0f);
  const auto outcome =
      reduce<float>(reduction, out.data(), count, count, {xs.data(), ys.data(), as.data()});
  CHECK(outcome == Outcome::done);
  for (float number : out) CHECK(number == 0);
}

}  // namespace

int main() {
  vanishes(sum_over_j(abs(a * x - x * a)), dim);
  vanishes(sum_over_j(sum(abs(a * x - a * x))), 1);
  vanishes(sum_over_j(sum(abs(x * y - y * x))), 1);
  vanishes(max_over_j(abs((x - y) * x - (x - y) * x)), dim);
  vanishes(sum_over_i(abs(a * y - y * a)), dim);
  return report("component_test");
}
