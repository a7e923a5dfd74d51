"""KernelSolve against dense solves: (K + alpha Id) x = b."""

import numpy as np
import pytest

from keopsnb.numpy import Genred, generic_argkmin, generic_sum
from keopsnb.numpy._solve import ConvergenceError, KernelSolve

FORMULA = "Exp(-SqDist(x, y)) * b"
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(3)"]
POINTS = np.random.default_rng(0).normal(size=(30, 2))
RIGHT = np.random.default_rng(1).normal(size=(30, 3)) * np.array([1.0, 1e-9, 0.0])


def test_solution_is_the_dense_one_for_each_column():
    kernel = np.exp(-((POINTS[:, None] - POINTS) ** 2).sum(-1)) + 0.1 * np.eye(30)
    solve = KernelSolve(FORMULA, ALIASES, "b", axis=1)
    found = solve(POINTS, POINTS, RIGHT, alpha=0.1, eps=1e-12, full=True)
    expected = np.linalg.solve(kernel, RIGHT)
    np.testing.assert_allclose(found.solution[:, :2], expected[:, :2], rtol=1e-8, atol=1e-20)
    assert not found.solution[:, 2].any()
    assert found.iterations > 1
    again = solve(POINTS, POINTS, RIGHT, alpha=0.1, x0=found.solution, full=True)
    assert again.iterations == 0
    exact = KernelSolve(FORMULA, ALIASES, "Var(2,3,1)", axis=1)(
        POINTS, POINTS, RIGHT, alpha=0.1, preconditioner=lambda r: np.linalg.solve(kernel, r)
    )
    np.testing.assert_allclose(exact[:, :2], expected[:, :2], rtol=1e-5, atol=1e-14)


def test_errors_say_why():
    solve = KernelSolve(FORMULA, ALIASES, "b", axis=1)
    with pytest.raises(ConvergenceError, match="after 2 iterations"):
        solve(POINTS, POINTS, RIGHT, max_iterations=2)
    with pytest.raises(ValueError, match="right-hand side.* not finite"):
        solve(POINTS, POINTS, RIGHT * np.nan)
    with pytest.raises(ConvergenceError, match="positive definite"):
        solve(POINTS, POINTS, RIGHT, alpha=-50.0)
    with pytest.raises(ValueError, match="no variable"):
        KernelSolve(FORMULA, ALIASES, "c", axis=1)
    with pytest.raises(ValueError, match="does not run over"):
        KernelSolve(FORMULA, ALIASES, "x", axis=1)


def test_generic_helpers_read_the_axis_and_dimension():
    found = generic_sum(FORMULA, "a = Vi(3)", *ALIASES)(POINTS, POINTS, RIGHT)
    np.testing.assert_array_equal(found, Genred(FORMULA, ALIASES, axis=1)(POINTS, POINTS, RIGHT))
    nearest = generic_argkmin("SqDist(x, y)", "a = Vi(2)", *ALIASES[:2])(POINTS, POINTS)
    assert nearest.shape == (30, 2)
    assert (nearest[:, 0] == np.arange(30)).all()
    with pytest.raises(ValueError, match="dimension 3"):
        generic_sum(FORMULA, "a = Vi(2)", *ALIASES)
    with pytest.raises(ValueError, match="output is"):
        generic_sum(FORMULA, "a = Pm(2)", *ALIASES)


@pytest.mark.parametrize("f", ["SqDist(x, y) * b * b", f"{FORMULA[:-1]}Abs(b)", "ReLU(b)"])
def test_formulas_that_are_not_linear(f: str) -> None:
    solve = KernelSolve(f, ALIASES, "b", axis=1)
    with pytest.raises(ValueError, match="The formula is not linear in the variable"):
        solve(POINTS, POINTS, RIGHT, alpha=50.0)


def test_columns_that_are_mixed_a_little() -> None:
    aliases = ["x = Vi(2)", "y = Vj(2)", "m = Pm(4)", "b = Vj(2)"]
    solve = KernelSolve("Exp(-SqDist(x, y)) * MatVecMult(m, b)", aliases, "b", axis=1)
    mixing, b = np.array([1, 4e-4, 4e-4, 1]), RIGHT[:, :2] * [1, 1e6]
    found = solve(POINTS, POINTS, mixing, b, alpha=0.1, eps=1e-9)
    kernel = np.exp(-((POINTS[:, None] - POINTS) ** 2).sum(-1))
    product = kernel @ found @ mixing.reshape(2, 2) + 0.1 * found
    np.testing.assert_allclose(product, b, atol=1e-8 * np.linalg.norm(b))


@pytest.mark.parametrize("preconditioner", [None, "nystrom", "pivoted_cholesky"])
def test_kernels_of_low_rank(preconditioner: str | None) -> None:
    solve = KernelSolve("(x | y) * b", ALIASES, "b", axis=1)
    for points in (POINTS, 0 * POINTS):
        found = solve(points, points, RIGHT, alpha=0.5, preconditioner=preconditioner)
        np.testing.assert_allclose(points @ (points.T @ found) + 0.5 * found, RIGHT, atol=1e-4)
    empty = solve(POINTS[:0], POINTS[:0], RIGHT[:0], alpha=0.5)
    assert empty.shape == (0, 3)
