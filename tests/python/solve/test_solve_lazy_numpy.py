"""`solve` of symbolic matrices, and SciPy's solvers on them, against dense linear algebra."""

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg

from keopsnb.numpy import ConvergenceError, LazyTensor, Vi, Vj

RANDOM = np.random.default_rng(0)
N = 29
X, B = RANDOM.random((N, 2)), RANDOM.random((N, 3))
KERNEL = np.exp(-((X[:, None] - X) ** 2).sum(-1) / 0.1)
SYSTEM = KERNEL + 0.1 * np.eye(N)
SOLUTION = np.linalg.solve(SYSTEM, B)
EXACT = {"alpha": 0.1, "eps": 1e-12}


def kernel(x: Any = X) -> LazyTensor:
    return (-Vi(x).sqdist(Vj(x)) / 0.1).exp()


def waiting() -> LazyTensor:
    return (-Vi(0, 2).sqdist(Vj(1, 2)) / 0.1).exp()


unknown = Vj(2, 3)

# Law: the solution is that of the dense system, in the shape of the right-hand side.

CASES: list[tuple[str, Callable[[], Any], Any]] = [
    ("columns", lambda: kernel().solve(B, **EXACT), SOLUTION),
    ("a vector", lambda: kernel().solve(B[:, 0], **EXACT), SOLUTION[:, 0]),
    ("rows i", lambda: kernel().solve(Vi(B), **EXACT), SOLUTION),
    ("rows j", lambda: kernel().solve(Vj(B), **EXACT), SOLUTION),
    ("transposed", lambda: kernel().T.solve(B, **EXACT), SOLUTION),
    ("deferred", lambda: kernel().solve(B, call=False, **EXACT)(), SOLUTION),
    ("symbolic", lambda: waiting().solve(Vi(2, 3), **EXACT)(X, X, B), SOLUTION),
    (
        "pickled",
        lambda: pickle.loads(pickle.dumps(waiting().solve(Vi(2, 3))))(X, X, B, **EXACT),
        SOLUTION,
    ),
    (
        "for a variable",
        lambda: (waiting() * unknown).solve(Vi(2, 3), unknown, **EXACT)(X, X, B),
        SOLUTION,
    ),
    (
        "for an array's variable",
        lambda: (kernel() * Vj(B)).solve(B, var=Vj(B), **EXACT),
        SOLUTION,
    ),
    (
        "warm",
        lambda: kernel().solve(B[:, 0], x0=SOLUTION[:, 0], full=True, **EXACT).solution,
        SOLUTION[:, 0],
    ),
]


@pytest.mark.parametrize(("name", "solve", "dense"), CASES, ids=[c[0] for c in CASES])
def test_solutions(name: str, solve: Callable[[], Any], dense: np.ndarray) -> None:
    found = solve()
    assert found.shape == dense.shape, name
    np.testing.assert_allclose(found, dense, rtol=1e-8)


def test_batches_broadcast() -> None:
    x = RANDOM.random((2, 3, 9, 2))
    k = (-((LazyTensor(x[:, :, :, None]) - LazyTensor(x[:, :, None])) ** 2).sum(-1)).exp()
    dense = np.exp(-((x[:, :, :, None] - x[:, :, None]) ** 2).sum(-1)) + np.eye(9)
    for b in (RANDOM.random((2, 3, 9, 1)), RANDOM.random((3, 9, 1)), RANDOM.random((9, 1))):
        found = k.solve(b, alpha=1.0, eps=1e-12)
        expected = np.linalg.solve(dense, np.broadcast_to(b, (2, 3, 9, 1)))
        np.testing.assert_allclose(found, expected, rtol=1e-8)
        named = k.solve(b, alpha=1.0, eps=1e-12, preconditioner="nystrom", rank=4)
        np.testing.assert_allclose(named, expected, rtol=1e-8)


def test_ranges() -> None:
    ends = np.array([12, N])
    begins = np.array([0, 12])
    blocks = (np.stack([begins, ends], 1), np.array([1, 2]), np.stack([begins, ends], 1)) * 2
    k = kernel()
    k.ranges = blocks
    same = (np.arange(N)[:, None] < 12) == (np.arange(N) < 12)
    dense = KERNEL * same + 0.1 * np.eye(N)
    np.testing.assert_allclose(k.solve(B, **EXACT), np.linalg.solve(dense, B), rtol=1e-8)
    with pytest.raises(ValueError, match="without batch dimensions and ranges"):
        k.solve(B, preconditioner="pivoted_cholesky")


def test_what_is_reported() -> None:
    steps: list[tuple[int, float]] = []
    found = kernel().solve(
        B[:, 0], full=True, callback=lambda k, r: steps.append((k, float(r.max()))), **EXACT
    )
    assert [k for k, _ in steps] == list(range(1, found.iterations + 1))
    assert steps[-1][1] <= 1e-12 < steps[-2][1]
    residual = np.linalg.norm(B[:, 0] - SYSTEM @ found.solution) / np.linalg.norm(B[:, 0])
    assert found.residual.shape == ()
    assert found.converged
    assert residual < 1e-10
    assert found.residual < 1e-10


def test_single_precision() -> None:
    found = kernel(X.astype("f4")).solve(B.astype("f4"), alpha=0.1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, SOLUTION, rtol=1e-3, atol=1e-3)


# Law: SciPy's iterative solvers take a symbolic matrix.


def test_scipy() -> None:
    operator = scipy.sparse.linalg.aslinearoperator(kernel())
    values = np.linalg.eigvalsh(KERNEL)
    np.testing.assert_allclose(operator @ B, KERNEL @ B, rtol=1e-12)
    np.testing.assert_allclose(operator.H @ B[:, 0], KERNEL.T @ B[:, 0], rtol=1e-12)
    np.testing.assert_allclose(scipy.sparse.linalg.eigsh(operator, k=3)[0], values[-3:])
    shifted = operator + 0.1 * scipy.sparse.linalg.aslinearoperator(np.eye(N))
    found, status = scipy.sparse.linalg.cg(shifted, B[:, 0], atol=1e-10)
    assert status == 0
    np.testing.assert_allclose(SYSTEM @ found, B[:, 0], rtol=1e-4)
    start = RANDOM.random((N, 2))
    top = scipy.sparse.linalg.lobpcg(operator, start, tol=1e-8, maxiter=200)[0]
    np.testing.assert_allclose(np.sort(top), values[-2:], rtol=1e-6)


# Law: what is wrong is named, and what there is so far is not lost.

ERRORS: list[tuple[Callable[[], Any], type, str]] = [
    (lambda: kernel().solve(B * np.nan), ValueError, "The right-hand side"),
    (lambda: kernel().solve(B, alpha=np.nan), ConvergenceError, "not finite after"),
    (lambda: kernel().solve(B, alpha=-5.0), ConvergenceError, "alpha may have to be larger"),
    (lambda: kernel().solve(B, eps=0), ValueError, "eps is 0; write a positive number"),
    (lambda: kernel().solve(B, rank=3), ValueError, "write preconditioner='nystrom', or leave"),
    (lambda: kernel().solve(B, preconditioner="lu"), ValueError, "write one of 'nystrom'"),
    (lambda: kernel().solve(B[:3]), ValueError, "other has 3 rows, and the matrix 29 rows"),
    (lambda: kernel().solve(3.0), TypeError, r"write an array \(N,\) or"),
    (lambda: kernel().solve(kernel()), TypeError, "other is a formula"),
    (lambda: kernel().solve(B, var=Vj(B)), TypeError, "var is no variable of this matrix"),
    (lambda: (kernel() * Vj(B)).solve(B[:, :2], Vj(B)), ValueError, "of dimension 3, and other"),
    (lambda: Vi(X).solve(B), ValueError, "has dimension|dimension 2"),
    (lambda: Vi(X + 0j).solve(B), TypeError, "no solve of complex"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[e[2] for e in ERRORS])
def test_errors(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


def test_a_solution_that_is_not_there_yet_is_a_start() -> None:
    with pytest.raises(ConvergenceError, match="raise alpha, eps or max_iterations") as caught:
        kernel().solve(B, max_iterations=5, **EXACT)
    assert caught.value.found is not None
    assert (caught.value.found.iterations, caught.value.found.converged) == (5, False)
    whole = kernel().solve(B, full=True, **EXACT).iterations
    rest = kernel().solve(B, x0=caught.value.found.solution, full=True, **EXACT)
    np.testing.assert_allclose(rest.solution, SOLUTION, rtol=1e-8)
    assert whole > 5
