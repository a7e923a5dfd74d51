"""Preconditioners, systems whose columns are mixed, and what is shown while one waits."""

import pickle
import sys
import types
from typing import Any

import numpy as np
import pytest

from keopsnb.numpy import ConvergenceError, KernelSolve

RANDOM = np.random.default_rng(3)
N = 60
X, B = RANDOM.random((N, 2)), RANDOM.random((N, 3))
KERNEL = np.exp(-10 * ((X[:, None] - X) ** 2).sum(-1))
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(3)"]
SCALED = "Exp(-10 * SqDist(x, y)) * b"


@pytest.fixture(scope="module")
def solve() -> KernelSolve:
    return KernelSolve(SCALED, ALIASES, "b", axis=1)


# Law: a preconditioner changes the number of steps, and not the solution.


@pytest.mark.parametrize("name", ["nystrom", "pivoted_cholesky"])
@pytest.mark.parametrize("rank", [1, 20, 1000])
@pytest.mark.parametrize("alpha", [1e-3, 1.0])
def test_named(solve: KernelSolve, name: str, rank: int, alpha: float) -> None:
    options: dict[str, Any] = {"alpha": alpha, "eps": 1e-10, "full": True}
    plain = solve(X, X, B, **options)
    found = solve(X, X, B, preconditioner=name, rank=rank, **options)
    expected = np.linalg.solve(KERNEL + alpha * np.eye(N), B)
    np.testing.assert_allclose(found.solution, expected, rtol=1e-6, atol=1e-6)
    if rank == 20:
        assert found.iterations < 0.6 * plain.iterations
    if rank == 1000:  # the whole matrix
        assert found.iterations < 20


@pytest.mark.parametrize("name", ["nystrom", "pivoted_cholesky"])
def test_the_other_axis_and_single_precision(name: str) -> None:
    aliases = ["x = Vj(2)", "y = Vi(2)", "b = Vi(3)"]
    x, b = X.astype("f4"), B.astype("f4")
    found = KernelSolve(SCALED, aliases, "b", axis=0)(
        x, x, b, alpha=0.1, preconditioner=name, rank=20
    )
    assert found.dtype == np.float32
    expected = np.linalg.solve(KERNEL + 0.1 * np.eye(N), B)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


def test_solvers_are_pickled(solve: KernelSolve) -> None:
    again = pickle.loads(pickle.dumps(solve))
    np.testing.assert_array_equal(again(X, X, B, alpha=1.0), solve(X, X, B, alpha=1.0))


# Law: where the kernel mixes the columns, the array is one vector; a mix is found, not assumed.

MATRIX = "MatVecMult(TensorProd(x, y), b) + Exp(-SqDist(x, y)) * b"


def test_columns_that_are_mixed() -> None:
    solve = KernelSolve(MATRIX, ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"], "b", axis=1)
    x, b = X[:20], B[:20, :2]
    blocks = x[:, None, :, None] * x[None, :, None, :]
    blocks = blocks + np.exp(-((x[:, None] - x) ** 2).sum(-1))[..., None, None] * np.eye(2)
    dense = blocks.transpose(0, 2, 1, 3).reshape(40, 40) + 0.1 * np.eye(40)
    found = solve(x, x, b, alpha=0.1, eps=1e-12, full=True)
    expected = np.linalg.solve(dense, b.reshape(-1)).reshape(20, 2)
    np.testing.assert_allclose(found.solution, expected, rtol=1e-8)
    assert found.residual.shape == (1, 1)
    for name in ("nystrom", "pivoted_cholesky"):
        with pytest.raises(ValueError, match="for a kernel of dimension 1 times the variable"):
            solve(x, x, b, preconditioner=name)


def test_rounding_is_not_taken_for_a_formula_that_is_not_linear() -> None:
    # Pairs of equal points with opposite values, shuffled: K b is nothing but rounding errors.
    order = RANDOM.permutation(2 * N)
    x = np.repeat(X, 2, 0).astype("f4")[order]
    b = np.tile(np.float32([[1], [-1]]), (N, 1))[order]
    solve = KernelSolve(SCALED, [*ALIASES[:2], "b = Vj(1)"], "b", axis=1)
    with pytest.raises(ConvergenceError):
        solve(x, x, b, alpha=1e-9)


def test_kernels_that_are_not_positive() -> None:
    solve = KernelSolve("-SqDist(x, y) * b - b", ALIASES, "b", axis=1)
    for name in ("nystrom", "pivoted_cholesky"):
        with pytest.raises(ValueError, match=f"'{name}' needs a positive semidefinite kernel"):
            solve(X, X, B, preconditioner=name)
    with pytest.raises(ConvergenceError, match="not positive definite"):
        solve(X, X, B)


# Law: a progress bar is shown when it is asked for, by tqdm; without tqdm that is an error.


def test_progress(solve: KernelSolve, monkeypatch: pytest.MonkeyPatch) -> None:
    class Bar:
        n, closed, told = 0, False, ""

        def __init__(self, **options: Any) -> None:
            bars.append(self)

        def update(self, steps: int) -> None:
            self.n += steps

        def set_postfix_str(self, text: str, refresh: bool) -> None:
            self.told = text

        def close(self) -> None:
            self.closed = True

    bars: list[Bar] = []
    fake = types.ModuleType("tqdm.auto")
    fake.tqdm = Bar  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", fake)
    steps: list[int] = []
    found = solve(
        X, X, B, alpha=1.0, progress=True, full=True, callback=lambda k, _: steps.append(k)
    )
    (bar,) = bars
    assert (bar.n, bar.closed, len(steps)) == (found.iterations, True, found.iterations)
    assert "residual" in bar.told
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    with pytest.raises(ImportError, match="pip install tqdm"):
        solve(X, X, B, progress=True)
