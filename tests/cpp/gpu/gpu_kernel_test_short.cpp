// GPU kernels for vectors that fit in registers.
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

template <i64 D>
constexpr auto gaussian = exp(-sqdist(vi<0, D>, vj<1, D>)) * vj<2, 1>;

template <class S, class R, Output Out>
constexpr bool is_short(AxisReduction<R, Out>) {
  return same<Gpu<S, R, Out>, GpuShort<S, R, Out>>;
}
static_assert(is_short<float>(sum_over_j(gaussian<31>)));
static_assert(is_short<double>(sum_over_j(gaussian<31>)));

// Sizes around those of warps, tiles and blocks.
template <class S>
void sizes() {
  for (i64 M : {0, 1, 31, 129, 300})
    for (i64 N : {0, 1, 33, 127, 128, 129, 300})
      check<S>("Gaussian", sum_over_j(gaussian<3>), {M, N}, {1, 3});
  CHECK(check<S>("Gaussian", sum_over_j(gaussian<3>), {7, 5003}, {1, 8, 132}) > 8);
}

template <class S>
void outputs() {
  for (const Sizes& s : few_sizes) {
    check<S>("Gaussian, columns", sum_over_i(gaussian<3>), s);
    check<S>("Gaussian, all", sum_over_ij(gaussian<3> * 0.0625_c), s);
  }
  CHECK(check<S>("Gaussian, columns", sum_over_i(gaussian<3>), {5003, 17}, {8, 132}) > 1);
  CHECK(check<S>("Gaussian, all", sum_over_ij(gaussian<3> * 0.0625_c), {601, 2100}, {1, 132}) > 1);
}

template <i64... D>
void dimensions() {
  for (const Sizes& s : few_sizes)
    (check<float>("Gaussian, D = " + std::to_string(D), sum_over_j(gaussian<D>), s, {1, 9}), ...);
  (check<float>("Gaussian, D = " + std::to_string(D), sum_over_j(gaussian<D>), {3, 1031}, {132}),
   ...);
}

constexpr auto x = vi<0, 3>;
constexpr auto y = vj<1, 3>;
constexpr auto b = vj<2, 1>;
constexpr auto p = pm<4, 1>;
constexpr auto e = vi<3, 1>;

// log Sum exp f g, with terms that count for nothing, and outputs of nothing else.
template <class S>
void logsumexp() {
  constexpr auto half = log(step(sum(x - y))) + scalprod(x, y);
  for (const Sizes& s : few_sizes) {
    check<S>("LogSumExp", logsumexp_over_j(scalprod(x, y)), s);
    check<S>("LogSumExp of -inf", logsumexp_over_j(half), s);
    check<S>("LogSumExp with weights", logsumexp_over_i(scalprod(x, y), vi<2, 3>), s);
  }
  CHECK(check<S>("LogSumExp of -inf", logsumexp_over_j(half), {7, 5003}, {132}) > 8);
}

// Nodes evaluated once a thread, once a row, and once a pair.
void stages() {
  constexpr auto g = exp(-sqdist(x, y) * p);
  for (const Sizes& s : few_sizes) {
    check<float>("row vectors", sum_over_j(exp(y) * x * exp(-sqnorm2(y))), s);
    check<float>("row and fixed scalars", sum_over_j(g * sqnorm2(y) + norm2(x) * exp(b)), s);
    check<float>("vector parameter", sum_over_j(exp(-sqdist(pm<5, 3> * x, y)) * exp(p)), s);
    check<float>("no reduced variable", sum_over_j(x * p), s);
    check<float>("no output variable", sum_over_j(y), s);
    check<float>("parameters alone", sum_over_j(exp(p)), s);
    check<float>("a parameter, all", sum_over_ij(p), s);
    check<float>("extracts", sum_over_j(elem<2>(x) * concat(extract<1, 2>(y), b)), s);
    check<double>("products of vectors", sum_over_i(vi<2, 17> * vj<5, 17> * scalprod(x, y)), s);
  }
}

void gradients() {
  constexpr auto f = exp(-sqdist(x, y) * p) * b;
  constexpr auto by_x = grad(f, x, e);
  constexpr auto by_y = grad(f, y, e);
  for (const Sizes& s : few_sizes) {
    check<float>("gradient in x", sum_over_j(by_x), s, {1, 9});
    check<double>("gradient in y", sum_over_i(by_y), s);
    check<float>("gradient in p", sum_over_ij(grad(f, p, e)), s);
    check<float>("gradients", sum_over_j(concat(by_x, grad(f, e, vi<3, 1>), by_y)), s);
    check<double>("second gradient", sum_over_j(grad(sum(by_x * y), x, e)), s);
  }
}

// Batches one after the other, of inputs that repeat in each way.
template <class S>
void batches() {
  for (const std::vector<i64>& batch : std::vector<std::vector<i64>>{{3}, {2, 3}, {2, 1, 3}}) {
    check<S>("batches", sum_over_j(gaussian<3> * p * vi<3, 2>), {130, 67, batch});
    check<S>("batches, all", sum_over_ij(gaussian<3> * p), {130, 67, batch});
    check<S>("batches, splits", sum_over_j(gaussian<3> * p * vi<3, 2>), {7, 1031, batch}, {132});
  }
  check<S>("no batch", sum_over_j(gaussian<3> * p * vi<3, 2>), {7, 11, {0}});
}

template <class S>
void block_sparse() {
  check<S>("ranges", sum_over_j(gaussian<3>), sparse(), {1, 132});
  check<S>("ranges, columns", sum_over_i(exp(-sqdist(x, y)) * vi<2, 1>), sparse(true));
  check<S>("ranges, LogSumExp", logsumexp_over_j(scalprod(x, y)), sparse());
  check<S>("ranges of nothing", sum_over_j(gaussian<3>), {5, 5, {}, 1, {{2, 2}, {0}, {}}});
}

}  // namespace

int main() {
  sizes<float>();
  sizes<double>();
  sizes<float16>();
  sizes<bfloat16>();
  outputs<float>();
  outputs<float16>();
  dimensions<1, 2, 5, 16, 17, 31>();
  logsumexp<float>();
  logsumexp<double>();
  stages();
  gradients();
  batches<float>();
  batches<bfloat16>();
  block_sparse<float>();
  for (const Sizes& s : few_sizes) {
    check_both<float>("Gaussian", sum_over_j(gaussian<3>), s);
    check_both<double>("LogSumExp", logsumexp_over_j(scalprod(x, y)), s);
  }
  return report("gpu_kernel_test_short");
}
