"""Reductions, batches, ranges and integers on an emulated GPU, against the CPU."""

import emulated_gpu
import pytest

SCRIPT = f"""
import sys
sys.path[:0] = {emulated_gpu.FOLDERS!r}
import test_batches, test_ranges
from test_reductions import ROWS, arguments, reduction_of
from keopsnb.numpy import Genred

def same(reduction, args, **options):
    found = reduction(*args, backend="GPU", **options)
    wanted = reduction(*args, backend="CPU", **options)
    for a, b in zip(*(r if isinstance(r, tuple) else (r,) for r in (found, wanted))):
        assert a.dtype == b.dtype and a.shape == b.shape, (a.dtype, b.dtype, a.shape, b.shape)
        if a.dtype.kind == "f":
            tolerance = {{2: 4e-3, 4: 2e-5, 8: 1e-11}}[a.itemsize]
            np.testing.assert_allclose(a, b, tolerance, tolerance)
        else:
            np.testing.assert_array_equal(a, b)
"""


# Law: a GPU gives what the CPU does. Two reductions at a time, as each is a module to compile.


@pytest.mark.parametrize(
    "names",
    [
        ("Max_ArgMax", "KMin_ArgKMin", "Variance"),
        ("Any", "Count", "Prod", "ArgMin"),
        ("SumSoftMaxWeight", "Mean", "Norm2", "ArgKMax"),
    ],
    ids="+".join,
)
def test_reductions(names: tuple[str, ...]) -> None:
    emulated_gpu.run(
        SCRIPT
        + f"""
for name in {names!r}:
    for axis, dtype in ((1, "float32"), (0, "float64")):
        reduction = reduction_of(ROWS[name], axis)
        for M, N in ((3, 3), (5, 130), (67, 17), (3, 9000)):
            same(reduction, arguments(M, N, dtype))
assert fake.fake_allocations() == 0
"""
    )


def test_batches() -> None:
    emulated_gpu.run(
        SCRIPT
        + """
for name, n in (("Sum", None), ("KMin_ArgKMin", 3)):
    reduction = Genred(test_batches.FORMULA, test_batches.ALIASES, name, 1, opt_arg=n)
    for batches in test_batches.SHAPES[:-1]:
        for M, N in ((5, 7), (3, 9000)):
            same(reduction, test_batches.arguments(batches, M, N, "float32"))
last = test_batches.arguments(test_batches.SHAPES[-1], 5, 7, "float32")
error = caught(ValueError, lambda: reduction(*last, backend="GPU"))
assert "along 5 batch dimensions" in str(error), error
assert fake.fake_allocations() == 0
"""
    )


def test_ranges() -> None:
    emulated_gpu.run(
        SCRIPT
        + """
for name, axis in (("Sum", 1), ("Max_ArgMax", 0)):
    reduction = Genred(test_ranges.FORMULA, test_ranges.ALIASES, name, axis)
    for size in ((7, 9, 2), (200, 333, 6), (1, 5, 1), (5, 2000, 3)):
        args = test_ranges.arguments(*size[:2], "float32")
        for seed in range(2):
            ranges, _ = test_ranges.case(*size, seed)
            same(reduction, args, ranges=ranges)
    x, y, b, p = args
    same(reduction, (np.stack([x, x + 1]), y, b, p), ranges=ranges)
    nothing = tuple(np.zeros((0, 2) if k % 3 != 1 else 0, int) for k in range(6))
    same(reduction, args, ranges=nothing)
assert fake.fake_allocations() <= 16  # the ranges of calls, which are kept
"""
    )


def test_integers() -> None:
    emulated_gpu.run(
        SCRIPT
        + """
i = np.array([[16_777_216], [16_777_217], [-7]])
j = np.array([[16_777_217], [16_777_216], [16_777_218], [-8]])
for dtype in ("float32", "float64", "float16"):
    b = np.array([[1], [2], [4], [8]], dtype)
    for formula in ("(i == j) * b", "(i < j) * b", "b * (i - j)"):
        same(Genred(formula, ["i = Vi(1)", "j = Vj(1)", "b = Vj(1)"], axis=1), (i, j, b))
"""
    )


# Law: so it is for long results of vectors that a number made of all their components multiplies.


def test_long_vectors() -> None:
    emulated_gpu.run(
        SCRIPT
        + """
x, y = (rng.uniform(0.2, 1, (n, 70)).astype("float32") for n in (67, 5))
for formula in ("Normalize(x)", "Concat(Normalize(x), Normalize(y))", "Concat(x * Sum(x), y * p)"):
    same(Genred(formula, ["x = Vi(70)", "y = Vj(70)", "p = Pm(70)"], axis=1), (x, y, x[0]))
"""
    )
