"""Operations at the edges of their domains, and beyond."""

import numpy as np
import pytest
import scipy.special
from operations import ROWS

from keopsnb import _core

INF, NAN = np.inf, np.nan
DTYPES = ["float32", "float64"]


def evaluate(formulas: list[str], dtype: str, *columns: list[float]) -> np.ndarray:
    """Formulas of scalars x0, x1, ... in the rows of the result, one row a formula."""
    aliases = [f"x{k} = Vi(1)" for k in range(len(columns))]
    arrays = [np.array(c, dtype)[:, None] for c in columns]
    concat = f"Concat({', '.join(formulas)})"
    return _core.Reduction(concat, aliases, "Sum", 1)(_core.NUMPY, tuple(arrays)).T


# Law: at any number, NaN and the infinities among them, an operation is its reference.

SPECIAL = [0, 0.5, -0.5, 1, -1, 2.5, -2.5, 100, -100, 1e4, -1e4, 1e30, -1e30, INF, -INF, NAN]
AT_MINUS_INFINITY = {"Lgamma": INF, "Polygamma": NAN}  # as C has it; no limit
ELEMENTWISE = [row for row in ROWS.values() if row.operands == 1 and row.partials]
UNARY = {
    **{row.name: f"{row.name}(x0)" for row in ELEMENTWISE if row.ints == 0},
    "Pow": "Pow(x0, 3)",
    "Round": "Round(x0, 1)",
    "Polygamma": "Polygamma(x0, 1)",
    "ClampInt": "ClampInt(x0, -1, 1)",
    "DiffClampInt": "DiffClampInt(x0, -1, 1)",
}


def reference(name: str, x: np.ndarray) -> np.ndarray:
    modules = {"numpy": np, "scipy": scipy, "a": x[:, None]}
    ints = {"Pow": {"n": 3}, "Round": {"n": 1}, "Polygamma": {"n": 1}}.get(name, {"n": -1, "m": 1})
    with np.errstate(all="ignore"):
        value = eval(ROWS[name].reference, modules | ints)
    return np.broadcast_to(value, x[:, None].shape)[:, 0]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("first", range(0, len(UNARY), 16))
def test_special_values(first: int, dtype: str) -> None:
    names = list(UNARY)[first : first + 16]
    x = np.array(SPECIAL, dtype)
    eps = np.finfo(dtype).eps
    for name, found in zip(names, evaluate([UNARY[n] for n in names], dtype, SPECIAL), strict=True):
        with np.errstate(all="ignore"):
            expected = reference(name, x.astype("float64")).astype(dtype)
        expected[x == -INF] = AT_MINUS_INFINITY.get(name, expected[x == -INF])
        np.testing.assert_allclose(found, expected, rtol=8 * eps, atol=8 * eps, err_msg=name)


# Law: derivatives are finite at the edges of a domain, and one-sided at a kink. Each row is a
# formula of x0 and x1, where, and its value there.

AT = [
    ("Rsqrt(x0)", (0,), 0),
    ("Grad(Rsqrt(x0), x0, 1)", (0,), 0),
    ("Grad(Sqrt(x0), x0, 1)", (0,), 0),
    ("Grad(Grad(Sqrt(x0), x0, 1), x0, 1)", (0,), 0),
    ("SinXDivX(x0)", (0,), 1),
    ("Grad(SinXDivX(x0), x0, 1)", (0,), 0),
    ("Grad(Grad(SinXDivX(x0), x0, 1), x0, 1)", (0,), -1 / 3),
    ("Grad(Grad(Grad(SinXDivX(x0), x0, 1), x0, 1), x0, 1)", (0,), 0),
    ("SinXDivX(x0)", (1e-3,), 1 - 1e-6 / 6 + 1e-12 / 120),
    ("Grad(SinXDivX(x0), x0, 1)", (1e-3,), -1e-3 / 3 + 1e-9 / 30 - 1e-15 / 840),
    ("XLogX(x0)", (0,), 0),
    ("Grad(XLogX(x0), x0, 1)", (1,), 1),
    ("Grad(XLogX(x0), x0, 1)", (0,), 0),
    ("Grad(Grad(XLogX(x0), x0, 1), x0, 1)", (0,), 0),
    ("Cbrt(x0)", (-27,), -3),
    ("Grad(Cbrt(x0), x0, 1)", (0,), 0),
    ("Grad(Cbrt(x0), x0, 1)", (-8,), 1 / 12),
    ("Grad(Grad(Cbrt(x0), x0, 1), x0, 1)", (0,), 0),
    ("Hypot(x0, x1)", (3e30, 4e30), 5e30),
    ("Hypot(x0, x1)", (3e-30, 4e-30), 5e-30),
    ("Hypot(x0, x1)", (INF, NAN), INF),
    ("Grad(Hypot(x0, x1), x0, 1)", (0, 0), 0),
    ("Grad(Hypot(x0, x1), x0, 1)", (3e30, 4e30), 0.6),
    ("Grad(Grad(Hypot(x0, x1), x0, 1), x1, 1)", (0, 0), 0),
    ("Grad(Grad(Hypot(x0, x1), x0, 1), x0, 1)", (0, 0), 0),
    ("Grad(Atan2(x0, x1), x0, 1)", (0, 0), 0),
    ("Grad(Grad(Atan2(x0, x1), x0, 1), x1, 1)", (0, 0), 0),
    ("Grad(Grad(Abs(x0), x0, 1), x0, 1)", (0,), 0),
    ("Grad(Acosh(x0), x0, 1)", (1,), 0),
    ("Softplus(x0)", (1000,), 1000),
    ("Sigmoid(x0)", (-1000,), 0),
    ("Grad(Sigmoid(x0), x0, 1)", (-1000,), 0),
    ("Grad(Softplus(x0), x0, 1)", (-1000,), 0),
    ("Tanh(x0)", (-1000,), -1),
    ("Grad(Tanh(x0), x0, 1)", (1000,), 0),
    ("Grad(Gelu(x0), x0, 1)", (-100,), 0),
    ("Log1p(x0)", (1e-20,), 1e-20),
    ("Expm1(x0)", (-1e-20,), -1e-20),
    ("Maximum(x0, x1)", (NAN, 1), NAN),
    ("Minimum(x0, x1)", (1, NAN), NAN),
    ("Grad(Maximum(x0, x1), x0, 1)", (2, 2), 0.5),
    ("Grad(Maximum(x0, x1), x1, 1)", (2, 2), 0.5),
    ("Grad(Minimum(x0, x1), x1, 1)", (2, 1), 1),
    ("And(x0, x1)", (0, 1), 0),
    ("And(x0, x1)", (NAN, -1), 1),
    ("Or(x0, x1)", (0, 0), 0),
    ("Or(x0, x1)", (0, 2), 1),
    ("Xor(x0, x1)", (3, 2), 0),
    ("Xor(x0, x1)", (3, 0), 1),
    ("Not(x0)", (0,), 1),
    ("Not(x0)", (0.5,), 0),
    ("Where(x0, 2, 3)", (0,), 3),
    ("Where(x0, 2, 3)", (-1e-20,), 2),
    ("Where(x0, x1, 3)", (NAN, 7), 7),
    ("Grad(Where(x0, x1 * 2, x1 * 3), x1, 1)", (0, 7), 3),
    ("Lgamma(x0)", (1,), 0),
    ("Lgamma(x0)", (-1,), INF),
    ("Digamma(x0) + 1", (-0.5,), 1.03648997397857652),
    ("Polygamma(x0, 1)", (-0.5,), 8.934802200544679),
    ("Polygamma(x0, 2) + 10", (-0.5,), 9.17120335576568),
    ("Norm2(Concat(x0, x0))", (0,), 0),
    ("Grad(Norm2(Concat(x0, x1)), x0, 1)", (0, 0), 0),
    ("Grad(Grad(Norm2(Concat(x0, x1)), x0, 1), x1, 1)", (0, 0), 0),
    ("Elem(Normalize(Concat(x0, x1)), 1)", (0, 0), 0),
    ("Grad(Elem(Normalize(Concat(x0, x1)), 0), x0, 1)", (0, 0), 0),
    ("Grad(Abs(x0), x0, 1)", (0,), 0),
    ("Grad(ReLU(x0), x0, 1)", (0,), 1),
    ("Grad(ReLU(x0), x0, 1)", (-1e-20,), 0),
    ("Step(x0)", (0,), 1),
    ("Step(x0)", (-1e-20,), 0),
    ("Grad(Step(x0), x0, 1)", (0,), 0),
    ("IfElse(x0, 2, 3)", (0,), 2),
    ("IfElse(x0, 2, 3)", (-1e-20,), 3),
    ("Grad(IfElse(x0, x1 * 2, x1 * 3), x1, 1)", (-1, 7), 3),
    ("Grad(Clamp(x0, -1, 1), x0, 1)", (-1,), 1),
    ("Grad(Clamp(x0, -1, 1), x0, 1)", (1,), 1),
    ("Grad(Clamp(x0, -1, 1), x0, 1)", (1.001,), 0),
    ("Grad(Clamp(x0, x1, 5), x1, 1)", (2, 2), 0),
    ("Grad(Clamp(x0, x1, 5), x1, 1)", (1, 2), 1),
    ("Grad(ClampInt(x0, -1, 1), x0, 1)", (-1,), 1),
    ("Grad(ClampInt(x0, -1, 1), x0, 1)", (-1.001,), 0),
    ("Grad(Powf(x0, 0.5), x0, 1)", (0,), 0),
    ("Grad(Powf(x0, -1), x0, 1)", (0,), -INF),
    ("Grad(Grad(Powf(x0, 1.5), x0, 1), x0, 1)", (0,), 0),
    ("Grad(Grad(Powf(x0, 3), x0, 1), x0, 1)", (0,), 0),
    ("Grad(Log(x0), x0, 1)", (0,), INF),
    ("Powf(x0, x1)", (0, 0), 1),
    ("Powf(x0, x1)", (0, 2), 0),
    ("Powf(x0, x1)", (0, -1), INF),
    ("Grad(Powf(x0, x1), x0, 1)", (0, 1), 1),
    ("Grad(Powf(x0, x1), x0, 1)", (0, 2), 0),
    ("Grad(Powf(x0, x1), x0, 1)", (0, 0), 0),
    ("Grad(Powf(x0, x1), x0, 1)", (0, 1.5), 0),
    ("Grad(Grad(Powf(x0, x1), x0, 1), x0, 1)", (0, 0), 0),
    ("Grad(Grad(Powf(x0, x1), x0, 1), x0, 1)", (0, 1), 0),
    ("Grad(Grad(Powf(x0, x1), x0, 1), x0, 1)", (0, 2), 2),
    ("Grad(Powf(x0, 1), x0, 1)", (0,), 1),
    ("Grad(Powf(x0, x1), x1, 1)", (0, 2), 0),
    ("Pow(x0, -2)", (-2,), 0.25),
    ("x0**3", (-2,), -8),
    ("Grad(x0**2, x0, 1)", (-3,), -6),
    ("Grad(x0**1, x0, 1)", (0,), 1),
    ("Grad(x0**0, x0, 1)", (0,), 0),
    ("Atan2(x0, x1)", (0, -1), np.pi),
    ("Atan2(x0, x1)", (1, 0), np.pi / 2),
    ("Atan2(x0, x1)", (-1, 0), -np.pi / 2),
    ("Mod(x0, x1, 0)", (-0.5, 2), 1.5),
    ("Mod(x0, x1, 0)", (2, 2), 0),
    ("Mod(x0, x1, -1)", (1, 2), -1),
    ("Grad(Mod(x0, x1, 0), x1, 1)", (5, 2), -2),
    ("x0 == x1", (NAN, NAN), 0),
    ("x0 != x1", (NAN, NAN), 1),
    ("x0 < x1", (NAN, 1), 0),
    ("x0 >= x1", (INF, INF), 1),
    ("Round(x0, 0)", (2.5,), 3),
    ("Round(x0, 0)", (-2.5,), -3),
    ("Round(x0, -2)", (150,), 200),
]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("first", range(0, len(AT), 16))
def test_edges(first: int, dtype: str) -> None:
    chosen = AT[first : first + 16]
    points = [list(p) for p in zip(*((*at, 0)[:2] for _, at, _ in chosen), strict=True)]
    table = evaluate([formula for formula, _, _ in chosen], dtype, *points)
    for k, (formula, at, expected) in enumerate(chosen):
        message = f"{formula} at {at}"
        np.testing.assert_allclose(table[k, k], expected, 8 * np.finfo(dtype).eps, err_msg=message)


# Law: where an operation is finite, so are its derivatives of any order: those that are not are
# taken as 0. Each row is a formula of x0 and x1, which run over a grid with zeros and ends in it.

ANY_ORDER = [
    *UNARY.values(),
    "Powf(Abs(x0), x1)",
    "Hypot(x0, x1)",
    "Atan2(x0, x1)",
    "Norm2(Concat(x0, x1))",
    "Sum(Normalize(Concat(x0, x1)))",
    "Sum(ComplexSqrt(Concat(x0, x1)))",
    "ComplexAbs(Concat(x0, x1))",
    "ComplexAngle(Concat(x0, x1))",
    "Sum(ComplexPow(Concat(x0, x1), Concat(0.5, 0)))",
    "Powf(Powf(Abs(x0 - x1), 3) + Powf(Abs(x0), 3), 1 / 3)",
    "Powf(Powf(Abs(x0 - x1), 1.5) + Powf(Abs(x0), 1.5), 1 / 1.5)",
    "Powf(Sqrt(Abs(x0 - x1)) + Sqrt(Abs(x0)), 2)",
    "Sqrt(WeightedSqDist(Concat(1, 2), Concat(x0, x1), Concat(x1, x0)))",
    "Sqrt(Cbrt(Abs(x0 * x1)))",
    "Abs(x0) ** 1.5",
]
GRID = [0, 0.5, -0.5, 1, -1, 2, 1.5, -2.5, 3]


@pytest.mark.parametrize("first", range(0, len(ANY_ORDER), 8))
def test_derivatives_are_finite(first: int) -> None:
    points = [list(p) for p in zip(*[(a, b) for a in GRID for b in GRID], strict=True)]
    chosen = ANY_ORDER[first : first + 8]
    orders = ["{}", "Grad({}, x0, 1)", "Grad({}, x1, 1)", "Grad(Grad({}, x0, 1), x0, 1)"]
    orders += ["Grad(Grad({}, x0, 1), x1, 1)", "Grad(Grad({}, x1, 1), x1, 1)"]
    values, *derivatives = (
        evaluate([order.format(f) for f in chosen], "float64", *points) for order in orders
    )
    for order, found in zip(orders[1:], derivatives, strict=True):
        for formula, value, row in zip(chosen, values, found, strict=True):
            at = [*zip(*points, strict=True)][np.argmax(np.isfinite(value) & ~np.isfinite(row))]
            assert np.isfinite(row[np.isfinite(value)]).all(), f"{order.format(formula)} at {at}"


# Law: % and // are NumPy's, whatever the signs, at zeros, infinities and NaN. (No divisor is -0:
# the sign of a zero is not kept.)


@pytest.mark.parametrize("dtype", DTYPES)
def test_remainders(dtype: str) -> None:
    values = [0, 1, -1, 2.5, -2.5, 0.1, -0.1, 3, -3, 7, 5.3, -12.5, INF, -INF, NAN]
    points = [list(p) for p in zip(*[(a, b) for a in values for b in values], strict=True)]
    a, b = np.array(points, dtype)
    formulas = ["x0 % x1", "x0 // x1", "x0 % 0", "Mod(x0, x1, 0)", "Mod(x0, x1, 0.5)", "x0 % -2.5"]
    found = evaluate(formulas, dtype, *points)
    with np.errstate(all="ignore"):
        shifted = np.mod(a - a.dtype.type(0.5), b) + a.dtype.type(0.5)
        rest, whole = a % b, a // b
        finite = np.isfinite(rest) & np.isfinite(a * b)
        expected = [rest, whole, a % 0, rest, shifted, a % a.dtype.type(-2.5)]
    for formula, one, other in zip(formulas, found, expected, strict=True):
        np.testing.assert_allclose(one, other, 1e-5, 1e-6, err_msg=formula)
    large = [1e30, -1e30, 1e-30, 123456789, 3, 0.1, -7, 1e38, 1e-45]
    points_of_large = [list(p) for p in zip(*[(a, b) for a in large for b in large], strict=True)]
    rests = evaluate(["x0 % x1", "Mod(x0, x1, 0)"], dtype, *points_of_large)
    dividend, divisor = np.array(points_of_large, dtype)
    exact = np.mod(dividend, divisor)
    for rest_of_large in rests:
        np.testing.assert_array_equal(rest_of_large[divisor != 0], exact[divisor != 0])
    slopes = ["Grad(x0 % x1, x0, 1)", "Grad(x0 % x1, x1, 1)", "Grad(x0 // x1, x0, 1)"]
    table = evaluate(slopes, dtype, *points)
    for slope, value in zip(table, [np.ones_like(a), -whole, np.zeros_like(a)], strict=True):
        np.testing.assert_allclose(slope[finite], value[finite], 1e-5, err_msg=slope)
