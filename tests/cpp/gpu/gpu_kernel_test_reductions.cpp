// Every reduction in every GPU kernel: for short and long vectors, for long results, in parts.
#include "gpu_kernel_test.hpp"

using namespace gpu_test;

namespace {

// Quarters, so that terms are exact and tie; NaN where the square root has no value.
template <i64 D>
constexpr auto f = sqdist(vi<0, D>, vj<1, D>);
template <i64 D>
constexpr auto nan_terms = concat(sqrt(f<D> - 0.5_c), -f<D>);
template <i64 D>
constexpr auto vector = concat(vi<0, D> - vj<1, D>, f<3 * D>);

template <Output Out, class R>
constexpr auto reduced(R) {
  return AxisReduction<R, Out>{};
}

// Law: with and without parts to merge, the reduction is what it is by definition.
template <class S, Output Out, class R>
void few(const std::string& name, R reduction) {
  check<S>(name, reduced<Out>(reduction), {5, 0, {}, 1, {}, true});
  check<S>(name, reduced<Out>(reduction), {33, 131, {}, 1, {}, true});
  if constexpr (Out == Output::j)
    check<S>(name + ", splits", reduced<Out>(reduction), {1031, 5, {}, 132, {}, true}, {132});
  else
    check<S>(name + ", splits", reduced<Out>(reduction), {5, 1031, {}, 132, {}, true}, {132});
}

template <class S, Output Out, class F>
void values(const std::string& kernel, F formula) {
  few<S, Out>("Mean, " + kernel, mean_reduction(formula));
  few<S, Out>("Variance, " + kernel, variance_reduction<1>(formula));
  few<S, Out>("SumSq, " + kernel, sumsq_reduction(formula));
  few<S, Out>("Norm2, " + kernel, norm2_reduction(formula));
  few<S, Out>("Prod, " + kernel, prod_reduction(1_c - formula * 0.0009765625_c));
  few<S, Out>("SumSoftMaxWeight, " + kernel, softmax_reduction(-f<3>, formula));
  few<S, Out>("LogSumExp of components, " + kernel, logsumexp_reduction(formula, square(formula)));
  few<S, Out>("SumSoftMaxWeight of components, " + kernel, softmax_reduction(-formula, formula));
  few<S, Out>("Any, " + kernel, any_reduction(lessthan(formula, -0.5_c)));
  few<S, Out>("All, " + kernel, all_reduction(lessthan(formula, 0.5_c)));
}
// Numbers that derivatives take stand behind the result.
template <class S, Output Out, class F>
void all_kept(const std::string& kernel, F formula) {
  few<S, Out>("Mean kept, " + kernel, kept(mean_reduction(formula)));
  few<S, Out>("Variance kept, " + kernel, kept(variance_reduction<1>(formula)));
  few<S, Out>("Prod kept, " + kernel, kept(prod_reduction(1_c - formula * 0.0009765625_c)));
  few<S, Out>("SoftMax kept, " + kernel, kept(softmax_reduction(-f<3>, formula)));
  few<S, Out>("SoftMax of components kept, " + kernel, kept(softmax_reduction(-formula, formula)));
}
template <class S, Output Out, class F>
void orders(const std::string& kernel, F formula) {
  few<S, Out>("Max, " + kernel, max_reduction(formula));
  few<S, Out>("Min, " + kernel, min_reduction(formula));
}
template <class S, Output Out, class F>
void indices(const std::string& kernel, F formula) {
  few<S, Out>("Max_ArgMax, " + kernel, max_argmax_reduction(formula));
  few<S, Out>("Min_ArgMin, " + kernel, min_argmin_reduction(formula));
  few<S, Out>("ArgMin, " + kernel, argmin_reduction(formula));
  few<S, Out>("Count, " + kernel, count_reduction(lessthan(formula, 0.5_c)));
}

template <class S, Output Out>
void every(const std::string& type) {
  values<S, Out>("short, " + type, concat(f<3>, vi<0, 3> * vj<1, 3>));
  orders<S, Out>("short, " + type, nan_terms<3>);
  all_kept<S, Out>("short, " + type, concat(f<3>, vi<0, 3> * vj<1, 3>));
}

void batches() {
  constexpr auto r = over_j(min_argmin_reduction(nan_terms<3>));
  check<float>("batches", r, {130, 67, {2, 3}, 1, {}, true});
  check<float>("batches, splits", r, {7, 1031, {3}, 1, {}, true}, {132});
  Sizes sizes = sparse();
  sizes.ties = true;
  check<float>("ranges", r, sizes);
  check<float>("ranges, count", over_j(count_reduction(f<3> - 1_c)), sizes);
  check<double>("ranges, mean", over_j(mean_reduction(f<3> + 1_c)), sizes);
  check<double>("ranges, kept", over_j(kept(softmax_reduction(-f<3>, vj<1, 3>))), sizes);
  check<float>("ranges, long", over_j(max_argmax_reduction(f<40>)), sizes);
  check<float>("ranges, columns", over_j(max_argmax_reduction(vector<10>)), sizes);
}

// Integers among the variables: exact where they are compared, numbers elsewhere.
template <class S>
void integers(const char* name) {
  constexpr auto a = vi_integer<2, 1>;
  constexpr auto b = vj_integer<3, 1>;
  constexpr auto same = equal(a, b);
  few<S, Output::i>(name, sum_reduction(same * f<3> + b * pm_integer<4, 1>));
  few<S, Output::j>(name, argmin_reduction(same * f<40> + 1_c));
  few<S, Output::i>(name, mean_reduction(sqdist(vi_integer<2, 40>, vj<1, 40>)));
  few<S, Output::i>(name, sum_reduction(equal(vi_integer<2, 40>, vj_integer<3, 40>)));
  few<S, Output::i>(name, sum_reduction(f<3> * vj_integer<3, 40>));
  few<S, Output::i>(name, max_reduction(b));
  check<S>("batches", over_j(sum_reduction(same * f<3>)), {67, 33, {2, 3}, 1, {}, true});
}

}  // namespace

int main() {
  every<float, Output::i>("float");
  every<double, Output::j>("double");
  every<float, Output::one>("all");
  indices<float, Output::i>("short, float", nan_terms<3>);
  indices<double, Output::j>("short, double", nan_terms<3>);
  indices<bfloat16, Output::i>("short, bfloat16", nan_terms<3>);

  values<float, Output::i>("long", f<40> * 0.015625_c);
  values<double, Output::one>("long, all", f<40> * 0.015625_c);
  orders<float, Output::one>("long, all", nan_terms<40>);
  all_kept<float, Output::i>("long", f<40> * 0.015625_c);
  indices<float, Output::j>("long", nan_terms<40>);
  indices<double, Output::i>("long", nan_terms<40>);

  values<float, Output::i>("columns", vector<10>);
  orders<float, Output::one>("columns, all", vector<10>);
  all_kept<float, Output::i>("columns", vector<10>);
  all_kept<double, Output::one>("columns, all", vector<10>);
  indices<float, Output::i>("columns", vector<30>);
  indices<double, Output::j>("columns", vector<10>);

  batches();
  integers<float>("integers, float");
  integers<double>("integers, double");
  integers<float16>("integers, float16");
  return report("gpu_kernel_test_reductions");
}
