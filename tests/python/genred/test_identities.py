"""Identities overflow, underflow, or lose a NaN or an infinity only where the formula does."""

import re

import numpy as np
import pytest

from keopsnb import _core

CONSTANTS = ["1e30", "1e-30", "2", "0.5", "-3", "1e-20", "1e20", "7.174648137343064e-43", "0", "1"]
CONSTANTS += ["2 ** -140", "1e-48"]
WIDE = ["1e200", "1e-200", "1e308", "5e-324"]
POINTS = [1e-30, 1e-20, 0.3, -1.7, 1e20, 1e30, np.inf, np.nan, 0]


class Random:
    """Formulas as text, in x, y of dimension 1 and v of dimension 2, that NumPy reads as well."""

    def __init__(self, seed: int, constants: list[str]) -> None:
        self.draw, self.constants = np.random.default_rng(seed), constants

    def formula(self, depth: int) -> str:
        kind = self.draw.integers(9 if depth > 0 else 3)
        if kind == 0:
            return str(self.draw.choice(self.constants))
        if kind < 3:
            return str(self.draw.choice(["x", "y", "v"]))
        first = self.formula(depth - 1)
        if kind < 7:
            symbol = self.draw.choice(["*", "*", "*", "+", "-", "/"])
            second = self.formula(depth - 1) if self.draw.random() < 0.8 else first
            if symbol == "/" and constant(second) and number(second) == 0:
                return f"({first}) * ({second})"  # refused
            return f"({first}) {symbol} ({second})"
        return [f"-({first})", f"Sum({first})"][kind - 7]


def constant(text: str) -> bool:
    return not set("xyv") & set(text)


def number(text: str) -> float:
    with np.errstate(all="ignore"):
        return float(value(text, np.float64, np.zeros((1, 1))))


def total(a: np.ndarray) -> np.ndarray:
    """Of the components, one after the other, as it is computed."""
    a = np.asarray(a)
    if a.ndim == 0 or a.shape[-1] == 1:
        return a
    return a[..., :1] + a[..., 1:]


def value(text: str, dtype: type, x: np.ndarray) -> np.ndarray:
    """The formula in NumPy, every constant and every step in that type."""
    numbers = re.sub(r"(?<![\w.])(\d[\d.]*(?:e[-+]?\d+)?)", r"number('\1')", text)
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        variables = {"x": x, "y": x[::-1], "v": np.hstack([x, np.full_like(x, 2)])}
        return np.asarray(eval(numbers, {"number": dtype, "Sum": total, **variables}))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(4))
def test_random_formulas(seed: int, dtype: str) -> None:
    kind, finer = (np.float32, np.float64) if dtype == "float32" else (np.float64, np.longdouble)
    random = Random(seed, CONSTANTS if dtype == "float32" else CONSTANTS + WIDE)
    formulas = [random.formula(4) for _ in range(24)]
    x = np.array(POINTS, dtype)[:, None]
    v = np.hstack([x, np.full_like(x, 2)])
    routine = _core.Reduction(
        f"Concat({', '.join(f'Sum({f})' for f in formulas)})",
        ["x = Vi(1)", "y = Vi(1)", "v = Vi(2)", "one = Vj(1)"],
        "Sum",
        1,
    )
    found = routine(_core.NUMPY, (x, np.ascontiguousarray(x[::-1]), v, np.ones((1, 1), dtype)))
    checked = 0
    for k, f in enumerate(formulas):
        literal = np.broadcast_to(value(f"Sum({f})", kind, x), x.shape)[:, 0]
        exact = np.broadcast_to(value(f"Sum({f})", finer, x), x.shape)[:, 0]
        with np.errstate(all="ignore"):
            right = (np.isnan(literal) & np.isnan(exact)) | (literal == exact)
            right |= np.abs(literal - exact) <= 1e-5 * np.abs(exact)
        np.testing.assert_allclose(found[right, k], exact[right].astype(dtype), 1e-4, err_msg=f)
        checked += right.sum()
    assert checked > len(formulas) * len(POINTS) / 3
