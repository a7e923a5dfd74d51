"""Where pykeops 2.3 is wrong, keopsnb is compared with NumPy, and pykeops is seen to be wrong.

Of what pykeops does badly only that is run here which neither crashes nor reads foreign memory.
"""

from typing import Any

import numpy as np
import pytest
from sides import BOTH, array, front_end, plain

M, N = 7, 11
RNG = np.random.default_rng(9)
X, Y = RNG.uniform(0.2, 0.9, (M, 3)), RNG.uniform(0.2, 0.9, (N, 3))
SUM = X[:, None] + Y[None]
A = RNG.standard_normal((9,))


def genred(front: Any, library: str, formula: str, args: Any, *aliases: str, **options: Any) -> Any:
    declared = list(aliases or ("x = Vi(3)", "y = Vj(3)"))
    return front.Genred(formula, declared, axis=1, **options)(*(array(library, a) for a in args))


def lazy(front: Any, library: str) -> tuple[Any, Any]:
    return front.Vi(array(library, X)), front.Vj(array(library, Y))


def gradient(result: Any, *inputs: Any) -> Any:
    import torch

    return torch.autograd.grad(result.sum(), inputs)


def scalar_exponent(front: Any, library: str) -> Any:
    s = array(library, np.array([1.7]), grad=True)
    x, y = lazy(front, library)
    return gradient(((x + y) ** front.Pm(s)).sum(axis=1), s)


def scalar_angle(front: Any, library: str) -> Any:
    s = array(library, np.array([0.7]), grad=True)
    x, y = lazy(front, library)
    return gradient((x + y).atan2(front.Pm(s)).sum(axis=1), s)


def branches_that_mix(front: Any, library: str) -> Any:
    x = array(library, X, grad=True)
    formula = "IfElse(x - y, MatVecMult(A, x), y)"
    result = front.Genred(formula, ["x=Vi(3)", "y=Vj(3)", "A=Pm(9)"], axis=1)(
        x, array(library, Y), array(library, A)
    )
    return gradient(result, x)


def complex_scalar(front: Any, library: str) -> Any:
    x, s = array(library, X, grad=True), array(library, np.array([0.5]), grad=True)
    z = front.Vi(x).real2complex() * front.Pm(s) * front.Vj(array(library, Y)).real2complex()
    return gradient(z.real.sum(axis=1), x, s)


def extremum(front: Any, library: str) -> Any:
    x = array(library, X, grad=True)
    return gradient((front.Vi(x) * front.Vj(array(library, Y))).max(axis=1), x)


# Library, program, what NumPy says, and whether pykeops raises an error or gives a wrong value.
WRONG: dict[str, tuple[str, Any, Any, str]] = {
    "powers in double precision": (
        "numpy",
        lambda front, lib: ((lazy(front, lib)[0] + lazy(front, lib)[1]) ** 1.7).sum(axis=1),
        (SUM**1.7).sum(1),
        "value",
    ),
    "constants in double precision": (
        "numpy",
        lambda front, lib: genred(front, lib, "IntInv(3) * x + y", (X, Y)),
        (X[:, None] / 3 + Y[None]).sum(1),
        "value",
    ),
    "gradient of a power in a scalar exponent": (
        "torch",
        scalar_exponent,
        [np.array([(SUM**1.7 * np.log(SUM)).sum()])],
        "error",
    ),
    "gradient of an angle in a scalar": (
        "torch",
        scalar_angle,
        [np.array([(-SUM / (SUM**2 + 0.49)).sum()])],
        "error",
    ),
    "gradient of IfElse with branches that mix components": (
        "torch",
        branches_that_mix,
        [np.einsum("ijk,kl->il", (X[:, None] >= Y[None]) * 1.0, A.reshape(3, 3))],
        "value",
    ),
    "complex gradients in odd dimensions": (
        "torch",
        complex_scalar,
        [
            np.broadcast_to(0.5 * Y.sum(0), X.shape),
            np.array([(X[:, None] * Y[None]).sum()]),
        ],
        "error",
    ),
    "gradient of a maximum": (
        "torch",
        extremum,
        [np.broadcast_to(Y.max(0), X.shape)],
        "error",
    ),
    "log-sum-exp with weights by that name": (
        "numpy",
        lambda front, lib: genred(
            front, lib, "Sum(x * y)", (X, Y), reduction_op="LogSumExpWeight", formula2="y"
        ),
        np.log(np.einsum("ij,jd->id", np.exp(X @ Y.T), Y)),
        "value",
    ),
    "log-sum-exp of terms that are 0": (
        "numpy",
        lambda front, lib: genred(
            front, lib, "Sum(x * y) + Log(Step(Sum(y) - s))", (X, Y, np.array([Y.sum(1).mean()])),
            "x=Vi(3)", "y=Vj(3)", "s=Pm(1)", reduction_op="LogSumExp",
        ),
        np.log((np.exp(X @ Y.T) * (Y.sum(1) >= Y.sum(1).mean())).sum(1))[:, None],
        "value",
    ),
    "floats in formulas": (
        "numpy",
        lambda front, lib: genred(front, lib, "0.5 * x + y", (X, Y)),
        (0.5 * X[:, None] + Y[None]).sum(1),
        "error",
    ),
    "equality in formulas": (
        "numpy",
        lambda front, lib: genred(front, lib, "x * (Step(x - y) == 1)", (X, Y)),
        (X[:, None] * (X[:, None] >= Y[None])).sum(1),
        "value",
    ),
    "kahan_scheme of a log-sum-exp": (
        "numpy",
        lambda front, lib: genred(
            front, lib, "Sum(x * y)", (X, Y), reduction_op="LogSumExp", sum_scheme="kahan_scheme"
        ),
        np.log(np.exp(X @ Y.T).sum(1))[:, None],
        "error",
    ),
    "indices from the end": (
        "numpy",
        lambda front, lib: (lazy(front, lib)[0] * lazy(front, lib)[1])[-1].sum(axis=1),
        (X[:, None, 2] * Y[None, :, 2]).sum(1)[:, None],
        "error",
    ),
    "a number to the power of a matrix": (
        "numpy",
        lambda front, lib: (2 ** (lazy(front, lib)[0] * lazy(front, lib)[1])).sum(axis=1),
        (2 ** (X[:, None] * Y[None])).sum(1),
        "error",
    ),
    "complex numbers in a list": (
        "numpy",
        lambda front, lib: (lazy(front, lib)[0][0:2] * front.LazyTensor([1j, 2j])).sum(axis=1),
        X[:, :2] * np.array([1j, 2j]),
        "value",
    ),
}  # fmt: skip


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    return found.shape == expected.shape and np.allclose(found, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", WRONG)
def test_here(name: str) -> None:
    library, program, expected, _ = WRONG[name]
    assert same(plain(program(front_end(BOTH[1], library), library)), expected)


@pytest.mark.parametrize("name", WRONG)
def test_there(name: str) -> None:
    library, program, expected, kind = WRONG[name]
    front = front_end(BOTH[0], library)
    if kind == "error":
        with pytest.raises(Exception):  # noqa: B017, PT011  of any kind
            program(front, library)
    else:
        assert not same(plain(program(front, library)), expected)
