"""Block-sparse reductions: the pairs that `ranges` names, and no others."""

from typing import Any

import numpy as np
import pytest

from keopsnb.numpy import Genred

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(1)"]
FORMULA = "Exp(-SqDist(x, y) * p) * b"


def halves(
    keep: np.ndarray, i: list[tuple[int, int]], j: list[tuple[int, int]]
) -> tuple[np.ndarray, ...]:
    """`ranges` for the pairs of clusters where `keep` holds."""
    found = []
    for mask, rows, columns in ((keep, i, j), (keep.T, j, i)):
        intervals = [columns[c] for line in mask for c in np.flatnonzero(line)]
        found += [
            np.array(rows).reshape(-1, 2),
            mask.sum(1).cumsum(),
            np.array(intervals, int).reshape(-1, 2),
        ]
    return tuple(found)


def case(M: int, N: int, cuts: int, seed: int) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Random clusters, some empty and some rows in none; and the pairs as a mask (M, N)."""
    random = np.random.default_rng(seed)

    def clusters(size: int) -> list[tuple[int, int]]:
        ends = np.sort(random.integers(0, size + 1, 2 * cuts))
        return [(int(a), int(b)) for a, b in ends.reshape(-1, 2)]

    i, j = clusters(M), clusters(N)
    keep = random.random((cuts, cuts)) < 0.6
    pairs = np.zeros((M, N), bool)
    for a in range(cuts):
        for b in range(cuts):
            if keep[a, b]:
                pairs[slice(*i[a]), slice(*j[b])] = True
    return halves(keep, i, j), pairs


def arguments(M: int, N: int, dtype: str) -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(M)
    return tuple(random.uniform(0, 1, s).astype(dtype) for s in ((M, 2), (N, 2), (N, 1), (1,)))


def terms(x: np.ndarray, y: np.ndarray, b: np.ndarray, p: np.ndarray) -> np.ndarray:
    x, y, b, p = (v.astype("float64") for v in (x, y, b, p))
    found: np.ndarray = np.exp(-((x[:, None] - y[None]) ** 2).sum(-1) * p) * b[:, 0]
    return found


SIZES = [(7, 9, 2), (200, 333, 6), (1, 5, 1), (3000, 70, 40), (5, 20_000, 3)]

# Law: a reduction over the pairs of `ranges` is the dense one with all others left out.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("axis", [1, 0])
@pytest.mark.parametrize("size", SIZES, ids=str)
def test_value(size: tuple[int, int, int], axis: int, dtype: str) -> None:
    M, N, _ = size
    args = arguments(M, N, dtype)
    f = terms(*args)
    for seed in range(3):
        ranges, pairs = case(*size, seed)
        out = np.full(((M, N)[1 - axis], 1), np.nan, dtype)
        found = Genred(FORMULA, ALIASES, axis=axis)(*args, ranges=ranges, out=out)
        expected = np.where(pairs, f, 0).sum(axis)[:, None]
        error = 1e-5 if dtype == "float32" else 1e-12
        np.testing.assert_allclose(found, expected, rtol=error, atol=error)
        worst = Genred(FORMULA, ALIASES, "Max", axis)(*args, ranges=ranges)
        np.testing.assert_allclose(
            worst, np.where(pairs, f, -np.inf).max(axis, initial=-np.inf)[:, None], rtol=error
        )


def test_indices_are_absolute() -> None:
    args = arguments(40, 60, "float64")
    ranges, pairs = case(40, 60, 4, 0)
    f = np.where(pairs, terms(*args), np.inf)
    some = pairs.any(1)
    found = Genred(FORMULA, ALIASES, "ArgMin", 1)(*args, ranges=ranges)
    np.testing.assert_array_equal(found[some, 0], f.argmin(1)[some])
    values, indices = Genred(FORMULA, ALIASES, "KMin_ArgKMin", 1, opt_arg=5)(*args, ranges=ranges)
    order = np.argsort(f, 1, kind="stable")[:, :5]
    np.testing.assert_allclose(values, np.take_along_axis(f, order, 1))
    there = np.isfinite(values)
    np.testing.assert_array_equal(indices[there], order[there])


def test_compositions_count_what_is_there() -> None:
    args = arguments(40, 60, "float64")
    ranges, pairs = case(40, 60, 4, 1)
    f = np.ma.masked_where(~pairs, terms(*args))
    some = pairs.any(1)
    for name, expected in (("Mean", f.mean(1)), ("Variance", f.var(1))):
        found = Genred(FORMULA, ALIASES, name, 1)(*args, ranges=ranges)
        np.testing.assert_allclose(found[some, 0], expected[some])
        assert np.isnan(found[~some]).all()


# Law: they may be used together with batch dimensions: the same pairs in each.


def test_batches() -> None:
    x, y, b, p = arguments(30, 50, "float64")
    ranges, pairs = case(30, 50, 4, 2)
    xs = np.stack([x, x + 1, x * 2])
    found = Genred(FORMULA, ALIASES, axis=1)(xs, y, b, p, ranges=ranges)
    for one, row in zip(xs, found, strict=True):
        expected = np.where(pairs, terms(one, y, b, p), 0).sum(1)
        np.testing.assert_allclose(row[:, 0], expected, rtol=1e-12, atol=1e-12)


# Law: what is wrong is named, shown, and put right.

GOOD = halves(np.ones((2, 2), bool), [(0, 3), (3, 5)], [(0, 2), (2, 4)])


def changed(place: int, value: Any) -> tuple[Any, ...]:
    return tuple(np.array(value) if k == place else a for k, a in enumerate(GOOD))


@pytest.mark.parametrize(
    ("ranges", "error", "message"),
    [
        (3, TypeError, "ranges is int; write a tuple of ranges_i, slices_i, redranges_j"),
        (GOOD[:3], TypeError, "write a tuple of ranges_i"),
        (changed(0, [[0.5, 3], [3, 5]]), TypeError, "ranges_i is float64; write integers."),
        (changed(0, [0, 3]), ValueError, r"ranges_i has shape \(2,\), and should have shape"),
        (changed(1, [2]), ValueError, "slices_i has 1 entries, and ranges_i has 2 rows"),
        (
            changed(0, [[0, 3], [3, 6]]),
            ValueError,
            r"ranges_i\[1\] is \[3, 6\]; .* between 0 and 5",
        ),
        (changed(0, [[0, 3], [-1, 5]]), ValueError, r"ranges_i\[1\] is \[-1, 5\]"),
        (changed(0, [[0, 4], [3, 5]]), ValueError, "which overlap; give each row to one cluster"),
        (changed(2, [[0, 2], [2, 4], [0, 2], [2, 9]]), ValueError, r"redranges_j\[3\] is \[2, 9\]"),
        (changed(2, [[0, 2], [4, 2], [0, 2], [2, 4]]), ValueError, r"redranges_j\[1\] is \[4, 2\]"),
        (changed(1, [2, 5]), ValueError, "slices_i is .*there are 4"),
        (changed(1, [2, 1]), ValueError, "they do not decrease"),
    ],
    ids=str,
)
def test_errors(ranges: Any, error: type, message: str) -> None:
    args = arguments(5, 4, "float64")
    reduction = Genred(FORMULA, ALIASES, axis=1)
    with pytest.raises(error, match=message):
        reduction(*args, ranges=ranges)
    np.testing.assert_allclose(reduction(*args, ranges=GOOD)[:, 0], terms(*args).sum(1))


# Law: of equal terms the first one counts, in whatever order its interval is given.


@pytest.mark.parametrize(("name", "K"), [("ArgMin", None), ("ArgKMin", 3), ("ArgKMax", 40)])
def test_ties(name: str, K: int | None) -> None:
    x, y = np.zeros((3, 2), "float32"), np.zeros((99, 2), "float32")
    over_j = [[[0, 1], [1, 3]], [2, 4], [[50, 99], [1, 45], [70, 80], [7, 9]]]
    ranges = (*map(np.array, over_j), *map(np.array, ([[0, 99]], [1], [[0, 3]])))
    genred = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], name, 1, opt_arg=K)
    found = genred(x, y, ranges=ranges).reshape(3, -1)
    np.testing.assert_array_equal(found[0], np.r_[1:45, 50:99][: found.shape[1]])
    second = np.r_[7:9, 70:80, np.zeros(28, int)][: found.shape[1]]
    np.testing.assert_array_equal(found[1:], [second, second])
