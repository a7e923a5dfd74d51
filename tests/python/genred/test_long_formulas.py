"""Formulas of many operations, which kernels call, and of few components of long variables."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import keopsnb
from keopsnb.numpy import Genred

# Of numbers e, b and k: text, and the same by NumPy.
Term = Callable[..., np.ndarray]
TERMS: dict[str, tuple[str, Term]] = {
    "sines": ("Sin(K * (e - b))", lambda k, e, b: np.sin(k * (e - b))),
    "of outputs alone": ("Cos(K * e) * b", lambda k, e, b: np.cos(k * e) * b),
    "of reduced indices alone": ("Exp(-K * b) * e", lambda k, e, b: np.exp(-k * b) * e),
    "two operands": ("Powf(1 + Square(e), b * K)", lambda k, e, b: (1 + e * e) ** (b * k)),
}
NUMBERS = [40, 81]  # of terms: operations are called in more than 80, long ones in more than 40


@pytest.mark.parametrize(
    ("name", "dtype"),
    [*((name, "float32") for name in TERMS), ("sines", "float64")],
)
def test_values(name: str, dtype: str) -> None:
    text, value = TERMS[name]
    rng = np.random.default_rng(5)
    M, N = 37, 23
    arrays = [
        rng.normal(size=(M, 1)).astype(dtype),
        0.1 * rng.normal(size=(N, 1)).astype(dtype),
    ]
    e, b = (a.astype("float64") for a in arrays)
    for n in NUMBERS:
        formula = " + ".join(text.replace("K", f"{k}/8") for k in range(1, n + 1))
        routine = Genred(formula, ["e=Vi(1)", "b=Vj(1)"], axis=1)
        found = routine(*arrays)
        terms = np.stack([value(k / 8, e, b.T) * np.ones((M, N)) for k in range(1, n + 1)])
        expected = terms.sum(axis=(0, 2))[:, None]
        scale = np.abs(terms).sum(axis=(0, 2))[:, None]
        assert np.all(np.abs(found - expected) <= 64 * np.finfo(dtype).eps * scale), n


def test_long_code_is_called(tmp_path: Path) -> None:
    for n in NUMBERS:
        formula = " + ".join(f"Exp({k} * (e - b))" for k in range(1, n + 1))
        folder = tmp_path / str(n)
        keopsnb.compile(formula, ["e=Vi(1)", "b=Vj(1)"], axis=1, folder=str(folder))
        code = b"".join(path.read_bytes() for path in folder.rglob("*.so"))
        assert (b"called_value" in code) == (n > 80), n


# Templates inside one another have a limit, 900 with g++, and a formula may be 1000 deep.
def test_depth() -> None:
    e, b = np.random.default_rng(8).integers(-9, 9, (2, 3, 1)).astype(float)
    found = Genred("e" + " - b" * 600, ["e=Vi(1)", "b=Vj(1)"], axis=1)(e, b)
    assert np.array_equal(found, 3 * e - 600 * b.sum())


# Of vectors as well, each of which is read at the component of the one around it.
def test_depth_of_vectors() -> None:
    rng = np.random.default_rng(9)
    x, y = rng.normal(size=(3, 16)), rng.normal(size=(2, 16))
    formula, expected = "x", x[:, None]
    for _ in range(140):
        formula, expected = f"({formula}) * x/8 + y", expected * x[:, None] / 8 + y
    found = Genred(formula, ["x=Vi(16)", "y=Vj(16)"], axis=1)(x, y)
    np.testing.assert_allclose(found, expected.sum(1), rtol=1e-12)


# Results longer than 8 components are evaluated in steps of several reduced indices.
def test_vectors() -> None:
    rng = np.random.default_rng(6)
    x, y = rng.normal(size=(11, 12)), rng.normal(size=(7, 12))
    formula = " + ".join(f"Sin({k}/8 * x - y)" for k in range(1, 42))
    found = Genred(formula, ["x=Vi(12)", "y=Vj(12)"], axis=1)(x, y)
    terms = np.stack([np.sin(k / 8 * x[:, None] - y[None]) for k in range(1, 42)])
    assert np.all(np.abs(found - terms.sum((0, 2))) <= 1e-14 * np.abs(terms).sum((0, 2)))


# One component, some, and many more than fit beside each other; slots and frames of all sizes.
@pytest.mark.parametrize("reduction", ["Sum", "LogSumExp"])
@pytest.mark.parametrize("number", [1, 3, 40])
@pytest.mark.parametrize("D", [9, 64, 256, 3000])
def test_components(D: int, number: int, reduction: str) -> None:
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=(33, D)), rng.normal(size=(19, D))
    pairs = [(3 * k % D, 5 * k % (D - 1)) for k in range(number)]
    formula = " + ".join(f"Elem(x, {p}) * Elem(Extract(y, 1, {D - 1}), {q})" for p, q in pairs)
    found = Genred(formula, [f"x=Vi({D})", f"y=Vj({D})"], reduction_op=reduction, axis=1)(x, y)
    s = sum(np.outer(x[:, p], y[:, q + 1]) for p, q in pairs)
    expected = s.sum(1) if reduction == "Sum" else np.log(np.exp(s).sum(1))
    assert np.allclose(found[:, 0], expected, rtol=1e-12, atol=1e-12)
