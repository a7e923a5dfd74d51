// GPU kernels for long vectors and short results.
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

template <i64 D>
constexpr auto gaussian = exp(-sqdist(vi<0, D>, vj<1, D>)) * vj<2, 1>;

template <class S, class R, Output Out>
constexpr bool is_long(AxisReduction<R, Out>) {
  return same<Gpu<S, R, Out>, GpuLong<S, R, Out>>;
}
static_assert(is_long<float>(sum_over_j(gaussian<100>)));
static_assert(is_long<double>(logsumexp_over_j(scalprod(vi<0, 64>, vj<1, 64>))));

void sizes() {
  constexpr auto f = sum_over_j(gaussian<100>);
  for (i64 M : {0, 1, 127, 129})
    for (i64 N : {0, 1, 64, 131}) check<float>("Gaussian", f, {M, N});
  CHECK(check<float>("Gaussian", f, {7, 2053}, {1, 132}) > 3);
}

template <class S, i64 D>
void dimension() {
  const std::string name = "Gaussian, D = " + std::to_string(D);
  check<S>(name, sum_over_j(gaussian<D>), {33, 131});
  check<S>(name, sum_over_j(gaussian<D>), {130, 67});
}

constexpr auto x = vi<0, 40>;
constexpr auto y = vj<1, 40>;
constexpr auto s = vi<3, 1>;
constexpr auto t = vj<2, 1>;
constexpr auto p = pm<4, 1>;

template <class S, class R, Output Out>
void few(const char* name, AxisReduction<R, Out> reduction) {
  for (const Sizes& sizes : std::vector<Sizes>{{1, 0}, {33, 131}, {130, 67}})
    check<S>(name, reduction, sizes);
}

void outputs() {
  few<float>("Gaussian, columns", sum_over_i(gaussian<64>));
  few<float>("Gaussian, all", sum_over_ij(gaussian<64>));
  CHECK(check<float>("Gaussian, all", sum_over_ij(gaussian<64>), {257, 1031}, {132}) > 1);
  few<double>("LogSumExp", logsumexp_over_j(scalprod(x, y)));
  few<float>("LogSumExp of -inf",
             logsumexp_over_j(log(step(elem<0>(x) - elem<0>(y))) + scalprod(x, y)));
  few<float>("LogSumExp with weights", logsumexp_over_i(scalprod(x, y), vi<2, 3>));
}

// Several contractions, and scalars evaluated once a thread, once a row and once a pair.
void contractions() {
  constexpr auto g = exp(-sqdist(x, y));
  few<float>("two contractions", sum_over_j(g * scalprod(x, y)));
  few<float>("four vectors", sum_over_j(exp(-sum(x * vi<5, 40> * y * vj<6, 40>))));
  few<float>("norms", sum_over_j(g * sqnorm2(x) * norm2(y) + exp(t) * exp(s) * p));
  few<float>("normalized", sum_over_i(square(scalprod(normalize(x), normalize(y)))));
  few<double>("vector parameter", sum_over_j(exp(-sum(pm<4, 40> * square(x - y)))));
  few<float>("scalars inside", sum_over_j(t * exp(-sqnorm2(exp(s) * x - t * y + p))));
  few<float>("a pair's scalar inside", sum_over_j(sqnorm2(sin(s * t) * x - y)));
  few<float>("a contraction inside another", sum_over_j(sqnorm2(scalprod(x, y) * x - y)));
}

// Sums that are no contraction: read where they lie.
void direct() {
  few<float>("components", sum_over_j(elem<39>(x) * elem<3>(y) + elem<0>(x)));
  few<float>("extracts", sum_over_j(sqdist(extract<7, 33>(x), extract<0, 33>(y))));
  few<float>("concats", sum_over_j(sqdist(concat(x, s), concat(y, t))));
  few<float>("five vectors", sum_over_j(sum(x * vi<5, 40> * y * vj<6, 40> + vi<7, 40> * y)));
  few<float>("a parameter alone", sum_over_j(sum(sin(scalprod(x, y) * pm<4, 40>))));
  few<float>("gradient in a scalar", sum_over_j(grad(exp(-sqdist(s * x, y)), s, t)));
}

// Short vectors: the kernel is right wherever it is chosen.
template <class F>
void short_vectors(const char* name, F) {
  using R = SumReduction<F>;
  for (const Sizes& sizes : few_sizes)
    check_kernel<float, GpuLong<float, R, Output::i>, Output::i>(name, sizes, {1});
}

void batches() {
  constexpr auto f = sum_over_j(gaussian<33> * p * s);
  check<float>("batches", f, {130, 67, {2, 3}});
  check<float>("batches, splits", f, {7, 1031, {3}}, {132});
  check<float>("ranges", sum_over_j(gaussian<33>), sparse());
  check<float>("ranges, all", sum_over_ij(gaussian<33>), {130, 300, {}, 1, {}});
}

}  // namespace

int main() {
  sizes();
  dimension<float, 33>();
  dimension<float, 257>();
  dimension<double, 64>();
  dimension<float16, 64>();
  dimension<bfloat16, 33>();
  outputs();
  contractions();
  direct();
  short_vectors("D = 1", exp(-sqdist(vi<0, 1>, vj<1, 1>)) * t);
  short_vectors("D = 8", exp(-sqdist(vi<0, 8>, vj<1, 8>)) * t);
  short_vectors("D = 9", exp(-sqdist(vi<0, 9>, vj<1, 9>)) * t);
  short_vectors("no variable of a side", exp(t));
  batches();
  check_both<float>("Gaussian", sum_over_j(gaussian<100>), {33, 131});
  return report("gpu_kernel_test_long");
}
