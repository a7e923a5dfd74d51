// One GPU kernel of each kind, for sanitizers: does a thread leave its memory, or read what another
// writes?
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

constexpr auto x = vi<0, 3>;
constexpr auto y = vj<1, 3>;
constexpr auto X = vi<0, 40>;
constexpr auto Y = vj<1, 40>;
constexpr auto t = vj<5, 1>;
constexpr auto p = pm<4, 1>;

// Sizes that leave the last tile of each kind incomplete; splits; batches; ranges.
template <class S, class R, Output Out>
void run(const char* name, AxisReduction<R, Out> reduction) {
  check<S>(name, reduction, {1, 1});
  check<S>(name, reduction, {131, 70});
  CHECK(check<S>(name, reduction, {5, 1031}, {132}) > 1);
  check<S>(name, reduction, {33, 35, {2}});
}

void short_kernels() {
  constexpr auto f = exp(-sqdist(x, y) * p) * t;
  run<float>("short", sum_over_j(f));
  run<float16>("short, rows", logsumexp_over_j(scalprod(x, y) * norm2(y), vj<2, 3>));
  check<float>("short, ranges", sum_over_j(f), sparse());
  check<float>("short, all", sum_over_ij(f), {131, 2100}, {1, 132});
  check<double>("short, no row", sum_over_j(x * p), {131, 70});
}

void long_kernels() {
  constexpr auto f = exp(-sqdist(X, Y)) * (scalprod(X, Y) + norm2(Y)) * t;
  run<float>("long", sum_over_j(f));
  check<float>("long, ranges", sum_over_j(f), sparse());
  check<double>("long, all", sum_over_ij(exp(-sqdist(X, Y))), {67, 70});
}

void column_kernels() {
  constexpr auto f = exp(-sqdist(x, y)) * vj<2, 70>;
  run<float>("columns", sum_over_j(f));
  check<float>("columns, ranges", sum_over_j(f), sparse());
  check<float>("columns, all", sum_over_ij(exp(-sqdist(X, Y)) * X * vi<3, 40>), {67, 70});
  check<double>("columns, concat", logsumexp_over_j(scalprod(x, y), concat(vj<2, 33>, exp(X + t))),
                {33, 70});
}

void kept_terms() {
  constexpr auto f = sqdist(x, y) * t;
  check<float>("index, ranges", over_j(min_argmin_reduction(f)), sparse());
  run<float>("first terms, registers", over_j(kmin_argkmin_reduction<5>(f)));
  check<double>("first terms", over_j(kmax_argkmax_reduction<70>(f)), {33, 35, {2}});
  CHECK(check<float>("first terms", over_j(kmin_argkmin_reduction<40>(f)), {3, 4200}, {132}) > 1);
  check<float>("first terms, ranges", over_j(kmin_argkmin_reduction<40>(f)), sparse());
  check<float>("first terms, all", AxisReduction<decltype(kmin_reduction<40>(f)), Output::one>{},
               {67, 70});
}

}  // namespace

int main() {
  short_kernels();
  long_kernels();
  column_kernels();
  kept_terms();
  return report("gpu_kernel_test");
}
