"""Reductions where terms are few, equal, infinite or no numbers, and many at a time."""

from typing import Any

import numpy as np
import pytest

from keopsnb import _core
from keopsnb.numpy import Genred

INF, NAN = np.inf, np.nan


def of_row(name: str, terms: list[float], dtype: str = "float64", n: int | None = None) -> Any:
    """The reduction of these terms."""
    y = np.array(terms, dtype).reshape(-1, 1)
    result = Genred("y", ["x = Vi(1)", "y = Vj(1)"], name, 1, opt_arg=n)(np.zeros((1, 1), dtype), y)
    return tuple(r[0] for r in result) if isinstance(result, tuple) else result[0].tolist()


# Law: of equal terms the first is picked, and NaN never is.

PICKS: list[tuple[list[float], int, int]] = [
    ([2, 1, 1, 2], 0, 1),
    ([1, 1], 0, 0),
    ([NAN, 3, 2, NAN], 1, 2),
    ([-INF, INF, -INF], 1, 0),
    ([0.0, -0.0], 0, 0),
    ([NAN, NAN], 0, 0),
]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize(("terms", "greatest", "least"), PICKS, ids=str)
def test_picks(terms: list[float], greatest: int, least: int, dtype: str) -> None:
    assert of_row("ArgMax", terms, dtype) == [greatest]
    assert of_row("ArgMin", terms, dtype) == [least]
    value, index = of_row("Max_ArgMax", terms, dtype)
    assert index == [greatest]
    assert value == max((t for t in terms if t == t), default=-INF)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("K", [1, 2, 31, 32, 33, 70])
def test_ties(K: int, dtype: str) -> None:
    terms = np.random.default_rng(0).integers(0, 9, 300).astype(dtype)
    stable = np.argsort(terms, kind="stable")[:K]
    np.testing.assert_array_equal(of_row("ArgKMin", list(terms), dtype, K), stable)
    values, indices = of_row("KMax_ArgKMax", list(terms), dtype, K)
    stable = np.argsort(-terms, kind="stable")[:K]
    np.testing.assert_array_equal(indices, stable)
    np.testing.assert_array_equal(values, terms[stable])


def test_nan_is_not_ranked() -> None:
    values, indices = of_row("KMin_ArgKMin", [NAN, 4, NAN, 3], n=3)
    np.testing.assert_array_equal(values, [3, 4, INF])
    np.testing.assert_array_equal(indices, [3, 1, 0])


# Law: K may be as great as 1024, and as the number of terms.


@pytest.mark.parametrize("name", ["KMin_ArgKMin", "KMax_ArgKMax"])
def test_many_ranks(name: str) -> None:
    random = np.random.default_rng(1)
    x, y = random.normal(size=(19, 2)), random.normal(size=(1024, 2))
    reduction = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], name, 1, opt_arg=1024)
    values, indices = reduction(x, y)
    distances = ((x[:, None] - y[None]) ** 2).sum(-1)
    sign = 1 if name == "KMin_ArgKMin" else -1
    np.testing.assert_array_equal(np.sort(indices, 1), np.broadcast_to(np.arange(1024), (19, 1024)))
    np.testing.assert_allclose(values, sign * np.sort(sign * distances, 1), rtol=1e-12)
    np.testing.assert_allclose(np.take_along_axis(distances, indices, 1), values, rtol=1e-12)


# Law: where there is no term, a reduction is its neutral element, or an error if it has none.

EMPTY = {
    "Sum": 0.0,
    "Prod": 1.0,
    "Max": -INF,
    "Min": INF,
    "Any": False,
    "All": True,
    "Count": 0,
    "SumSq": 0.0,
    "Norm2": 0.0,
    "LogSumExp": -INF,
    "Mean": NAN,
    "Variance": NAN,
}


@pytest.mark.parametrize("name", EMPTY)
def test_no_term(name: str) -> None:
    np.testing.assert_array_equal(of_row(name, []), [EMPTY[name]])


@pytest.mark.parametrize("name", ["ArgMax", "Min_ArgMin"])
def test_index_of_no_term(name: str) -> None:
    with pytest.raises(ValueError, match="finds an index j, and there is none"):
        of_row(name, [])


def test_more_ranks_than_terms() -> None:
    with pytest.raises(ValueError, match="opt_arg is 5, and .*of which there are 3"):
        of_row("KMin", [1, 2, 3], n=5)


# Law: a large mean costs the variance no accuracy, nor does an outlier or the number of terms.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_variance_is_stable(dtype: str) -> None:
    eps = float(np.finfo(dtype).eps)
    cases = [np.array([1e6, *np.arange(200.0)]), np.array([*np.arange(200.0), -1e6])]
    for offset, scale in ((0.0, 1.0), (1000.0, 1.0), (1e-3, 1e-5), (1e7, 1.0), (-1e10, 1e4)):
        for size in (2, 100, 100_001):
            cases.append(offset + scale * np.random.default_rng(2).normal(size=size))
            cases.append(np.array([0.0, *cases[-1]]))
            cases.append(np.sort(cases[-2]))
    for case in cases:
        terms = case.astype(dtype)
        exact = np.var(terms.astype("longdouble"))
        found = of_row("Variance", terms, dtype)[0]
        assert found == pytest.approx(float(exact), rel=60 * eps, abs=0)


def test_variance_with_correction() -> None:
    terms = [1.0, 2.0, 4.0]
    assert of_row("Variance", terms, n=1) == pytest.approx([np.var(terms, ddof=1)])
    assert of_row("Variance", [3.0]) == [0.0]
    assert np.isnan(of_row("Variance", [3.0], n=1))


# Law: 16 bits are a type of memory. Counts and indices are integers, and a mean counts its terms,
# however few numbers 16 bits can hold.


@pytest.mark.parametrize("count", [258, 2050, 70_002])
def test_counts_beside_16_bits(count: int) -> None:
    terms = [1.0] * (count - 1) + [0.5]
    assert of_row("Count", terms, "float16") == [count]
    assert of_row("ArgMin", terms, "float16") == [count - 1]
    assert of_row("ArgKMin", [0.25, *terms], "float16", 2) == [0, count]
    assert of_row("Mean", terms, "float16") == [np.float16((count - 0.5) / count)]
    assert of_row("Variance", [0.0, 1.0] * count, "float16") == [0.25]
    rounded = np.float16(count - 0.5) if count < 65_504 else INF
    assert of_row("Sum", terms, "float16") == [rounded]  # at the end alone


def test_infinite_terms() -> None:
    assert of_row("Mean", [1, INF]) == [INF]
    assert np.isnan(of_row("Variance", [1, INF]))
    assert of_row("Prod", [2, INF]) == [INF]
    assert of_row("Any", [0, NAN]) == [True]
    assert of_row("Count", [0, NAN, 2]) == [2]
    assert of_row("LogSumExp", [-INF, 0]) == [0]


# Law: integers are exact beyond 2^24, where two are compared and where they are counted.


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16"])
@pytest.mark.parametrize("integers", ["int32", "int64"])
def test_integers_are_compared_exactly(dtype: str, integers: str) -> None:
    i = np.array([[16_777_216], [16_777_217], [-7]], integers)
    j = np.array([[16_777_217], [16_777_216], [16_777_218], [-8]], integers)
    b = np.array([[1], [2], [4], [8]], dtype)
    cases = {"==": np.equal, "!=": np.not_equal, "<": np.less, ">=": np.greater_equal}
    for symbol, compare in cases.items():
        formula = f"(i {symbol} j) * b"
        found = Genred(formula, ["i = Vi(1)", "j = Vj(1)", "b = Vj(1)"], axis=1)(i, j, b)
        expected = (compare(i[:, None], j[None]) * b[None].astype("float64")).sum(1)
        np.testing.assert_array_equal(found, expected)


def test_integers_are_numbers_elsewhere() -> None:
    i, j = np.arange(5).reshape(5, 1), np.arange(7).reshape(7, 1)
    x = np.linspace(0, 1, 7, dtype="float32").reshape(7, 1)
    found = Genred("i * x - j", ["i = Vi(1)", "j = Vj(1)", "x = Vj(1)"], axis=1)(i, j, x)
    np.testing.assert_allclose(found, (i[:, None] * x[None] - j[None]).sum(1), rtol=1e-6)
    assert found.dtype == np.float32
    assert Genred("i - j", ["i = Vi(1)", "j = Vj(1)"], axis=1)(i, j).dtype == np.float64


def test_catalogue_has_what_pykeops_has() -> None:
    names = "Sum Min Max ArgMin ArgMax Min_ArgMin Max_ArgMax KMin ArgKMin KMin_ArgKMin LogSumExp"
    more = "LogSumExpWeight SumSoftMaxWeight SoftMax Max_SumShiftExp Max_SumShiftExpWeight"
    assert {*names.split(), *more.split()} <= {row.name for row in _core.reductions()}
