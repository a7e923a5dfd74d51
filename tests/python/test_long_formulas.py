"""Formulas of many operations, whose kernels call what shorter ones hold: the same values."""

from collections.abc import Callable

import numpy as np
import pytest

from keopsnb.numpy import Genred

# Of e, b (numbers), x, y (vectors of 3) and k: text, and the same by NumPy.
Term = Callable[..., np.ndarray]
TERMS: dict[str, tuple[str, Term]] = {
    "sines": ("Sin(K * (e - b))", lambda k, e, b, x, y: np.sin(k * (e - b))),
    "of outputs alone": ("Cos(K * e) * b", lambda k, e, b, x, y: np.cos(k * e) * b),
    "of reduced indices alone": ("Exp(-K * b) * e", lambda k, e, b, x, y: np.exp(-k * b) * e),
    "roots": ("Sqrt(K + Square(e - b))", lambda k, e, b, x, y: np.sqrt(k + (e - b) ** 2)),
    "two operands": ("Powf(1 + Square(e), b * K)", lambda k, e, b, x, y: (1 + e * e) ** (b * k)),
    "of vectors": ("Sum(Tanh(K * x - y))", lambda k, e, b, x, y: np.tanh(k * x - y).sum(-1)),
}
NUMBERS = [40, 41]  # of terms, each with one such operation: from 41 on they are called


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, "float32") for name in TERMS), ("sines", "float64"), ("two operands", "float64")],
)
def test_values(name: str, dtype: str) -> None:
    text, value = TERMS[name]
    rng = np.random.default_rng(5)
    M, N = 37, 23
    e, x = rng.normal(size=(M, 1)), rng.normal(size=(M, 3))
    b, y = 0.1 * rng.normal(size=(N, 1)), rng.normal(size=(N, 3))
    arrays = [a.astype(dtype) for a in (e, b, x, y)]
    e, b, x, y = (a.astype("float64") for a in arrays)
    for n in NUMBERS:
        formula = " + ".join(text.replace("K", f"{k}/8") for k in range(1, n + 1))
        routine = Genred(formula, ["e=Vi(1)", "b=Vj(1)", "x=Vi(3)", "y=Vj(3)"], axis=1)
        found = routine(*arrays)
        terms = np.stack(
            [value(k / 8, e, b.T, x[:, None], y[None]) * np.ones((M, N)) for k in range(1, n + 1)]
        )
        expected = terms.sum(axis=(0, 2))[:, None]
        scale = np.abs(terms).sum(axis=(0, 2))[:, None]
        assert np.all(np.abs(found - expected) <= 64 * np.finfo(dtype).eps * scale), n
