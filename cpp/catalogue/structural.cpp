// The rows of operations over components.
#include <keopsnb/ops.hpp>

#include "rows.hpp"

namespace keopsnb {
namespace {

i64 concat_dim(const i64* dims, int n, const i64*) {
  i64 sum = 0;
  for (int k = 0; k < n; ++k) sum += dims[k];
  return sum;
}
i64 scalprod_dim(const i64* dims, int n, const i64* ints) {
  return broadcast_dim(dims, n, ints) < 0 ? -1 : 1;
}
i64 weightedsqdist_dim(const i64* dims, int, const i64*) {
  return dims[1] == dims[2] ? detail::weightedsqnorm_dim(dims[0], dims[1]) : -1;
}
i64 tensorprod_dim(const i64* dims, int, const i64*) { return dims[0] * dims[1]; }
i64 softdtwsqdist_dim(const i64* dims, int, const i64*) { return dims[2] == 1 ? 1 : -1; }

// The k-th of the lists that `dim` gets.
detail::AxisList list_of(const i64* ints, int k) {
  for (; k > 0; --k) ints += 1 + ints[0];
  return {static_cast<int>(ints[0]), ints + 1};
}
i64 tensordot_dim(const i64* dims, int, const i64* lists) {
  return detail::tensor_layout(dims[0], dims[1], list_of(lists, 0), list_of(lists, 1),
                               list_of(lists, 2), list_of(lists, 3), list_of(lists, 4))
      .dim;
}
i64 kron_dim(const i64* dims, int, const i64* lists) {
  return detail::kron_layout(dims[0], dims[1], list_of(lists, 0), list_of(lists, 1)).dim;
}

#define OP(N, function) .name = #N, .call = KEOPSNB_CALL(function)

// clang-format off
constexpr OperationRow structural[] = {
    {OP(Sum, sum), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::Sum::dim>,
     .domain = "(-2, 2)", .reference = "numpy.sum(a, -1, keepdims=True)",
     .sentence = "Sum of the components."},
    {OP(SumT, sumt), .signature = "(1), n -> n",
     .operands = 1, .ints = 1, .dim = rule<detail::sumt_dim>,
     .domain = "(-2, 2)", .reference = "numpy.repeat(a, n, -1)",
     .sentence = "A scalar replicated n times: the adjoint of Sum.", .arguments = "D"},
    {OP(Concat, concat), .signature = "(D1), (D2), ... -> D1 + D2 + ...",
     .operands = -1, .dim = concat_dim,
     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.concatenate([a, b], -1)",
     .sentence = "The components of each operand, one after the other."},
    {OP(Extract, extract),
     .signature = "(D), start, d -> d  with 0 <= start and start + d <= D, or start < 0: from "
                  "the end",
     .operands = 1, .ints = 2, .dim = rule<detail::extract_dim>,
     .domain = "(-2, 2)", .reference = "a[..., n % a.shape[-1]:][..., :m]",
     .sentence = "The d components from start on; -1 is the last component.",
     .arguments = "D // 2, D - D // 2; 0, 1; -1, 1", .method = "extract(i, d)"},
    {OP(ExtractT, extractt),
     .signature = "(d), start, D -> D  with 0 <= start and start + d <= D, or start < 0: from "
                  "the end",
     .operands = 1, .ints = 2, .dim = rule<detail::extractt_dim>,
     .domain = "(-2, 2)",
     .reference = "numpy.concatenate([numpy.zeros((*a.shape[:-1], n % m)), a, "
                  "numpy.zeros((*a.shape[:-1], m - n % m - a.shape[-1]))], -1)",
     .sentence = "A vector of D zeros with the operand from start on: the adjoint of Extract.",
     .arguments = "1, D + 2; 0, D + 1; -D, D + 1"},
    {OP(Elem, elem), .signature = "(D), m -> 1  with -D <= m < D",
     .operands = 1, .ints = 1, .dim = rule<detail::elem_dim>,
     .domain = "(-2, 2)", .reference = "a[..., [n]]",
     .sentence = "The component of index m; -1 is the last.", .arguments = "D - 1; 0; -D",
     .method = "elem(i)"},
    {OP(ElemT, elemt), .signature = "(1), D, m -> D  with -D <= m < D",
     .operands = 1, .ints = 2, .dim = rule<detail::elemt_dim>,
     .domain = "(-2, 2)", .reference = "a * (numpy.arange(n) == m % n)",
     .sentence = "A vector of D zeros with the scalar at index m, -1 being the last: the adjoint "
                 "of Elem.",
     .arguments = "D, D // 2; D, -1"},
    // A side of dimension 1 is shared by all components, as in KeOps: f | s = s * Sum(f).
    {OP(Scalprod, scalprod), .signature = "(D), (D) -> 1, or one side of dimension 1",
     .operands = 2, .dim = scalprod_dim,
     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.sum(a * b, -1, keepdims=True)",
     .sentence = "Euclidean inner product, Sum(a * b).",
     .numpy = "bitwise_or", .torch = "bitwise_or", .special = "__or__"},
    {OP(SqNorm2, sqnorm2), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::Sum::dim>,
     .domain = "(-2, 2)", .reference = "numpy.sum(a * a, -1, keepdims=True)",
     .sentence = "Squared Euclidean norm."},
    {OP(Norm2, norm2), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::Sum::dim>,
     .domain = "(0.1, 2)", .reference = "numpy.sqrt(numpy.sum(a * a, -1, keepdims=True))",
     .sentence = "Euclidean norm; its gradient is taken as 0 at 0."},
    {OP(SqDist, sqdist), .signature = "(D), (D) -> 1",
     .operands = 2, .dim = rule<detail::of_pair_dim>,
     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.sum((a - b) ** 2, -1, keepdims=True)",
     .sentence = "Squared Euclidean distance."},
    {OP(Normalize, normalize), .signature = "(D) -> D",
     .operands = 1, .dim = rule<broadcast<i64>>,
     .domain = "(0.1, 2)", .reference = "a / numpy.sqrt(numpy.sum(a * a, -1, keepdims=True))",
     .sentence = "The vector over its Euclidean norm, and 0 at 0."},
    {OP(SqNormIso, sqnormiso), .signature = "(1), (D) -> 1",
     .operands = 2, .dim = rule<detail::sqnormiso_dim>,
     .domain = "(-2, 2), (-2, 2)", .reference = "a * numpy.sum(b * b, -1, keepdims=True)",
     .sentence = "The squared norm of a vector times a scalar.",
     .cases = "1, 3 | ; 1, 1 | ; 1, 16 |"},
    {OP(SqNormDiag, sqnormdiag), .signature = "(D), (D) -> 1",
     .operands = 2, .dim = rule<detail::of_pair_dim>,
     .domain = "(-2, 2), (-2, 2)", .reference = "numpy.sum(a * b * b, -1, keepdims=True)",
     .sentence = "The sum of the squares of a vector's components, each with its weight."},
    {OP(SymSqNorm, symsqnorm), .signature = "(D*D), (D) -> 1",
     .operands = 2, .dim = rule<detail::symsqnorm_dim>,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b, b)[..., None]",
     .sentence = "The quadratic form of a matrix, row after row, at a vector.",
     .cases = "9, 3 | ; 1, 1 | ; 25, 5 |"},
    {OP(WeightedSqNorm, weightedsqnorm), .signature = "(1), (D) or (D*D), (D) -> 1",
     .operands = 2, .dim = rule<detail::weightedsqnorm_dim>,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * b * b, -1, keepdims=True) if a.shape[-1] <= b.shape[-1] else "
                  "numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b, b)[..., None]",
     .sentence = "SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights: 1, D or "
                 "D*D.",
     .cases = "1, 3 | ; 3, 3 | ; 9, 3 |", .method = "weightedsqnorm(other): other, self"},
    {OP(WeightedSqDist, weightedsqdist), .signature = "(1), (D) or (D*D), (D), (D) -> 1",
     .operands = 3, .dim = weightedsqdist_dim,
     .domain = "(-2, 2), (-2, 2), (-2, 2)",
     .reference = "numpy.sum(a * (b - c) ** 2, -1, keepdims=True) if a.shape[-1] <= b.shape[-1] "
                  "else numpy.einsum('...jk,...j,...k->...', a.reshape(*b.shape, -1), b - c, "
                  "b - c)[..., None]",
     .sentence = "WeightedSqNorm of the difference of two vectors.",
     .cases = "1, 3, 3 | ; 3, 3, 3 | ; 9, 3, 3 |", .method = "weightedsqdist(g, s): s, self, g"},
    {OP(Max, max), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::Extremum<true>::dim>,
     .domain = "(-2, 2)", .reference = "numpy.nanmax(a, -1, keepdims=True)",
     .sentence = "The greatest component; NaN is left out, and the first of equal ones has the "
                 "gradient."},
    {OP(Min, min), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::Extremum<false>::dim>,
     .domain = "(-2, 2)", .reference = "numpy.nanmin(a, -1, keepdims=True)",
     .sentence = "The least component; NaN is left out, and the first of equal ones has the "
                 "gradient."},
    {OP(ArgMax, argmax), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::ExtremumIndex<true>::dim>,
     .domain = "(-2, 2)", .reference = "numpy.nanargmax(a, -1)[..., None] * 1.0",
     .sentence = "The index of the greatest component, the first one if several are equal."},
    {OP(ArgMin, argmin), .signature = "(D) -> 1",
     .operands = 1, .dim = rule<op::ExtremumIndex<false>::dim>,
     .domain = "(-2, 2)", .reference = "numpy.nanargmin(a, -1)[..., None] * 1.0",
     .sentence = "The index of the least component, the first one if several are equal."},
    {OP(OneHot, onehot), .signature = "(1), n -> n",
     .operands = 1, .ints = 1, .dim = rule<detail::onehot_dim>,
     .domain = "(-1, 4)", .reference = "(numpy.floor(a + 0.5) == numpy.arange(n)) * 1.0",
     .sentence = "A vector of n zeros with 1 at the nearest index; all zeros where there is none.",
     .cases = "1 | 3; 1 | 1", .method = "one_hot(D)"},
    {OP(MatVecMult, matvecmult), .signature = "(n*p), (p) -> n",
     .operands = 2, .dim = rule<detail::matvecmult_dim>,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a.reshape(*a.shape[:-1], -1, b.shape[-1]) * b[..., None, :], -1)",
     .sentence = "The product of a matrix of n rows and p columns, row after row, and a vector.",
     .cases = "6, 3 | ; 15, 3 | ; 4, 4 | ; 3, 1 |"},
    {OP(VecMatMult, vecmatmult), .signature = "(n), (n*p) -> p",
     .operands = 2, .dim = rule<detail::vecmatmult_dim>,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.sum(a[..., :, None] * b.reshape(*b.shape[:-1], a.shape[-1], -1), -2)",
     .sentence = "The product of a vector and a matrix of n rows and p columns, row after row.",
     .cases = "3, 6 | ; 3, 15 | ; 4, 4 | ; 1, 3 |"},
    {OP(TensorProd, tensorprod), .signature = "(n), (p) -> n*p",
     .operands = 2, .dim = tensorprod_dim,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "(a[..., :, None] * b[..., None, :]).reshape(*a.shape[:-1], -1)",
     .sentence = "All products of a component of one and one of the other: row k is a[k] b.",
     .cases = "2, 3 | ; 5, 3 | ; 1, 3 |"},
    {OP(TensorDot, tensordot),
     .signature = "(D1), (D2), [dims1], [dims2], [sum1], [sum2], [places] -> the product of the "
                  "lengths of the axes that are not summed",
     .operands = 2, .lists = 5, .optional_lists = 1, .dim = tensordot_dim,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.reshape([numpy.transpose(t, numpy.argsort(p) if p else "
                  "range(t.ndim)).ravel() for t in (numpy.tensordot(u.reshape(n), v.reshape(m), "
                  "(k, l)) for u, v in zip(a.reshape(-1, a.shape[-1]), b.reshape(-1, "
                  "b.shape[-1])))], (*a.shape[:-1], -1))",
     .sentence = "numpy.tensordot of tensors of dimensions dims1 and dims2, summed over the axes "
                 "sum1 of one with sum2 of the other; what remains of both, in order, or, where "
                 "`places` is given, axis k of that at place places[k].",
     .cases = "6, 12 | [2, 3], [3, 4], [1], [0]; 12, 8 | [3, 2, 2], [2, 2, 2], [1, 2], [2, 0]; "
              "12, 6 | [2, 3, 2], [3, 2], [1], [0], [2, 0, 1]; 3, 2 | [3], [2], [], []; 4, 4 | "
              "[2, 2], [2, 2], [0, 1], [0, 1]",
     .method = "keops_tensordot"},
    {OP(Kron, kron), .signature = "(D1), (D2), [dims1], [dims2] -> D1*D2",
     .operands = 2, .lists = 2, .dim = kron_dim,
     .domain = "(-2, 2), (-2, 2)",
     .reference = "numpy.reshape([numpy.kron(u.reshape(n), v.reshape(m)).ravel() for u, v in "
                  "zip(a.reshape(-1, a.shape[-1]), b.reshape(-1, b.shape[-1]))], (*a.shape[:-1], "
                  "-1))",
     .sentence = "numpy.kron of tensors of dimensions dims1 and dims2, as many of one as of the "
                 "other.",
     .cases = "4, 6 | [2, 2], [2, 3]; 3, 2 | [3], [2]; 4, 4 | [1, 2, 2], [2, 2, 1]",
     .method = "keops_kron"},
    {OP(Take, take),
     .signature = "(L*d), (1), d -> d  where the index is a variable of integers, and d = 1 if "
                  "it is left out",
     .operands = 2, .ints = 1, .optional = 1, .fallback = 1, .index = 1,
     .dim = rule<detail::take_dim>,
     .domain = "(-2, 2), (0, 3)",
     .reference = "numpy.take_along_axis(a, b.astype('int64') * n + numpy.arange(n), -1)",
     .sentence = "The row of that index, from 0 on, of a table with rows of dimension d; NaN "
                 "where the table has none. Indices are exact at any length.",
     .cases = "8, 1 | 2; 3, 1 |; 9, 1 | 3", .method = "take(index, d=1)"},
    {OP(TakeT, taket),
     .signature = "(d), (1), n -> n  where the index is a variable of integers, and n a multiple "
                  "of d",
     .operands = 2, .ints = 1, .index = 1, .dim = rule<detail::taket_dim>,
     .domain = "(-2, 2), (0, 3)",
     .reference = "numpy.tile(a, n // a.shape[-1]) * (numpy.arange(n) // a.shape[-1] == "
                  "b.astype('int64'))",
     .sentence = "A vector of n zeros with the operand as its row of that index: the adjoint of "
                 "Take.",
     .cases = "2, 1 | 8; 1, 1 | 3"},
    {OP(BSpline, bspline), .signature = "(K), (1), k -> K - k - 1  with K >= k + 2",
     .operands = 2, .ints = 1, .dim = rule<detail::bspline_dim>,
     .domain = "(0, 1), (0, 1)",
     .reference = "(lambda q: (lambda f: numpy.concatenate([f(f, i, n) for i in "
                  "range(a.shape[-1] - n - 1)], -1))(lambda f, i, k: ((a[..., [i]] <= b) & (b < "
                  "a[..., [i + 1]])) * 1.0 if k == 0 else q(b - a[..., [i]], a[..., [i + k]] - "
                  "a[..., [i]]) * f(f, i, k - 1) + q(a[..., [i + k + 1]] - b, a[..., [i + k + "
                  "1]] - a[..., [i + 1]]) * f(f, i + 1, k - 1)))(lambda u, v: numpy.where(v > 0, "
                  "u / numpy.where(v > 0, v, 1), 0))",
     .sentence = "All basis functions of B-splines of degree k at x, for knots in ascending "
                 "order; differentiable to any order in x and in the knots.",
     .cases = "6, 1 | 2; 7, 1 | 3; 4, 1 | 0; 5, 1 | 1", .method = "bspline(x, k=0)"},
    {OP(SoftDTW_SqDist, softdtwsqdist), .signature = "(n), (m), (1) -> 1",
     .operands = 3, .dim = softdtwsqdist_dim,
     .domain = "(-2, 2), (-2, 2), (0.5, 2)",
     .reference = "(lambda f: f(f, a.shape[-1] - 1, b.shape[-1] - 1))(lambda f, i, j: (a[..., "
                  "[i]] - b[..., [j]]) ** 2 + (0 if i == j == 0 else -c * "
                  "scipy.special.logsumexp([-f(f, k, l) / c for k, l in ((i - 1, j - 1), (i - 1, "
                  "j), (i, j - 1)) if k >= 0 and l >= 0], 0)))",
     .sentence = "Soft dynamic time warping of two series by squared differences, with the "
                 "smoothing gamma > 0 (Cuturi and Blondel, 2017); differentiable to any order, "
                 "in gamma too.",
     .cases = "3, 2, 1 | ; 4, 3, 1 | ; 1, 3, 1 |", .method = "softdtw_sqdist(other, gamma)"},
};
// clang-format on
#undef OP

}  // namespace

std::span<const OperationRow> structural_rows() { return structural; }

}  // namespace keopsnb
