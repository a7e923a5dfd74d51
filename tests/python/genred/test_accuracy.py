"""Rounding errors of long reductions."""

from collections.abc import Callable

import numpy as np
import pytest

from keopsnb.numpy import Genred

EPS = float(np.finfo("float32").eps)
LENGTHS = [10**5, 10**6, 10**7]
ALIASES = ["x = Vi(1)", "y = Vj(1)"]


def alternating(n: int) -> np.ndarray:
    return np.random.default_rng(1).uniform(1, 2, n) * (-1) ** np.arange(n)


def late(n: int) -> np.ndarray:
    """Small terms after a large one, which rounds each of them away."""
    return np.concatenate([[2.0**24], np.ones(n - 1)])


TERMS: dict[str, Callable[[int], np.ndarray]] = {
    "a tenth": lambda n: np.full(n, 0.1),
    "positive": lambda n: np.random.default_rng(0).uniform(0, 1, n),
    "alternating": alternating,
    "late": late,
    "of all sizes": lambda n: np.exp(np.random.default_rng(2).normal(0, 5, n)),
}


def relative_error(options: dict[str, str], y: np.ndarray) -> float:
    """Of the sum over j, relative to the sum of absolute values."""
    reduction = Genred("x * y", ALIASES, axis=1, **options)
    found = reduction(np.ones((1, 1), y.dtype), y[:, None])[0, 0].astype("longdouble")
    exact = y.astype("longdouble")
    return abs(float((found - exact.sum()) / np.abs(exact).sum()))


# Law: the error of a sum is that of one block of at most 128 terms, 127/2 eps at worst, whatever
# the number of terms.


@pytest.mark.parametrize("terms", TERMS)
def test_sum(terms: str) -> None:
    bound = (127 / 2 if terms == "late" else 16) * EPS
    for n in LENGTHS:
        assert relative_error({}, TERMS[terms](n).astype("float32")) <= bound, n


# Law: with every term compensated, it is the rounding of the result.


@pytest.mark.parametrize("options", [{"sum_scheme": "kahan_scheme"}, {"dtype_acc": "float64"}])
@pytest.mark.parametrize("terms", TERMS)
def test_compensated_sum(terms: str, options: dict[str, str]) -> None:
    for n in LENGTHS:
        y = TERMS[terms](n).astype("float32")
        assert relative_error(options, y) <= 0.51 * EPS, n


def test_compensation_is_tighter() -> None:
    y = TERMS["a tenth"](10**6).astype("float32")
    compensated = relative_error({"sum_scheme": "kahan_scheme"}, y)
    assert compensated < relative_error({}, y)


# Law: so for the logarithm of a sum of exponentials, with an error added to the logarithm.


@pytest.mark.parametrize("shift", [0.0, 1000.0])
def test_logsumexp(shift: float) -> None:
    reduction = Genred("x + y", ALIASES, "LogSumExp", axis=1)
    for n in LENGTHS:
        y = np.random.default_rng(3).normal(0, 1, n).astype("float32")
        found = float(reduction(np.full((1, 1), shift, "float32"), y[:, None])[0, 0])
        y += np.float32(shift)  # rounded as the kernel rounds
        exact = np.exp(y.astype("longdouble") - shift).sum()
        assert abs(found - (shift + np.log(exact))) <= 16 * EPS * (1 + abs(found)), n


# Law: in float64 too, as far as a longer type can tell.


@pytest.mark.skipif(np.finfo("longdouble").eps > 1e-18, reason="longdouble is float64 here")
def test_float64() -> None:
    eps = float(np.finfo("float64").eps)
    for n in LENGTHS[:2]:
        assert relative_error({}, TERMS["a tenth"](n)) <= 16 * eps, n


# Law: the error does not depend on how work is shared: few outputs or many, over i or over j.


@pytest.mark.parametrize("axis", [0, 1])
def test_many_outputs(axis: int) -> None:
    reduction = Genred("x * y", ALIASES, axis=axis)
    terms = np.full((10**5, 1), 0.1, "float32")
    others = np.ones((33, 1), "float32")
    found = reduction(*((others, terms) if axis == 1 else (terms, others)))
    exact = float(np.float32(0.1)) * 10**5
    np.testing.assert_allclose(found, np.full((33, 1), exact), rtol=16 * EPS)
