"""Law: each reduction of pykeops gives what it gives there, by Genred and by LazyTensor."""

import functools
from typing import Any

import numpy as np
import pytest
from sides import BOTH, array, assert_same, front_end, plain

M, N, D, E = 13, 29, 2, 3
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(3)", "s = Pm(1)"]
SCALAR, VECTOR = "Exp(-s * SqDist(x, y))", "s * (x - y)"
# Name, formula, what it needs besides, whether pykeops differentiates it.
REDUCTIONS: dict[str, tuple[str, dict[str, Any], bool]] = {
    "Sum": ("Exp(-s * SqDist(x, y)) * b", {}, True),
    "LogSumExp": (SCALAR, {}, True),
    "LogSumExp with weights": (SCALAR, {"formula2": "Square(b)"}, True),
    "SumSoftMaxWeight": (SCALAR, {"formula2": "b"}, True),
    "SoftMax": (SCALAR, {"formula2": "b"}, False),
    "Min": (VECTOR, {}, False),
    "Max": (VECTOR, {}, False),
    "ArgMin": (VECTOR, {}, False),
    "ArgMax": (VECTOR, {}, False),
    "Min_ArgMin": (VECTOR, {}, False),
    "Max_ArgMax": (VECTOR, {}, False),
    "KMin": (VECTOR, {"opt_arg": 4}, False),
    "ArgKMin": (VECTOR, {"opt_arg": 4}, False),
    "KMin_ArgKMin": (VECTOR, {"opt_arg": 4}, False),
    "KMin of numbers": (SCALAR, {"opt_arg": 4}, False),
    "ArgKMin of numbers": (SCALAR, {"opt_arg": 4}, False),
}


def data(dtype: str) -> list[Any]:
    rng = np.random.default_rng(1)
    shapes = [(M, D), (N, D), (N, E), (1,)]
    x, y, b, s = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return [x, y, b, np.abs(s)]


@functools.cache
def reduce(package: str, library: str, dtype: str, name: str, axis: int) -> Any:
    formula, options, differentiable = REDUCTIONS[name]
    aliases = list(ALIASES)
    if axis == 0:  # the roles of i and j exchanged, so that weights are summed over
        swap = {"Vi": "Vj", "Vj": "Vi", "Pm": "Pm"}
        aliases = [a.replace(k, swap[k]) for a in aliases for k in swap if k in a]
    used = [a for a in aliases if a[0] in formula + options.get("formula2", "")]
    front = front_end(package, library)
    reduction = front.Genred(formula, used, name.partition(" ")[0], axis, **options)
    pairs = zip(ALIASES, data(dtype), strict=True)
    args = [array(library, v, True) for a, v in pairs if a[0] in [u[0] for u in used]]
    result = reduction(*args, backend="CPU")
    if library == "numpy" or not differentiable:
        return plain(result), []
    import torch

    weights = torch.from_numpy(np.random.default_rng(2).standard_normal(tuple(result.shape)))
    gradients = torch.autograd.grad(result, args, weights.to(result.dtype), create_graph=True)
    return plain(result), plain(gradients)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize(("library", "dtype"), [("torch", "float64"), ("numpy", "float32")])
@pytest.mark.parametrize("name", REDUCTIONS)
def test_genred(name: str, library: str, axis: int, dtype: str) -> None:
    theirs, ours = (reduce(package, library, dtype, name, axis) for package in BOTH)
    assert_same(ours[0], theirs[0], dtype)
    assert_same(ours[1], theirs[1], dtype)


def points(library: str, dtype: str) -> Any:
    rng = np.random.default_rng(4)
    shapes = [(M, D), (N, D), (N, E), (N,), (M,)]
    return [array(library, rng.standard_normal(s).astype(dtype)) for s in shapes]


# A Gaussian kernel K, and v = x - y; b and c are columns, d a row.
METHODS: dict[str, Any] = {
    "sum over j": lambda K, v, b, **_: v.sum(axis=1),
    "sum over i": lambda K, v, b, **_: v.sum(dim=0),
    "sum_reduction": lambda K, v, b, **_: K.sum_reduction(axis=1),
    "logsumexp": lambda K, v, b, **_: K.logsumexp(axis=1),
    "logsumexp_reduction": lambda K, v, b, **_: K.logsumexp_reduction(axis=0),
    "logsumexp with weights": lambda K, v, b, **_: K.logsumexp(axis=1, weight=b.square()),
    "sumsoftmaxweight": lambda K, v, b, **_: K.sumsoftmaxweight(b, axis=1),
    "sumsoftmaxweight_reduction": lambda K, v, b, **_: K.sumsoftmaxweight_reduction(
        weight=b, axis=1
    ),
    "min": lambda K, v, b, **_: v.min(axis=1),
    "min_reduction": lambda K, v, b, **_: v.min_reduction(axis=1),
    "max": lambda K, v, b, **_: v.max(dim=0),
    "max_reduction": lambda K, v, b, **_: v.max_reduction(dim=0),
    "argmin": lambda K, v, b, **_: v.argmin(axis=1),
    "argmin_reduction": lambda K, v, b, **_: v.argmin_reduction(axis=1),
    "argmax": lambda K, v, b, **_: K.argmax(axis=0),
    "argmax_reduction": lambda K, v, b, **_: K.argmax_reduction(axis=0),
    "min_argmin": lambda K, v, b, **_: v.min_argmin(axis=1),
    "min_argmin_reduction": lambda K, v, b, **_: v.min_argmin_reduction(axis=1),
    "max_argmax": lambda K, v, b, **_: v.max_argmax(dim=0),
    "max_argmax_reduction": lambda K, v, b, **_: v.max_argmax_reduction(dim=0),
    "Kmin": lambda K, v, b, **_: K.Kmin(3, axis=1),
    "Kmin_reduction": lambda K, v, b, **_: K.Kmin_reduction(K=3, axis=1),
    "argKmin": lambda K, v, b, **_: v.argKmin(3, dim=1),
    "argKmin_reduction": lambda K, v, b, **_: v.argKmin_reduction(K=3, dim=1),
    "Kmin_argKmin": lambda K, v, b, **_: K.Kmin_argKmin(3, axis=1),
    "Kmin_argKmin_reduction": lambda K, v, b, **_: K.Kmin_argKmin_reduction(K=3, axis=1),
    "matmul": lambda K, v, b, B, **_: K @ B,
    "matmul of a vector": lambda K, v, b, c, **_: K @ c,
    "matvec": lambda K, v, b, c, **_: K.matvec(c),
    "rmatvec": lambda K, v, b, d, **_: K.rmatvec(d),
    "T": lambda K, v, b, d, **_: K.T @ d,
    "t": lambda K, v, b, d, **_: K.t() @ d,
    "reduction": lambda K, v, b, **_: v.reduction("Sum", axis=1),
    "call=False": lambda K, v, b, **_: K.sum(axis=1, call=False)(),
    "dtype_acc": lambda K, v, b, **_: K.sum(axis=1, dtype_acc="float64"),
    "use_double_acc": lambda K, v, b, **_: K.sum(axis=1, use_double_acc=True),
    "sum_scheme": lambda K, v, b, **_: K.sum(axis=1, sum_scheme="kahan_scheme"),
    "enable_chunks": lambda K, v, b, **_: K.sum(axis=1, enable_chunks=False),
    "backend": lambda K, v, b, **_: K.sum(axis=1, backend="CPU"),
}


@functools.cache
def method(package: str, library: str, dtype: str, name: str) -> Any:
    front = front_end(package, library)
    x, y, B, c, d = points(library, dtype)
    v = front.Vi(x) - front.Vj(y)
    K = (-v.sqnorm2()).exp()
    return plain(METHODS[name](K, v, front.Vj(B), B=B, c=c, d=d))


@pytest.mark.parametrize(("library", "dtype"), [("torch", "float32"), ("numpy", "float64")])
@pytest.mark.parametrize("name", METHODS)
def test_methods(name: str, library: str, dtype: str) -> None:
    theirs, ours = (method(package, library, dtype, name) for package in BOTH)
    assert_same(ours, theirs, dtype)
