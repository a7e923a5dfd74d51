"""Batch dimensions: every combination of shapes that broadcasts, and what gradients make of it."""

import numpy as np
import pytest

from keopsnb import _core
from keopsnb.numpy import Genred

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(2)"]
FORMULA = "Sum(Square(x - y) * p) * b"
# Batch dimensions of x, y, b and p.
SHAPES = [
    ((2,), (), (), ()),
    ((3, 1), (1, 4), (4,), (3, 4)),
    ((1,), (5,), (1,), ()),
    ((2, 3), (2, 3), (2, 3), (2, 3)),
    ((2, 1, 3), (1, 2, 1), (), (3,)),
    ((), (), (), (2,)),
    ((1, 1), (), (), ()),
    ((0,), (), (), ()),
    ((2, 1, 2, 1, 2), (1, 2, 1, 2, 1), (), ()),
]
Arrays = tuple[np.ndarray, ...]


def arguments(batches: tuple[tuple[int, ...], ...], M: int, N: int, dtype: str) -> Arrays:
    random = np.random.default_rng(M + N)
    own = [(M, 2), (N, 2), (N, 1), (2,)]
    shapes = (batch + shape for batch, shape in zip(batches, own, strict=True))
    return tuple(random.uniform(0.2, 1.2, shape).astype(dtype) for shape in shapes)


def terms(x: np.ndarray, y: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
    """(batches..., M, N, 1), in float64."""
    x, y, b, p = (v.astype("float64") for v in (x, y, b, p))
    square = (x[..., :, None, :] - y[..., None, :, :]) ** 2 * p[..., None, None, :]
    found: np.ndarray = square.sum(-1, keepdims=True) * b[..., None, :, :]
    return found


# Law: a batched reduction is that of each of its batches.


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("batches", SHAPES, ids=str)
def test_value(batches: tuple[tuple[int, ...], ...], dtype: str) -> None:
    error = {"float32": 1e-5, "float64": 1e-12, "float16": 4e-3}[dtype]
    for M, N in ((5, 7), (1, 1), (130, 4), (3, 2000), (0, 3), (3, 0)):
        args = arguments(batches, M, N, dtype)
        for axis in (1, 0):
            found = Genred(FORMULA, ALIASES, axis=axis)(*args)
            expected = terms(*args).sum(-2 if axis == 1 else -3)
            assert found.dtype == dtype
            np.testing.assert_allclose(found.astype("float64"), expected, rtol=error, atol=error)


@pytest.mark.parametrize("batches", SHAPES[:3], ids=str)
def test_indices_ranks_and_out(batches: tuple[tuple[int, ...], ...]) -> None:
    args = arguments(batches, 6, 9, "float64")
    f = terms(*args)
    values, indices = Genred(FORMULA, ALIASES, "KMin_ArgKMin", 1, opt_arg=3)(*args)
    order = np.argsort(f[..., 0], -1)[..., :3]
    np.testing.assert_array_equal(indices, order)
    np.testing.assert_allclose(values, np.take_along_axis(f[..., 0], order, -1), rtol=1e-12)
    out = np.full((*f.shape[:-3], 6, 1), np.nan)
    assert Genred(FORMULA, ALIASES, "Max", 1)(*args, out=out) is out
    np.testing.assert_allclose(out, f.max(-2), rtol=1e-12)


def test_compositions() -> None:
    args = arguments(SHAPES[1], 4, 5, "float64")
    f = terms(*args)
    found = Genred(FORMULA, ALIASES, "Max_SumShiftExp", 1)(*args)
    m = f.max(-2)
    expected = np.concatenate([m, np.exp(f - m[..., None, :]).sum(-2)], -1)
    np.testing.assert_allclose(found, expected, rtol=1e-12)


# Law: the shapes and dtypes of results are told of those of the arguments, without a call; what
# does not fit is told as a call tells it.


@pytest.mark.parametrize(
    "row", [row for row in _core.reductions() if row.call], ids=lambda r: r.name
)
@pytest.mark.parametrize("axis", [0, 1])
def test_results_are_told(row: _core.ReductionRow, axis: int) -> None:
    option = 2 if row.ranked else None
    weight = "b" if row.weight.name == "required" else None
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
    for formula in ("SqDist(x, y) * b", "x * y * b"):
        routine = _core.Reduction(formula, aliases, row.name, axis, weight, option)
        for batches in (((), (), ()), ((2,), (), ()), ((4, 1), (5,), (1, 1))):
            args = tuple(
                np.ones((*batch, n, d), "float16")
                for batch, n, d in zip(batches, (6, 7, 7), (3, 3, 1), strict=True)
            )
            found = routine(_core.NUMPY, args)
            told = routine.result_shapes([a.shape for a in args], ["float16"] * 3)
            results = found if isinstance(found, tuple) else (found,)
            assert told == [(r.shape, str(r.dtype)) for r in results]


WRONG_SHAPES: list[tuple[list[tuple[int, ...]], list[str]]] = [
    ([(6, 2), (7, 3)], ["float32", "float32"]),
    ([(6, 3), (3,)], ["float32", "float32"]),
    ([(2, 6, 3), (3, 7, 3)], ["float32", "float32"]),
    ([(6, 3), (7, 3)], ["float32", "float64"]),
    ([(6, 3)], ["float32"]),
]


@pytest.mark.parametrize(("shapes", "dtypes"), WRONG_SHAPES)
def test_what_does_not_fit_is_told(shapes: list[tuple[int, ...]], dtypes: list[str]) -> None:
    routine = _core.Reduction("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "Sum", 1)
    args = tuple(np.ones(s, d) for s, d in zip(shapes, dtypes, strict=True))
    with pytest.raises((TypeError, ValueError)) as called:
        routine(_core.NUMPY, args)
    with pytest.raises(called.type) as told:
        routine.result_shapes(shapes, dtypes)
    assert str(told.value) == str(called.value)
