"""Law: aliases, options, batches, ranges, solvers and helpers mean what they mean in pykeops."""

import functools
import importlib
from typing import Any

import numpy as np
import pytest
from sides import BOTH, DTYPES, array, assert_same, front_end, plain

M, N, D = 12, 20, 2
GAUSSIAN = "Exp(-SqDist(x, y)) * b"
XYB = ("x = Vi(2)", "y = Vj(2)", "b = Vj(1)")


def xyb(library: str, dtype: str, batch: tuple[int, ...] = (), grad: bool = False) -> list[Any]:
    rng = np.random.default_rng(6)
    shapes = [(*batch, M, D), (*batch, N, D), (*batch, N, 1)]
    return [array(library, rng.standard_normal(s).astype(dtype), grad) for s in shapes]


def gaussian(
    front: Any, args: list[Any], *aliases: str, formula: str = GAUSSIAN, **options: Any
) -> Any:
    call = {k: options.pop(k) for k in ("backend", "device_id", "ranges", "out") if k in options}
    return front.Genred(formula, list(aliases or XYB), axis=1, **options)(*args, **call)


def cluster_of(front: Any) -> Any:
    return importlib.import_module(f"{front.__name__}.cluster")


def ranges(front: Any, library: str) -> Any:
    keep = np.arange(12).reshape(3, 4) % 3 != 1
    i = np.array([[0, 5], [5, 6], [6, 12]], np.int32)
    j = np.array([[0, 4], [4, 9], [9, 15], [15, 20]], np.int32)
    return cluster_of(front).from_matrix(*(array(library, a) for a in (i, j, keep)))


def solved(front: Any, library: str, dtype: str, axis: int) -> Any:
    x, _, _ = xyb(library, dtype)
    b = array(library, np.random.default_rng(7).standard_normal((M, 2)).astype(dtype))
    swap = (
        ("x = Vi(2)", "y = Vj(2)", "b = Vj(2)") if axis else ("x = Vj(2)", "y = Vi(2)", "b = Vi(2)")
    )
    solve = front.KernelSolve(GAUSSIAN, list(swap), "b", axis=axis)
    return solve(x, x, b, alpha=0.5, eps=1e-9 if dtype == "float64" else 1e-5)


def lazy_batch(front: Any, library: str, dtype: str) -> Any:
    x, y, b = xyb(library, dtype, (2, 3))
    v = front.LazyTensor(x[:, :, :, None, :]) - front.LazyTensor(y[:, :, None, :, :])
    return (-(v**2).sum(-1)).exp() @ b


def lazy_ranges(front: Any, library: str, dtype: str) -> Any:
    x, y, b = xyb(library, dtype)
    K = (-front.Vi(x).sqdist(front.Vj(y))).exp()
    K.ranges = ranges(front, library)
    return K @ b, K.T @ x


def symbolic(front: Any, library: str, dtype: str) -> Any:
    x, y, b = xyb(library, dtype)
    K = (-front.Vi(0, 2).sqdist(front.Vj(1, 2))).exp() * front.Vj(2, 1)
    return K.sum(axis=1)(x, y, b)


def trace(front: Any, library: str, dtype: str) -> Any:
    x, y, _ = xyb(library, dtype)
    v = front.LazyTensor((0, 2, 0))  # which needs no value, as the trace does not depend on it
    return ((v | front.Vj(y)) * front.Vi(x)).trace_operator(v).sum(axis=1)


def clusters(front: Any, library: str, dtype: str) -> Any:
    tools = cluster_of(front)
    x, _, _ = xyb(library, dtype)
    labels = array(library, np.repeat([0, 1, 2], [3, 4, 5])[::-1].copy())
    weights = array(library, np.arange(1.0, M + 1).astype(dtype))
    # Within a cluster pykeops orders points in any way.
    (sorted_x, weights), sorted_labels = tools.sort_clusters((x, weights), labels)
    return (
        sorted_labels,
        tools.cluster_ranges(sorted_labels),
        tools.cluster_centroids(sorted_x, sorted_labels),
        *tools.cluster_ranges_centroids(sorted_x, sorted_labels, weights=weights),
    )


def helper(name: str) -> Any:
    def call(front: Any, library: str, dtype: str) -> Any:
        x, y, _ = xyb(library, dtype)
        output = {"generic_sum": "a = Vi(1)", "generic_argkmin": "a = Vi(3)"}.get(name, "a = Vi(1)")
        return getattr(front, name)("SqDist(x, y)", output, "x = Vi(2)", "y = Vj(2)")(x, y)

    return call


def with_options(**options: Any) -> Any:
    return lambda front, library, dtype: gaussian(front, xyb(library, dtype), **options)


def with_aliases(*aliases: str, formula: str = GAUSSIAN) -> Any:
    return lambda front, library, dtype: gaussian(
        front, xyb(library, dtype), *aliases, formula=formula
    )


def into(front: Any, library: str, dtype: str) -> Any:
    out = array(library, np.full((M, 1), 7, dtype))
    gaussian(front, xyb(library, dtype), out=out)
    return out


def batched(*shapes: tuple[int, ...]) -> Any:
    def call(front: Any, library: str, dtype: str) -> Any:
        args = [xyb(library, dtype, s)[k] for k, s in enumerate(shapes)]
        return gaussian(front, args)

    return call


PROGRAMS: dict[str, Any] = {
    "plain": with_options(),
    "dtype_acc": with_options(dtype_acc="float64"),
    "use_double_acc": with_options(use_double_acc=True),
    "direct_sum": with_options(sum_scheme="direct_sum"),
    "block_sum": with_options(sum_scheme="block_sum"),
    "kahan_scheme": with_options(sum_scheme="kahan_scheme"),
    "enable_chunks": with_options(enable_chunks=False),
    "rec_multVar_highdim": with_options(rec_multVar_highdim=True),
    "use_fast_math": with_options(use_fast_math=False),
    "backend": with_options(backend="CPU"),
    "device_id": with_options(device_id=-1),
    "positions in aliases": with_aliases("x = Vi(0, 2)", "y = Vj(1, 2)", "b = Vj(2, 1)"),
    "blanks in aliases": with_aliases("x=Vi( 2 )", " y  =Vj(2)", "b=Vj(1) "),
    "Var in the formula": with_aliases(
        "x = Vi(2)", formula="Exp(-SqDist(x, Var(1,2,1))) * Var(2,1,1)"
    ),
    "Var in aliases": with_aliases(
        "Vi(2)", "Vj(2)", "Var(2,1,1)", formula="Exp(-SqDist(Var(0,2,0), Var(1,2,1))) * Var(2,1,1)"
    ),
    "out": into,
    "batch": batched((2,), (2,), (2,)),
    "batches that broadcast": batched((2, 1), (1, 3), (1, 1)),
    "ranges": lambda front, library, dtype: gaussian(
        front, xyb(library, dtype), ranges=ranges(front, library)
    ),
    "LazyTensor, batch": lazy_batch,
    "LazyTensor, ranges": lazy_ranges,
    "LazyTensor, symbolic": symbolic,
    "LazyTensor, trace_operator": trace,
    "clusters": clusters,
    "from_matrix": lambda front, library, dtype: ranges(front, library),
    "swap_axes": lambda front, library, dtype: cluster_of(front).swap_axes(ranges(front, library)),
    "generic_sum": helper("generic_sum"),
    "generic_logsumexp": helper("generic_logsumexp"),
    "generic_argmin": helper("generic_argmin"),
    "generic_argkmin": helper("generic_argkmin"),
}


def value(package: str, library: str, dtype: str, name: str) -> Any:
    return plain(PROGRAMS[name](front_end(package, library), library, dtype))


@pytest.mark.parametrize(("library", "dtype"), [("torch", "float64"), ("numpy", "float32")])
@pytest.mark.parametrize("name", PROGRAMS)
def test_value(name: str, library: str, dtype: str) -> None:
    theirs, ours = (value(package, library, dtype, name) for package in BOTH)
    if name in ("from_matrix", "swap_axes", "clusters"):
        # Integers of any width are taken where integers are.
        theirs = [t.astype(o.dtype) for t, o in zip(theirs, ours, strict=True)]
    assert_same(ours, theirs, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_kernel_solve(library: str, axis: int, dtype: str) -> None:
    # pykeops stops at an absolute residual, we at a relative one.
    theirs, ours = (plain(solved(front_end(p, library), library, dtype, axis)) for p in BOTH)
    assert_same(ours, theirs, dtype, 1e-3 if dtype == "float32" else 1e-7)


BATCHES = {
    "none": ((), (), ()),
    "one": ((2,), (2,), (2,)),
    "broadcast": ((2, 1), (1, 3), (1, 1)),
}


@functools.cache
def gradients(package: str, name: str, dtype: str) -> Any:
    import torch

    front = front_end(package, "torch")
    args = [xyb("torch", dtype, s, grad=True)[k] for k, s in enumerate(BATCHES[name])]
    result = gaussian(front, args)
    weights = torch.arange(result.numel()).reshape(result.shape).to(result.dtype).cos()
    first = torch.autograd.grad(result, args, weights, create_graph=True)
    second = torch.autograd.grad(sum((g * g.detach().sin()).sum() for g in first), args)
    return plain(first), plain(second)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", BATCHES)
@pytest.mark.parametrize("order", [1, 2])
def test_gradients(order: int, name: str, dtype: str) -> None:
    theirs, ours = (gradients(package, name, dtype)[order - 1] for package in BOTH)
    assert_same(ours, theirs, dtype)


SQUARE = np.random.default_rng(3).random((6, 3))
FUNCTIONS: dict[str, Any] = {
    f"np_kernel {k}": lambda u, k=k: u.np_kernel(SQUARE, SQUARE[1:] + 1, 0.7, k)
    for k in ("gaussian", "laplacian", "cauchy", "inverse_multiquadric")
}
FUNCTIONS |= {
    f"{f} {k}": lambda u, k=k, f=f: getattr(u, f)(SQUARE, SQUARE[1:] + 1, 0.7, k)
    for k in ("gaussian", "laplacian", "cauchy", "inverse_multiquadric")
    for f in ("log_np_kernel", "grad_np_kernel")
}
FUNCTIONS |= {
    f"np_kernel_sphere {k}": lambda u, k=k: u.np_kernel_sphere(SQUARE, SQUARE, 0.7, k)
    for k in ("binet", "linear", "gaussian_unoriented", "gaussian_oriented")
}
FUNCTIONS |= {
    "squared_distances": lambda u: u.squared_distances(SQUARE, SQUARE[1:]),
    "differences": lambda u: u.differences(SQUARE, SQUARE[1:]),
    "log_sum_exp": lambda u: u.log_sum_exp(SQUARE, axis=1),
    "chain_rules": lambda u: u.chain_rules(
        SQUARE, SQUARE, SQUARE[1:], SQUARE @ SQUARE[1:].T, SQUARE[1:]
    ).astype("float32"),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_numpy_utils(name: str) -> None:
    theirs, ours = (FUNCTIONS[name](front_end(p, "numpy.utils")) for p in BOTH)
    assert_same(ours, theirs, "float32")


@pytest.mark.parametrize("kernel", ["gaussian", "laplacian", "cauchy", "inverse_multiquadric"])
def test_torch_utils(kernel: str) -> None:
    points = array("torch", SQUARE)
    theirs, ours = (
        plain(front_end(p, "torch.utils").torch_kernel(points, points[1:] + 1, 0.7, kernel))
        for p in BOTH
    )
    assert_same(ours, theirs, "float32")


@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_tools_have_the_same_names(library: str) -> None:
    names = [
        {
            n
            for n in dir(getattr(front_end(p, f"{library}.utils"), f"{library}tools"))
            if n[0] != "_"
        }
        for p in BOTH
    ]
    assert names[0] <= names[1]
