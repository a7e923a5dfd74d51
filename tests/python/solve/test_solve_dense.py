"""Law: a system is solved as its dense matrix is, or it is said why not; never in silence."""

import importlib
import importlib.util
import warnings
from typing import Any

import numpy as np
import pytest

from keopsnb.numpy import ConvergenceError, KernelSolve, Vi, Vj

FRONTS = ["numpy"] + ["torch"] * (importlib.util.find_spec("torch") is not None)
FORMULA = "Exp(-SqDist(x, y)) * b"
SOLVERS = {
    (front, dim, columns): importlib.import_module(f"keopsnb.{front}").KernelSolve(
        FORMULA, [f"x = Vi({dim})", f"y = Vj({dim})", f"b = Vj({columns})"], "b", axis=1
    )
    for front in FRONTS
    for dim, columns in ((1, 1), (3, 2))
}


def gaussian(x: Any) -> Any:
    return np.exp(-((x[:, None] - x) ** 2).sum(-1))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", range(25))
def test_random_systems(seed: int, dtype: str, front: str) -> None:
    random = np.random.default_rng(seed)
    n, (dim, columns) = int(random.integers(1, 41)), ((1, 1), (3, 2))[seed % 2]
    make: Any = np.asarray if front == "numpy" else importlib.import_module(front).as_tensor
    x = (random.uniform(0.3, 5) * random.random((n, dim))).astype(dtype)
    b = (10 ** random.uniform(-6, 6) * random.standard_normal((n, columns))).astype(dtype)
    least = 10 ** random.uniform(-2, 1)
    rows = least * (1 + 9 * random.random(n))
    alpha = (least, rows, rows[:, None], np.full((1, 1), least))[int(random.integers(4))]
    name = (None, "nystrom", "pivoted_cholesky")[int(random.integers(3))]
    rank = None if name is None or random.random() < 0.5 else int(random.integers(1, 2 * n + 1))
    matrix = gaussian(x.astype("f8")) + alpha * np.eye(n)
    if np.ndim(alpha) == 1:
        matrix = gaussian(x.astype("f8")) + np.diag(rows)
    eps = 1e-11 if dtype == "float64" else 1e-5
    given = make(alpha.astype(dtype)) if isinstance(alpha, np.ndarray) else alpha
    xs, bs = make(x), make(b)
    found = SOLVERS[front, dim, columns](
        xs, xs, bs, alpha=given, eps=eps, preconditioner=name, rank=rank, full=True
    )
    expected = np.linalg.solve(matrix, b.astype("f8"))
    assert found.converged
    # A residual of eps is an error of eps |b| / (least eigenvalue) at most.
    error = np.linalg.norm(np.asarray(found.solution) - expected, axis=0)
    assert (error <= 2 * eps / least * np.linalg.norm(b.astype("f8"), axis=0)).all()


# Law: with points twice and alpha 0, what comes without a word solves the system.


@pytest.mark.parametrize("name", [None, "nystrom", "pivoted_cholesky"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [2, 8, 40])
@pytest.mark.parametrize("alpha", ["left out", "0", "0 of each row"])
def test_points_that_are_twice_there(n: int, dtype: str, name: str | None, alpha: str) -> None:
    random = np.random.default_rng(n)
    x = np.repeat(random.random((n // 2, 3)), 2, 0).astype(dtype)
    matrix = gaussian(x.astype("f8"))
    options = {"left out": {}, "0": {"alpha": 0.0}, "0 of each row": {"alpha": np.zeros(n, dtype)}}
    for side in (matrix @ np.ones((n, 2)), random.standard_normal((n, 2)), np.zeros((n, 2))):
        b = side.astype(dtype)
        words = ""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                found = SOLVERS["numpy", 3, 2](
                    x, x, b, preconditioner=name, full=True, **options[alpha]
                )
            except ConvergenceError as error:
                words, found = str(error), error.found  # type: ignore[assignment]
        words += "".join(str(w.message) for w in told)
        residual = np.linalg.norm(matrix @ found.solution - b) / max(np.linalg.norm(b), 1e-30)
        assert residual < 3e-4 or "alpha" in words
        assert np.isfinite(found.solution).all()


def test_a_kernel_that_is_nothing_beside_the_alpha_left_out_is_told() -> None:
    x = np.random.default_rng(0).random((5, 3))
    with pytest.warns(UserWarning, match="next to the alpha of 1e-10"):
        (1e-12 * (-Vi(x).sqdist(Vj(x))).exp()).solve(np.ones(5))


def test_no_rows_and_16_bits() -> None:
    for front in FRONTS:
        make: Any = np.asarray if front == "numpy" else importlib.import_module(front).as_tensor
        x, b = make(np.ones((0, 3))), make(np.ones((0, 2)))
        for name in (None, "nystrom", "pivoted_cholesky"):
            for alpha in (0.1, make(np.ones(0)), make(np.ones((0, 1)))):
                solve = SOLVERS[front, 3, 2]
                found = solve(x, x, b, alpha=alpha, preconditioner=name, full=True)
                assert found.solution.shape == (0, 2)
                assert found.converged
    x = np.random.default_rng(0).random((9, 3)).astype("float16")
    expected = np.linalg.solve(gaussian(x.astype("f8")) + np.eye(9), np.ones((9, 2)))
    for name in (None, "nystrom", "pivoted_cholesky"):
        for alpha in (1.0, np.ones(9, "float16")):
            solve = SOLVERS["numpy", 3, 2]
            found = solve(x, x, np.ones((9, 2), "float16"), alpha=alpha, preconditioner=name)
            assert found.dtype == np.float16
            np.testing.assert_allclose(found, expected, atol=2e-3)


def test_a_preconditioner_that_is_not_positive_definite_is_named() -> None:
    call = KernelSolve(FORMULA, ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"], "b", axis=1)
    x = np.random.default_rng(0).random((5, 3))
    with pytest.raises(ConvergenceError, match="The preconditioner is not positive definite"):
        call(x, x, np.ones((5, 2)), alpha=1.0, preconditioner=lambda r: -r)
    with pytest.raises(ConvergenceError, match="The matrix is not positive definite"):
        call(x, x, np.ones((5, 2)), alpha=-9.0)
