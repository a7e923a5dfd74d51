// GPU kernels for long results.
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

constexpr auto x = vi<0, 3>;
constexpr auto y = vj<1, 3>;
constexpr auto t = vj<5, 1>;
constexpr auto p = pm<4, 1>;
template <i64 D>
constexpr auto gaussian = exp(-sqdist(vi<0, D>, vj<1, D>));
template <i64 D>
constexpr auto weighted = exp(-sqdist(x, y)) * vj<2, D>;
// In one point; the incoming gradient is a scalar.
template <i64 D>
constexpr auto by_x = grad(gaussian<D> * t, vi<0, D>, vi<3, 1>);
template <i64 D>
constexpr auto by_y = grad(gaussian<D> * t, vj<1, D>, vi<3, 1>);

template <class S, class R, Output Out>
constexpr bool in_columns(AxisReduction<R, Out>) {
  return same<Gpu<S, R, Out>, GpuColumns<S, R, Out>>;
}
static_assert(in_columns<float>(sum_over_j(weighted<70>)));
static_assert(in_columns<double>(sum_over_i(by_y<100>)));

template <class S, class R, Output Out>
void few(const std::string& name, AxisReduction<R, Out> reduction) {
  for (const Sizes& sizes : std::vector<Sizes>{{1, 0}, {33, 131}, {130, 67}})
    check<S>(name, reduction, sizes);
}

template <i64... D>
void weights() {
  (few<float>("weights, D = " + std::to_string(D), sum_over_j(weighted<D>)), ...);
}

void types() {
  few<double>("weights", sum_over_j(weighted<70>));
  few<float16>("weights, columns", sum_over_i(exp(-sqdist(x, y)) * vi<2, 67>));
  few<bfloat16>("weights", sum_over_j(weighted<40>));
}

// A result that is aligned with long vectors, several of them, or none.
void vectors() {
  few<float>("scalars of long vectors", sum_over_j(gaussian<100> * vj<2, 70>));
  few<float>("gradient in x, D = 33", sum_over_j(by_x<33>));
  few<float>("gradient in x, D = 257", sum_over_j(by_x<257>));
  few<double>("gradient in y", sum_over_i(by_y<64>));
  few<float>("of j alone", sum_over_j(vj<2, 70>));
  few<float>("of i alone", sum_over_j(sin(vi<0, 70>) * p));
  few<float>("of a parameter", sum_over_j(pm<6, 70> * vi<0, 70> * exp(t)));
  few<float>("scalars of all kinds", sum_over_j(sumt<40>(norm2(y) * norm2(x)) * vj<2, 40> + t));
}

// A result that is not aligned with the vectors it reads.
void extracts() {
  few<float>("extracts", sum_over_j(exp(-sqdist(x, y)) * extract<3, 50>(vj<2, 60>)));
  few<float>("its adjoint", sum_over_j(extractt<5, 70>(vi<0, 50>) * t));
  few<float>("concat", sum_over_j(concat(vi<0, 40> * t, vj<2, 33>, norm2(y))));
  few<double>("concat inside", sum_over_j(sin(concat(vi<0, 40>, vj<2, 33>)) * t));
  few<float>("gradients", sum_over_j(concat(by_x<40>, by_y<40>)));
}

void logsumexp() {
  constexpr auto f = log(step(sum(x - y))) + scalprod(x, y);
  few<float>("LogSumExp", logsumexp_over_j(f, vj<2, 70>));
  few<double>("LogSumExp", logsumexp_over_i(f, vi<2, 33>));
  CHECK(check<float>("LogSumExp, splits", logsumexp_over_j(f, vj<2, 70>), {7, 2053}, {132}) > 1);
}

void launches() {
  few<float>("all", sum_over_ij(weighted<130>));
  few<float>("all, gradients", sum_over_ij(concat(by_x<40>, by_y<40>)));
  CHECK(check<float>("weights, splits", sum_over_j(weighted<70>), {7, 2053}, {1, 132}) > 1);
  CHECK(check<float>("all, splits", sum_over_ij(weighted<130>), {130, 1031}, {132}) > 1);
  check<float>("batches", sum_over_j(weighted<70>), {130, 67, {2, 3}});
  check<float>("batches, splits", sum_over_j(weighted<70>), {7, 1031, {3}}, {132});
  check<float>("batches, all", sum_over_ij(weighted<130>), {67, 70, {2}});
  check<float>("ranges", sum_over_j(weighted<70>), sparse());
  check<float>("ranges, LogSumExp", logsumexp_over_j(scalprod(x, y), vj<2, 70>), sparse());
}

}  // namespace

int main() {
  weights<33, 40, 64, 70, 130>();
  types();
  vectors();
  extracts();
  logsumexp();
  launches();
  check_both<float>("weights", sum_over_j(weighted<70>), {33, 131});
  return report("gpu_kernel_test_columns");
}
