"""The derivative of a selection is that of the branch taken, whatever stands in the other one."""

import numpy as np
import pytest

from keopsnb import _core

T = -1.0  # where all is evaluated

# At T: without a value, or infinite with an infinite derivative. The last ones are vectors,
# matrices and chains that pass a 0 on to something infinite.
BAD = {
    "no number": "Sqrt(t)",
    "infinite": "Log(t + 1)",
    "pole": "Inv(t + 1)",
    "deep": "Exp(Sqrt(Square(Log(t + 1))) * Sqrt(Sqrt(t)))",
    "power": "Powf(t + 1, -0.5) * t",
    "norm": "Norm2(Concat(Log(t + 1), Sqrt(t), t))",
    "matrix": "Elem(MatVecMult(Concat(t, Log(t + 1), Inv(t + 1), t), Concat(Sqrt(t), t)), 1)",
    "product": "Sum(TensorProd(Concat(Log(t + 1), t), Concat(t, t)))",
    "scaled": "Sum(Log(t + 1) * Concat(t, 2 * t, Sqrt(t)))",
    "shared": "t * t * t * Log(t + 1)",
    "complex": "ComplexAbs(ComplexExp(Concat(Log(t + 1), Sqrt(t))))",
}
GOOD = "t * t * t"  # taken

# Of a `bad` and a `good` formula; each takes the good one at T.
EITHER = {
    "IfElse": "IfElse(t, {bad}, {good})",
    "IfElse, second": "IfElse(-t, {good}, {bad})",
    "Where": "Where(t < 0, {good}, {bad})",
    "Where, third": "Where(t, {good}, {bad})",
    "Where, never": "Where(0, {bad}, {good})",
    "Where of vectors": "Sum(Where(Concat(0, t), Concat({bad}, {good}), Concat(0, {bad})))",
    "Where of a scalar": "Elem(Where(Concat(0, 1), {bad} * Concat(1, 2), {good}), 0)",
    "nested": "Where(t < 0, IfElse(t, {bad}, {good}), {bad})",
    "shared": "Where(t < 0, ({good}) * 2, {bad} + {good}) - {good}",
    "chained": "Sqrt(Square(Where(t < 0, {good}, {bad}))) * -1",
    "Clamp": "Clamp({good}, -9, 9 + 0 * Where(t < 0, 0, {bad}))",
    "Take": "Take(Concat({bad}, {good}), i)",
    "Elem": "Elem(Concat({bad}, {good}), 1)",
    "Elem twice": "Log(Elem(Exp(Concat({good}, {bad}, {good})), 0)"
    " + Elem(Exp(Concat({good}, {bad}, {good})), 2)) - Log(2)",
}
# Selections by value, of the finite -1 against what is infinite.
BY_VALUE = {
    "Maximum": "Maximum({good}, Log(t + 1))",
    "Minimum": "Minimum(-Log(t + 1), {good})",
    "Max": "Max(Concat(Log(t + 1), {good}, Log(t + 1)))",
    "Max without NaN": "Max(Concat(Sqrt(t), {good}))",
    "Min": "Min(Concat(-Log(t + 1), {good}))",
    "Clamp": "Clamp({good}, Log(t + 1), -Log(t + 1))",
    "Clamp above": "Clamp(-Log(t + 1), -9, {good})",
    "Clamp below": "Clamp(Log(t + 1), {good}, 9)",
    "ReLU": "{good} + ReLU(Log(t + 1))",
    "ClampInt": "{good} + 1 + ClampInt(Log(t + 1), -1, 1)",
    "Step": "{good} + Step(Log(t + 1))",
    "mask": "{good} + (t > 0) * Powf(t + 1, 0.5)",
    "mask after": "{good} + Powf(Abs(t + 1), 0.5) * (t > 0) * 2",
    "OneHot": "Sum(OneHot(1, 3) * Concat(Powf(t + 1, 0.3), {good}, Powf(t + 1, 0.1)))",
}
LIGHT = ("infinite", "no number", "pole")
CASES = [
    *((f"Where, {b}", EITHER["Where"].format(bad=BAD[b], good=GOOD), 3) for b in BAD),
    *(
        (f"{s}, {b}", EITHER[s].format(bad=BAD[b], good=GOOD), 5)
        for s, b in zip(EITHER, 5 * LIGHT, strict=False)
    ),
    *((name, text.format(good=GOOD), 5) for name, text in BY_VALUE.items()),
]
# Value, gradient, differential, and second derivatives backwards, forwards, and mixed, of t^3.
ORDERS = {
    "{f}": T**3,
    "Grad({f}, t, 2)": 6 * T**2,
    "Diff({f}, t, 2)": 6 * T**2,
    "Grad(Grad({f}, t, 1), t, 1)": 6 * T,
    "Laplacian({f}, t)": 6 * T,
}


CHUNK = 3  # cases a kernel


@pytest.mark.parametrize("first", range(0, len(CASES), CHUNK))
def test_branch_taken(first: int) -> None:
    chosen = CASES[first : first + CHUNK]
    dtype, integer = [("float32", "int32"), ("float64", "int64")][first == 0]
    tests = [(name, f, order) for name, f, orders in chosen for order in list(ORDERS)[:orders]]
    formulas = [order.format(f=f) for _, f, order in tests]
    routine = _core.Reduction(
        f"Concat({', '.join(formulas)})", ["t = Vi(1)", "i = Vj(1)"], "Sum", 1
    )
    found = routine(_core.NUMPY, (np.full((3, 1), T, dtype), np.ones((1, 1), integer)))
    for k, (name, _, order) in enumerate(tests):
        np.testing.assert_allclose(found[:, k], ORDERS[order], 1e-5, err_msg=f"{order}, {name}")


# Law: what a selection takes is decided by its value at NaN too.


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_condition_without_a_number(dtype: str) -> None:
    cases = {
        "IfElse(t, a * 2, a * 3)": 3,
        "Where(t, a * 2, a * 3)": 2,
        "Clamp(a, t, t + 1)": 1,
        "Where(t < 0, a * 2, a * 3)": 3,
    }
    formulas = [f"Grad({f}, a, 1)" for f in cases]
    routine = _core.Reduction(
        f"Concat({', '.join(formulas)})", ["t = Vi(1)", "a = Vj(1)"], "Sum", 1
    )
    found = routine(_core.NUMPY, (np.full((1, 1), np.nan, dtype), np.ones((1, 1), dtype)))
    assert found[0].tolist() == list(cases.values())
