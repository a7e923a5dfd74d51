"""Reductions of huge, infinite and undefined numbers."""

import numpy as np
import pytest

from keopsnb.numpy import Genred

INF, NAN = np.inf, np.nan
DTYPES = ["float32", "float64"]
# Lengths that fill, or do not fill, blocks of terms; long enough to be split among threads.
LENGTHS = [3, 257, 200_000]


def over(reduction: Genred, terms: list[float], length: int, dtype: str, at: int) -> float:
    """The reduction of `length` terms: these, from `at` on, and copies of the first around them."""
    y = np.full((length, 1), terms[0], dtype)
    y[at : at + len(terms), 0] = terms
    x = np.zeros((1, 1), dtype)
    return float(reduction(x, y)[0, 0])


def places(terms: list[float], length: int) -> list[int]:
    return [0, (length - len(terms)) // 2, length - len(terms)]


SUM = Genred("x + y", ["x = Vi(1)", "y = Vj(1)"], axis=1)
LSE = Genred("x + y", ["x = Vi(1)", "y = Vj(1)"], "LogSumExp", axis=1)


# Law: a sum is infinite or undefined where its terms make it so, as in IEEE arithmetic.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([1.0, INF], INF),
        ([1.0, -INF], -INF),
        ([1.0, INF, INF], INF),
        ([1.0, INF, -INF], NAN),
        ([1.0, NAN], NAN),
        ([INF, NAN], NAN),
        ([0.0, 0.0], 0.0),
    ],
)
def test_sum(terms: list[float], expected: float, length: int, dtype: str) -> None:
    for at in places(terms, length):
        np.testing.assert_equal(over(SUM, terms, length, dtype, at), expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_sum_beyond_the_greatest_number_is_infinite(dtype: str) -> None:
    top = float(np.finfo(dtype).max)
    for length in LENGTHS:
        assert over(SUM, [top, top], length, dtype, 0) == INF
        assert over(SUM, [-top, -top], length, dtype, 0) == -INF


# Law: log Sum exp is exact where the exponentials are far out of range.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("value", [1e4, -1e4, 1e30, -1e30, 0.0])
def test_logsumexp_of_huge_terms(value: float, length: int, dtype: str) -> None:
    expected = value + np.log(length)
    found = over(LSE, [value, value], length, dtype, 0)
    assert found == pytest.approx(expected, rel=4 * float(np.finfo(dtype).eps))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ([-INF, -INF], -INF),
        ([-INF, 3.0], 3.0),
        ([-INF, -1e4], -1e4),
        ([-1e4, 1e4, 0.0], 1e4),
        ([0.0, INF], INF),
        ([-INF, INF], INF),
        ([INF, INF], INF),
        ([0.0, NAN], NAN),
        ([-INF, NAN], NAN),
        ([INF, NAN], NAN),
    ],
)
def test_logsumexp(terms: list[float], expected: float, length: int, dtype: str) -> None:
    for at in places(terms, length):
        found = over(LSE, terms, length, dtype, at)
        np.testing.assert_allclose(found, expected, rtol=1e-6, err_msg=f"at {at}")


# Law: a row whose result is not finite leaves its neighbours alone.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("operation", ["Sum", "LogSumExp"])
def test_rows_are_independent(operation: str, dtype: str) -> None:
    reduction = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], operation, axis=1)
    random = np.random.default_rng(0)
    x, y = (random.uniform(0.5, 1.5, (n, 1)).astype(dtype) for n in (83, 400))
    expected = reduction(x, y)
    odd = x.copy()
    odd[::7] = np.resize([INF, NAN, -INF], odd[::7].shape)
    found = reduction(odd, y)
    others = np.arange(83) % 7 != 0
    np.testing.assert_array_equal(found[others], expected[others])
    assert np.isfinite(expected).all()
    assert not np.isfinite(found[~others]).any()


# Law: weights may be zero, or negative where the sum stays positive.


@pytest.mark.parametrize("dtype", DTYPES)
def test_weights(dtype: str) -> None:
    aliases = ["x = Vi(1)", "y = Vj(1)", "w = Vj(2)"]
    reduction = Genred("x + y", aliases, "LogSumExp", axis=1, formula2="w")
    x = np.array([[0.0], [1e4]], dtype)
    y = np.array([[1.0], [2.0], [-INF]], dtype)
    w = np.array([[0.0, -1.0], [3.0, 1.0], [7.0, 7.0]], dtype)
    expected = [[2 + np.log(3), np.log(np.e**2 - np.e)]]
    expected.append([1e4 + v for v in expected[0]])
    np.testing.assert_allclose(reduction(x, y, w), expected, rtol=1e-6)
    zero = reduction(x, y, np.zeros((3, 2), dtype))
    assert (zero == -INF).all()
    assert np.isnan(reduction(x, y, -np.ones((3, 2), dtype))).all()


# Law: what weighs 0 counts for nothing, however great: it is as if it were not there.


@pytest.mark.parametrize("dtype", ["float16", *DTYPES])
@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("D", [1, 2])
@pytest.mark.parametrize("huge", [300.0, 6e4, INF])
def test_weights_of_0(huge: float, D: int, length: int, dtype: str) -> None:
    aliases = ["x = Vi(1)", f"y = Vj({D})", "w = Vj(1)"]
    reduction = Genred("x + y", aliases, "LogSumExp", axis=1, formula2="w")
    y, w = np.full((length, D), 1.0, dtype), np.full((length, 1), 2.0, dtype)
    others = length - 2
    for at in places([huge, huge], length):
        y[:], w[:] = 1, 2
        y[at], w[at] = huge, 0
        y[at + 1], w[at + 1] = huge, -0.0
        found = reduction(np.zeros((3, 1), dtype), y, w)
        np.testing.assert_allclose(found, 1 + np.log(2.0 * others), rtol=1e-3)
