"""alpha of each row, right-hand sides of any scale, and residuals that are true."""

import importlib
import importlib.util
import warnings
from typing import Any

import numpy as np
import pytest

from keopsnb.numpy import AccuracyWarning, ConvergenceError, KernelSolve

FRONTS = ["numpy"] + ["torch"] * (importlib.util.find_spec("torch") is not None)
RANDOM = np.random.default_rng(5)
N = 31
X, B = RANDOM.random((N, 2)), RANDOM.standard_normal((N, 1))
KERNEL = np.exp(-10 * ((X[:, None] - X) ** 2).sum(-1))
FORMULA, ALIASES = "Exp(-10 * SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]
ROWS = 0.05 + RANDOM.random(N)


def solve(front: str, b: Any, dtype: str = "float64", **options: Any) -> Any:
    """The solution in NumPy, of a front end."""
    make: Any = np.asarray if front == "numpy" else importlib.import_module("torch").as_tensor
    call = importlib.import_module(f"keopsnb.{front}").KernelSolve(FORMULA, ALIASES, "b", axis=1)
    x, b = make(X.astype(dtype)), make(np.asarray(b).astype(dtype))
    made = {k: make(v) if isinstance(v, np.ndarray) else v for k, v in options.items()}
    return np.asarray(call(x, x, b, **made))


# Law: alpha of each row is K + diag(alpha), with a preconditioner or none.


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", [None, "nystrom", "pivoted_cholesky"])
@pytest.mark.parametrize("spread", [0.0, 1.0, 6.0])
def test_rows(front: str, name: str | None, spread: float) -> None:
    rows = 10 ** (spread * (ROWS - 1))
    expected = np.linalg.solve(KERNEL + np.diag(rows), B)
    for alpha in (rows, rows[:, None], rows[None, :, None]):
        found = solve(
            front, B, alpha=alpha, eps=1e-11, preconditioner=name, rank=10 * bool(name) or None
        )
        np.testing.assert_allclose(found.reshape(N, 1), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", ["nystrom", "pivoted_cholesky"])
@pytest.mark.parametrize("front", FRONTS)
def test_batches_of_alpha_with_a_preconditioner(front: str, name: str) -> None:
    alpha = np.array([0.1, 2.0]).reshape(2, 1, 1)
    found = solve(front, B, alpha=alpha, eps=1e-11, preconditioner=name)
    for one, a in zip(found, alpha.ravel(), strict=True):
        np.testing.assert_allclose(one, np.linalg.solve(KERNEL + a * np.eye(N), B), rtol=1e-6)


# Law: a solution is linear in its right-hand side, at any scale of the dtype.


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize(
    ("dtype", "scale"),
    [("float32", s) for s in (1e-36, 1e-24, 1e-18, 1e18, 1e36)]
    + [("float64", s) for s in (1e-300, 1e-160, 1e160, 1e300)],
)
def test_scales(front: str, dtype: str, scale: float) -> None:
    found = solve(front, B * scale, dtype, alpha=1.0, eps=1e-5).astype("f8") / scale
    np.testing.assert_allclose(found, np.linalg.solve(KERNEL + np.eye(N), B), atol=1e-4)


@pytest.mark.parametrize("scale", [1e-30, 1e30])
@pytest.mark.parametrize("name", [None, "nystrom", "pivoted_cholesky"])
def test_scales_of_kernels(scale: float, name: str | None) -> None:
    call = KernelSolve(f"s * {FORMULA}", [*ALIASES, "s = Pm(1)"], "b", axis=1)
    x, s = X.astype("f4"), np.float32([scale])
    found = call(x, x, B.astype("f4"), s, alpha=0.1 * scale, eps=1e-4, preconditioner=name)
    expected = np.linalg.solve(KERNEL + 0.1 * np.eye(N), B)
    np.testing.assert_allclose(
        found.astype("f8") * scale, expected, atol=2e-3 * np.abs(expected).max()
    )


# Law: what is said to be converged has the residual that was asked for; what is not, is told.


@pytest.mark.parametrize("alpha", [1.0, 1e-2, 1e-4])
def test_residuals_are_true(alpha: float) -> None:
    call = KernelSolve(FORMULA, ALIASES, "b", axis=1)
    x, b = X.astype("f4"), B.astype("f4")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        found = call(x, x, b, alpha=alpha, full=True, max_iterations=5000)
    dense = np.exp(-10 * ((x[:, None].astype("f8") - x) ** 2).sum(-1)) + alpha * np.eye(N)
    true = np.linalg.norm(b - dense @ found.solution) / np.linalg.norm(b)
    assert found.converged == (found.residual.max() <= 1e-6)
    assert true < 3 * found.residual.max() + 1e-6
    assert bool(told) == bool(found.residual.max() > 1e-4)
    if not found.converged:
        with pytest.raises(ConvergenceError, match="falls no further.*float64"):
            call(x, x, b, alpha=alpha, eps=1e-9, max_iterations=5000)


def test_what_is_singular_to_rounding_is_told() -> None:
    call = KernelSolve("(x | y) * b", ALIASES, "b", axis=1)
    x, b = X.astype("f4"), (X @ (X.T @ B) + 0.01 * B).astype("f4")
    with warnings.catch_warnings():
        warnings.simplefilter("error", AccuracyWarning)
        with pytest.raises((ConvergenceError, AccuracyWarning), match="alpha"):
            call(x, x, b)
