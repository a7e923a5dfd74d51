// Law: the same sums in other clothes are computed the same way: as many outputs and reduced
// indices at once, and with nothing in slots but scalars.
#include <keopsnb/reduce.hpp>

#include "check.hpp"

using namespace keopsnb;

namespace {

template <i64 D>
constexpr auto x = vi<0, D>;
template <i64 D>
constexpr auto y = vj<1, D>;

template <class R, Output Out>
struct Shape {
  using Kernel = Cpu<float, R, Out>;
  template <class F>
  static constexpr bool scalar = F::dim == 1;
  template <class... F>
  static constexpr bool scalars(List<F...>) {
    return (scalar<F> && ...);
  }
  static constexpr bool nothing_long =
      scalars(slots_of<typename Kernel::plan, true>{}) && sizeof(typename Kernel::Varying) < 4096;
};

template <class F, class Like>
constexpr bool alike(F, Like) {
  using A = Shape<decltype(sum_reduction(F{})), Output::i>;
  using B = Shape<decltype(sum_reduction(Like{})), Output::i>;
  return A::nothing_long && B::nothing_long && A::Kernel::packs == B::Kernel::packs &&
         A::Kernel::steps == B::Kernel::steps;
}

template <i64 D>
void distances() {
  constexpr auto like = exp(-sqdist(x<D>, y<D>));
  static_assert(same<decltype(sqdist(x<D>, y<D>)), decltype(sum(square(x<D> - y<D>)))>);
  static_assert(same<decltype(scalprod(x<D>, y<D>)), decltype(sum(x<D> * y<D>))>);
  CHECK(alike(exp(-sum(pow<2>(x<D> - y<D>))), like));
  CHECK(alike(exp(-sqnorm2(x<D> - y<D>)), like));
  CHECK(alike(exp(-weightedsqdist(pm<2, D>, x<D>, y<D>)), like));
  CHECK(alike(exp(-sqnorm2(pm<2, D> * (x<D> - y<D>))), like));
  CHECK(alike(exp(-sum(abs(x<D> - y<D>))), like));
  CHECK(alike(exp(scalprod(x<D>, y<D>)), like));
  CHECK(alike(exp(-max(abs(x<D> - y<D>))), like));
}

// Long results, as those of gradients.
template <i64 D>
void columns() {
  constexpr auto k = exp(-sqdist(x<D>, y<D>));
  constexpr auto like = k * vj<2, D>;
  CHECK(alike(k * (x<D> - y<D>), like));
  CHECK(alike(grad(k, vi<0, D>, vj<2, 1>), like));
  CHECK(alike(concat(k * vj<2, D>, k * vj<3, D>), like));
}

}  // namespace

int main() {
  distances<3>();
  distances<16>();
  distances<100>();
  columns<16>();
  columns<64>();
  columns<300>();
  return report("blocking_test");
}
