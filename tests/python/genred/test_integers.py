"""Sums, comparisons and remainders of integers are exact, also where float32 is not."""

import emulated_gpu
import numpy as np
import pytest

from keopsnb.numpy import Genred, Pm, Vi, Vj

SECONDS = [1425238501, 1425238502, -2147483648, 2147483647, 5, 0]
OTHERS = [1425238401, 1425239502, 2147483647, -5, 7]
# Each is NumPy's as well; the last ones do not fit int32, and are rounded numbers there.
FORMULAS = [
    "t - s",
    "t + 600 - s",
    "-t + s",
    "3 * (t - s) - 1",
    "t - s <= 101",
    "t + 1 < s + 1001",
    "t == s + 100",
    "t != s",
    "t >= s",
    "t < 1425238502",
    "1425238501 < t",
    "t % 60",
    "t // 60",
    "t % s",
    "t // s",
    "1425238501 % s",
    "t + s",
    "1000 * t",
    "t * s",
]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_exact(dtype: str) -> None:
    t, s = np.array(SECONDS)[:, None], np.array(OTHERS)[:, None]
    aliases = ["t = Vi(1)", "s = Vj(1)", "w = Vj(1)"]
    terms = Genred(f"Concat({', '.join(FORMULAS)}) + 0 * w", aliases, axis=1)
    for n, one in enumerate(s):
        found = terms(t, s[n : n + 1], np.ones((1, 1), dtype))
        for k, formula in enumerate(FORMULAS):
            expected = np.broadcast_to(eval(formula, {"t": t, "s": one}), t.shape)[:, 0]
            scale = np.finfo(dtype).eps
            np.testing.assert_allclose(found[:, k], expected.astype("float64"), scale, 0, formula)


# Law: what is no integer formula any more is an integer that is rounded once, with Python's signs.

NAMES = {
    "Abs": np.abs,
    "Sign": np.sign,
    "Maximum": np.maximum,
    "Minimum": np.minimum,
    "Mod": lambda a, b, c=0: (a - c) % b + c,
    "FloorDivide": np.floor_divide,
    "IntCst": int,
}
ROUNDED = [
    "t % 60",
    "Mod(t, IntCst(60), 0)",
    "t // 60",
    "FloorDivide(t, IntCst(3600))",
    "t % -7",
    "t // -7",
    "t // -1",
    "t % -1",
    "t // 1",
    "t % 2147483647",
    "Mod(t, 24, 5)",
    "(t + 600) % 3600",
    "t - 77",
    "(t - s + 7) % 86400",
    "(t - s) // 86400",
    "(3 - t) % 100",
    "t % s",
    "t // s",
    "1000000007 // s",
    "t % 60 < 30",
    "(t % 60) * (s % 7)",
    "Abs(t)",
    "Abs(t - s)",
    "Sign(t - s)",
    "Maximum(t, s)",
    "Minimum(t, 5)",
    "Maximum(t - s, 3 - t)",
]
SMALL = [1425238501, 1425238502, -1000000007, 1000000009, 5, 0, -1, 59, 60, -60]


def reference(formula: str, t: np.ndarray, s: np.ndarray) -> np.ndarray:
    found = np.asarray(eval(formula, {"t": t, "s": s, **NAMES}))
    return np.broadcast_to(found, t.shape).astype("float64")


def check_rounded(dtype: str, formulas: list[str], backend: str = "auto") -> None:
    t, others = np.array(SMALL)[:, None], [7, -13, 86400, -1, 1000000007]
    aliases = ["t = Vi(1)", "s = Vj(1)", "w = Vj(1)"]
    terms = Genred(f"Concat({', '.join(formulas)}) + 0 * w", aliases, axis=1)
    one = np.ones((1, 1), dtype)
    for s in others:
        found = terms(t, np.array([[s]]), one, backend=backend)
        for k, formula in enumerate(formulas):
            expected = reference(formula, t, np.array([[s]]))[:, 0].astype(dtype)
            np.testing.assert_array_equal(found[:, k], expected, f"{formula} of s = {s}")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_rounded_once(dtype: str) -> None:
    check_rounded(dtype, ROUNDED)


def test_rounded_once_on_a_gpu() -> None:
    emulated_gpu.run(f"""
sys.path[:0] = {emulated_gpu.FOLDERS!r}
import test_integers
for dtype in ("float32", "float64"):
    test_integers.check_rounded(dtype, {ROUNDED[:12]!r}, "GPU")
""")


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_remainders_of_vectors(dtype: str) -> None:
    t = np.array(SMALL)[:, None] // 2 + np.arange(3)
    aliases = ["t = Vi(3)", "n = Pm(1)", "w = Vj(1)"]
    both = Genred("Concat(t % n, (t + n) // 7) * w", aliases, axis=1)
    found = both(t, np.array([60]), np.ones((1, 1), dtype))
    expected = np.concatenate([t % 60, (t + 60) // 7], 1).astype(dtype)
    np.testing.assert_array_equal(found, expected)


def test_division_by_none_and_beyond_the_type() -> None:
    t, w = np.array(SMALL)[:, None], np.ones((1, 1), "float32")
    aliases = ["t=Vi(1)", "s=Pm(1)", "w=Vj(1)"]
    terms = Genred("Concat(t % s, t // s, (t + t) // 60) * w", aliases, axis=1)
    rest, quotient, beyond = terms(t, np.array([0]), w).T
    assert np.isnan(rest).all()
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(quotient, np.float32(t[:, 0]) / np.float32(0))
    np.testing.assert_allclose(beyond, 2 * t[:, 0] // 60, 1e-6)
    minimum = np.array([[-(2**31)]])
    least = Genred("Concat(t // s, t % s) * w", aliases, axis=1)
    np.testing.assert_array_equal(least(minimum, np.array([-1]), w), [[2.0**31, 0]])


def test_no_derivative_goes_through_integers() -> None:
    f = Genred("Grad((t % 60) * w * w, w, e)", ["t=Vi(1)", "w=Vj(1)", "e=Vi(1)"], axis=1)
    t, w = np.array(SMALL)[:, None], np.array([[2.0], [0.5]])
    np.testing.assert_allclose(f(t, w, np.ones(t.shape)), (t % 60) * 2 * w.sum())


def test_remainders_of_symbolic_matrices() -> None:
    t, w = np.array(SMALL)[:, None], np.ones((1, 1), "float32")
    np.testing.assert_array_equal(((Vi(t) % 60) * Vj(w)).sum(1), t % 60)
    np.testing.assert_array_equal(((Vi(t) // 3600) * Vj(w)).sum(1), t // 3600)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_remainders(dtype: str) -> None:
    t, s = np.array(SECONDS)[:2, None], np.array(OTHERS)[:2, None]
    formulas = ["(t - s) % 60", "(s - t) // 60", "(t + 5) % -60", "Mod(t, 60, 5)", "Mod(t, 7, s)"]
    aliases = ["t = Vi(1)", "s = Vj(1)", "w = Vj(1)"]
    terms = Genred(f"Concat({', '.join(formulas)}) + 0 * w", aliases, axis=1)
    table = {"Mod": lambda a, b, c: (a - c) % b + c}
    for n, one in enumerate(s):
        found = terms(t, s[n : n + 1], np.ones((1, 1), dtype))
        for k, formula in enumerate(formulas):
            expected = eval(formula, table | {"t": t, "s": one})[:, 0].astype(dtype)
            np.testing.assert_array_equal(found[:, k], expected, formula)
    for front in (lambda m: m % 60, lambda m: m // 60):
        found = (front(Vi(t)) * Vj(np.ones((1, 1), dtype))).sum(1)
        np.testing.assert_array_equal(found, front(t).astype(dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_components(dtype: str) -> None:
    t = np.array(SECONDS)[:, None] // 2 + np.arange(3)
    s = np.array(OTHERS)[:1, None] // 2 + np.arange(3)
    g = Genred("(Elem(t, 1) - Elem(s, 0)) * w", ["t = Vi(3)", "s = Vj(3)", "w = Vj(1)"], axis=1)
    found = g(t, s, np.ones((1, 1), dtype))
    np.testing.assert_allclose(found[:, 0], t[:, 1] - s[0, 0], np.finfo(dtype).eps)


# Law: a table may be read by a computed index; where it has no such row, NaN.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_computed_index(dtype: str) -> None:
    i, j, table = np.arange(5)[:, None], np.arange(4)[:, None], np.arange(9.0).astype(dtype) ** 2
    aliases = ["p = Pm(9)", "i = Vi(1)", "j = Vj(1)", "w = Vj(1)"]
    w = np.ones((4, 1), dtype)
    rows = i - j.T
    found = Genred("Take(p, i - j + 3) * w", aliases, axis=1)(table, i, j, w)
    np.testing.assert_allclose(found[:, 0], table[rows + 3].sum(1))
    doubled = Genred("Take(p, 2 * i - j) * w", aliases, axis=1)(table, i, j, w)
    index = 2 * i - j.T
    inside = (index >= 0) & (index < 9)
    expected = np.where(inside, table[index.clip(0, 8)], np.nan).sum(1)
    np.testing.assert_allclose(doubled[:, 0], expected)
    gradient = Genred("Grad(Take(p, i - j + 3) * w, p, w)", aliases, axis=1)(table, i, j, w)
    counts = np.stack([(rows + 3 == k).sum(1) for k in range(9)], 1)
    np.testing.assert_allclose(gradient, counts)
    lazy = Pm(table).take(Vi(i) - Vj(j)).sum(1)
    expected = np.where(rows >= 0, table[rows.clip(0)], np.nan).sum(1)
    np.testing.assert_allclose(lazy[:, 0], expected)
