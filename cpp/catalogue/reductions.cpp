#include <catalogue/reductions.hpp>
#include <keopsnb/reductions.hpp>

// The name of a function of the headers; any other is an error here.
#define CALL(function)       \
  [] {                       \
    using keopsnb::function; \
    return #function;        \
  }()
#define LEAST(sign) "numpy.sort(" sign "f, 1)[:, :n]"
#define PLACES(sign) "numpy.argsort(" sign "f, 1, kind='stable')[:, :n]"

namespace keopsnb {
namespace {

// clang-format off
constexpr ReductionRow reduction_rows[] = {
    {.name = "Sum", .call = CALL(sum_reduction),
     .sentence = "Sum of the terms.",
     .reference = "f.sum(1)",
     .derivative = "F",
     .sums = true},
    {.name = "Mean", .call = CALL(mean_reduction),
     .sentence = "Mean of the terms; NaN where there is none.",
     .reference = "f.mean(1)",
     .derivative = "F | E / N",
     .sums = true},
    {.name = "Variance", .call = CALL(variance_reduction),
     .sentence = "Variance of the terms: the sum of the squared deviations from their mean over "
                 "their number less the correction, which is 0 unless opt_arg says otherwise.",
     .reference = "f.var(1, ddof=n)",
     // The mean to twice the precision of the terms: a second one is what the first has lost.
     .derivative = "Square(F - [Mean: F] - [Mean: F - [Mean: F]]) | E / ReLU(N - n)",
     .sums = true, .option = "correction", .fallback = 0, .most = 1000000},
    {.name = "SumSq", .call = CALL(sumsq_reduction),
     .sentence = "Sum of the squares of the terms.",
     .reference = "(f * f).sum(1)",
     .derivative = "Square(F)",
     .sums = true},
    {.name = "Norm2", .call = CALL(norm2_reduction),
     .sentence = "Euclidean norm of the terms; its derivative is taken as 0 at 0.",
     .reference = "numpy.sqrt((f * f).sum(1))",
     .derivative = "Square(F) | E * NotEqual(A, 0) / Where(A, A, 1) / 2",
     .sums = true},
    {.name = "Prod", .call = CALL(prod_reduction),
     .sentence = "Product of the terms; 1 where there is none.",
     .reference = "f.prod(1)",
     .derivative = "F | E * [Prod: Where(F, F, 1)] * "
                   "(NotEqual(F, 0) / Where(F, F, 1) * (Equal([Sum: Equal(F, 0)], 0) + "
                   "Equal([Sum: Equal(F, 0)], 1) * [Sum: F * Equal(F, 0)]) + "
                   "Equal(F, 0) * (Equal([Sum: Equal(F, 0)], 1) + "
                   "Equal([Sum: Equal(F, 0)], 2) * ([Sum: F * Equal(F, 0)] - F)))"},

    {.name = "Max", .call = CALL(max_reduction),
     .sentence = "The greatest term; NaN is passed over.",
     .reference = "f.max(1, initial=-numpy.inf)",
     .derivative = "F at Max_ArgMax"},
    {.name = "Min", .call = CALL(min_reduction),
     .sentence = "The least term; NaN is passed over.",
     .reference = "f.min(1, initial=numpy.inf)",
     .derivative = "F at Min_ArgMin"},
    {.name = "ArgMax", .call = CALL(argmax_reduction),
     .sentence = "The index of the greatest term, the first of equal ones.",
     .reference = "f.argmax(1)",
     .gives = Gives::indices},
    {.name = "ArgMin", .call = CALL(argmin_reduction),
     .sentence = "The index of the least term, the first of equal ones.",
     .reference = "f.argmin(1)",
     .gives = Gives::indices},
    {.name = "Max_ArgMax", .call = CALL(max_argmax_reduction),
     .sentence = "The greatest term and its index.",
     .reference = "(f.max(1), f.argmax(1))",
     .derivative = "F at Max_ArgMax",
     .gives = Gives::both},
    {.name = "Min_ArgMin", .call = CALL(min_argmin_reduction),
     .sentence = "The least term and its index.",
     .reference = "(f.min(1), f.argmin(1))",
     .derivative = "F at Min_ArgMin",
     .gives = Gives::both},

    {.name = "KMin", .call = CALL(kmin_reduction),
     .sentence = "The K least terms, in ascending order.",
     .reference = LEAST(""),
     .derivative = "F at KMin_ArgKMin",
     .ranked = true, .option = "K", .most = 1024},
    {.name = "ArgKMin", .call = CALL(argkmin_reduction),
     .sentence = "The indices of the K least terms, in ascending order of these.",
     .reference = PLACES(""),
     .gives = Gives::indices,
     .ranked = true, .option = "K", .most = 1024},
    {.name = "KMin_ArgKMin", .call = CALL(kmin_argkmin_reduction),
     .sentence = "The K least terms, in ascending order, and their indices.",
     .reference = "(" LEAST("") ", " PLACES("") ")",
     .derivative = "F at KMin_ArgKMin",
     .gives = Gives::both,
     .ranked = true, .option = "K", .most = 1024},
    {.name = "KMax", .call = CALL(kmax_reduction),
     .sentence = "The K greatest terms, in descending order.",
     .reference = "-" LEAST("-"),
     .derivative = "F at KMax_ArgKMax",
     .ranked = true, .option = "K", .most = 1024},
    {.name = "ArgKMax", .call = CALL(argkmax_reduction),
     .sentence = "The indices of the K greatest terms, in descending order of these.",
     .reference = PLACES("-"),
     .gives = Gives::indices,
     .ranked = true, .option = "K", .most = 1024},
    {.name = "KMax_ArgKMax", .call = CALL(kmax_argkmax_reduction),
     .sentence = "The K greatest terms, in descending order, and their indices.",
     .reference = "(-" LEAST("-") ", " PLACES("-") ")",
     .derivative = "F at KMax_ArgKMax",
     .gives = Gives::both,
     .ranked = true, .option = "K", .most = 1024},

    {.name = "LogSumExp", .call = CALL(logsumexp_reduction),
     .sentence = "log of the sum of the exponentials of the terms, with the weights formula2.",
     .reference = "scipy.special.logsumexp(f, 1, b=g)",
     .derivative = "Exp(F - A) * G | E",
     .weight = Weight::optional, .sums = true},
    {.name = "LogSumExpWeight", .call = CALL(logsumexp_reduction),
     .sentence = "log of the sum of the exponentials of the terms, with the weights formula2.",
     .reference = "scipy.special.logsumexp(f, 1, b=g)",
     .derivative = "Exp(F - A) * G | E",
     .weight = Weight::required, .sums = true},
    {.name = "SumSoftMaxWeight", .call = CALL(softmax_reduction),
     .sentence = "Mean of formula2 with weights proportional to the exponentials of the terms.",
     .reference = "(scipy.special.softmax(f, 1) * g).sum(1)",
     .derivative = "Exp(F - [LogSumExp: F]) * (G - A) | E / [Sum: Exp(F - [LogSumExp: F])]",
     .weight = Weight::required, .sums = true},
    {.name = "SoftMax", .call = CALL(softmax_reduction),
     .sentence = "Mean of formula2 with weights proportional to the exponentials of the terms.",
     .reference = "(scipy.special.softmax(f, 1) * g).sum(1)",
     .derivative = "Exp(F - [LogSumExp: F]) * (G - A) | E / [Sum: Exp(F - [LogSumExp: F])]",
     .weight = Weight::required, .sums = true},
    // Compositions: no kernel of their own.
    {.name = "Max_SumShiftExp", .call = "",
     .sentence = "The greatest term m, then the sum of exp(F - m) with the weights formula2.",
     .reference = "numpy.concatenate([f.max(1), (numpy.exp(f - f.max(1)[:, None]) * g).sum(1)], 1)",
     .derivative = "= Concat([Max: F], [Sum: Exp(F - [Max: F]) * G])",
     .sums = true},
    {.name = "Max_SumShiftExpWeight", .call = "",
     .sentence = "The greatest term m, then the sum of exp(F - m) with the weights formula2.",
     .reference = "numpy.concatenate([f.max(1), (numpy.exp(f - f.max(1)[:, None]) * g).sum(1)], 1)",
     .derivative = "= Concat([Max: F], [Sum: Exp(F - [Max: F]) * G])",
     .weight = Weight::required, .sums = true},

    {.name = "Any", .call = CALL(any_reduction),
     .sentence = "Whether any term is other than 0.",
     .reference = "(f != 0).any(1)",
     .gives = Gives::flags},
    {.name = "All", .call = CALL(all_reduction),
     .sentence = "Whether every term is other than 0.",
     .reference = "(f != 0).all(1)",
     .gives = Gives::flags},
    {.name = "Count", .call = CALL(count_reduction),
     .sentence = "How many terms are other than 0.",
     .reference = "(f != 0).sum(1)",
     .gives = Gives::counts},
};
// clang-format on

}  // namespace

std::span<const ReductionRow> reduction_catalogue() { return reduction_rows; }

}  // namespace keopsnb
#undef CALL
#undef LEAST
#undef PLACES
