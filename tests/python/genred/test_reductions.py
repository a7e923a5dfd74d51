"""Every reduction against its NumPy reference, for all types, axes and awkward sizes."""

from typing import Any

import numpy as np
import pytest
import scipy.special

from keopsnb import _core
from keopsnb.numpy import Genred

ROWS = {row.name: row for row in _core.reductions()}
DTYPES = {"float32": 2e-5, "float64": 2e-13, "float16": 4e-3}
RANKS = 3
WEIGHT = "b"
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)", "p = Pm(1)"]


def of_scalar(name: str) -> bool:
    """Whether it is tested of a formula of dimension 1, with vectors as weights."""
    return "Exp" in name or "SoftMax" in name


def formula_of(row: _core.ReductionRow) -> str:
    """A formula whose values suit the reduction."""
    if row.name in ("Any", "All", "Count"):
        return "Concat(SqDist(x, y) < p, Elem(x, 0) < Elem(y, 1))"
    distance = "SqDist(x, y) * p"
    if row.name == "Prod":  # that stays within float16
        return f"Concat({distance}, x | y) / 64 + 0.98"
    if of_scalar(row.name):
        return distance
    return f"Concat({distance}, Elem(x, 1) - Elem(y, 0), x | y)"


def reduction_of(row: _core.ReductionRow, axis: int) -> Genred:
    return Genred(
        formula_of(row),
        ALIASES,
        row.name,
        axis,
        opt_arg=RANKS if row.ranked else None,
        formula2=WEIGHT if row.weight.name == "required" else None,
    )


def expected_of(
    row: _core.ReductionRow, axis: int, x: np.ndarray, y: np.ndarray, b: np.ndarray, p: np.ndarray
) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """The results, and the terms, over whichever index."""
    f = terms(row, x, y, p)
    g = b[None].astype("float64") if row.weight.name == "required" else np.ones((1, 1, 1))
    g = np.broadcast_to(g, (*f.shape[:2], g.shape[2]))
    if axis == 0:
        f, g = f.swapaxes(0, 1), g.swapaxes(0, 1)
    return reference(row, f, g), f


def terms(row: _core.ReductionRow, x: np.ndarray, y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """The terms (M, N, D) in float64."""
    x, y = x[:, None].astype("float64"), y[None].astype("float64")
    distance = ((x - y) ** 2).sum(-1)
    if row.name in ("Any", "All", "Count"):
        return np.stack([distance < p[0], x[..., 0] < y[..., 1]], -1).astype("float64")
    distance = distance * p[0]
    if row.name == "Prod":
        return np.stack([distance, (x * y).sum(-1)], -1) / 64 + 0.98
    if of_scalar(row.name):
        return distance[..., None]
    return np.stack([distance, x[..., 1] - y[..., 0], (x * y).sum(-1)], -1)


def reference(row: _core.ReductionRow, f: np.ndarray, g: np.ndarray) -> tuple[np.ndarray, ...]:
    n = RANKS if row.ranked else row.fallback
    expected = eval(row.reference, {"f": f, "g": g, "n": n, "numpy": np, "scipy": scipy})
    results = expected if isinstance(expected, tuple) else (expected,)
    # (outputs, K) where there is one component.
    alone = row.ranked and f.shape[-1] == 1
    return tuple(e[..., 0] for e in results) if alone else results


def arguments(M: int, N: int, dtype: str, seed: int = 0) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(seed)
    shapes = [(M, 2), (N, 2), (N, 2), (1,)]
    return tuple(random.uniform(0.2, 1.4, shape).astype(dtype) for shape in shapes)


def as_tuple(result: Any) -> tuple[np.ndarray, ...]:
    return result if isinstance(result, tuple) else (result,)


def compare(
    row: _core.ReductionRow,
    found: tuple[np.ndarray, ...],
    expected: tuple[np.ndarray, ...],
    f: np.ndarray,
    error: float,
) -> None:
    assert len(found) == len(expected)
    picks = row.gives.name in ("indices", "both")
    for a, b in zip(found, expected, strict=True):
        assert a.shape == b.shape
        if picks and a.dtype == np.int64 and not (a == b).all():
            # Terms that are equal but for rounding may change places.
            at = lambda i: np.take_along_axis(f, i.reshape(len(f), -1, f.shape[-1]), 1)  # noqa: E731
            np.testing.assert_allclose(at(a), at(b), rtol=error, atol=error)
        elif a.dtype.kind == "f":
            np.testing.assert_allclose(a.astype("float64"), b, rtol=error, atol=error)
        else:
            np.testing.assert_array_equal(a, b)


# Law: a reduction is its reference, over either index and of terms of either kind.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [1, 0])
@pytest.mark.parametrize("name", ROWS)
def test_value(name: str, axis: int, dtype: str) -> None:
    row = ROWS[name]
    reduction = reduction_of(row, axis)
    least = RANKS if row.ranked else 1
    for M, N in ((least, least), (5, 130), (67, 17), (131, 3)):
        args = arguments(M, N, dtype)
        expected, f = expected_of(row, axis, *args)
        compare(row, as_tuple(reduction(*args)), expected, f, DTYPES[dtype])


# Law: so it is when the terms are split among threads and the parts merged.


@pytest.mark.parametrize("name", [n for n in ROWS if n != "Prod"])
def test_split(name: str) -> None:
    args = arguments(3, 60_000, "float64")
    row = ROWS[name]
    expected, f = expected_of(row, 1, *args)
    compare(row, as_tuple(reduction_of(row, 1)(*args)), expected, f, 1e-10)


# Law: outputs given are written to, and are what is returned.


@pytest.mark.parametrize("name", ["Max", "ArgKMin", "Count", "KMax", "Max_SumShiftExp"])
def test_out(name: str) -> None:
    reduction = reduction_of(ROWS[name], 1)
    args = arguments(5, 9, "float32")
    expected = reduction(*args)
    out = np.full_like(expected, 77)
    assert reduction(*args, out=out) is out
    np.testing.assert_array_equal(out, expected)


OUTS = {
    "Min_ArgMin": "this reduction returns two arrays; leave it out",
    "Any": "an array of bool, made of another; leave it out",
}


@pytest.mark.parametrize("name", OUTS)
def test_out_where_there_is_none(name: str) -> None:
    reduction = Genred("SqDist(x, y)", ALIASES, name, 1)
    with pytest.raises(ValueError, match=OUTS[name]):
        reduction(*arguments(5, 9, "float32"), out=np.zeros((5, 1), "float32"))
