"""Law: a real system with a complex right-hand side is solved as that of dense matrices is."""

import importlib
import importlib.util
import re
from typing import Any

import numpy as np
import pytest

HAS_TORCH = importlib.util.find_spec("torch") is not None
FRONTS = ["numpy"] + ["torch"] * HAS_TORCH
RANDOM = np.random.default_rng(0)
N = 9
X = RANDOM.random((N, 2))
B = RANDOM.standard_normal((N, 2)) + 1j * RANDOM.standard_normal((N, 2))
ROWS = 0.1 + RANDOM.random(N)
MATRIX = np.exp(-((X[:, None] - X) ** 2).sum(-1)) + np.diag(ROWS)
FORMULA, ALIASES = "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)"]


class Front:
    """A front end, its arrays, matrix and solver."""

    def __init__(self, name: str, n: int = N) -> None:
        self.of = importlib.import_module(f"keopsnb.{name}")
        self.make: Any = np.asarray if name == "numpy" else importlib.import_module(name).as_tensor
        self.x, self.rows = self.make(X[:n]), self.make(ROWS[:n])
        self.matrix = (-self.of.Vi(self.x).sqdist(self.of.Vj(self.x))).exp()
        self.solver = self.of.KernelSolve(FORMULA, ALIASES, "b", axis=1)

    def options(self, **more: Any) -> dict[str, Any]:
        return {"alpha": self.rows, "eps": 1e-11} | more


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("of_kernel", ["none", "nystrom", "pivoted_cholesky", "function", "x0"])
def test_values(front: str, of_kernel: str) -> None:
    f = Front(front)
    more: dict[str, Any] = {"preconditioner": of_kernel}
    if of_kernel == "function":
        more = {"preconditioner": lambda r: r / 2}
    elif of_kernel in ("none", "x0"):
        more = {"x0": f.make(B)} if of_kernel == "x0" else {}
    expected, b = np.linalg.solve(MATRIX, B), f.make(B)
    found = {
        "KernelSolve": f.solver(f.x, f.x, b, **f.options(**more)),
        "K.solve": f.matrix.solve(b, **f.options(**more)),
        "of a variable": f.matrix.solve(f.of.Vi(b), **f.options(**more)),
        "of parts": f.matrix.solve(f.make(B.real.copy()), **f.options()),
    }
    assert found["K.solve"].dtype == b.dtype
    for name, value in found.items():
        of = expected.real if name == "of parts" else expected
        np.testing.assert_allclose(np.asarray(value), of, atol=1e-9, err_msg=name)
    if of_kernel != "x0":
        flat = np.asarray(f.matrix.solve(f.make(B)[:, 0], **f.options(**more)))
        np.testing.assert_allclose(flat, expected[:, 0], atol=1e-9)


@pytest.mark.parametrize("front", FRONTS)
def test_batches_and_none(front: str) -> None:
    f = Front(front)
    batch = np.stack([B, 1j * B, B.conj()])
    found = np.asarray(f.matrix.solve(f.make(batch), **f.options()))
    np.testing.assert_allclose(found, np.linalg.solve(MATRIX, batch), atol=1e-9)
    f = Front(front, n=0)
    assert f.matrix.solve(f.make(B[:0]), **f.options()).shape == (0, 2)
    assert f.matrix.solve(f.make(B[:0, 0]), **f.options()).shape == (0,)
    assert (f.matrix @ f.make(B[:0])).shape == (0, 2)


@pytest.mark.parametrize("front", FRONTS)
def test_what_is_told(front: str) -> None:
    """Residuals are one for each complex column, and bound that of the column."""
    f = Front(front)
    steps: list[tuple[int, Any]] = []
    options = {"full": True, "callback": lambda *told: steps.append(told)}
    found = f.solver(f.x, f.x, f.make(B), alpha=f.rows, **options)
    left = np.linalg.norm(B - MATRIX @ np.asarray(found.solution), axis=0)
    assert (left / np.linalg.norm(B, axis=0) <= np.asarray(found.residual)[0] + 1e-15).all()
    assert found.converged
    assert [n for n, _ in steps] == list(range(1, found.iterations + 1))
    assert all(residual.shape == (1, 2) for _, residual in steps)
    with pytest.raises(f.of.ConvergenceError) as error:
        f.matrix.solve(f.make(B), max_iterations=1)
    assert error.value.found.solution.shape == B.shape
    assert error.value.found.residual.shape == (1, 2)


@pytest.mark.parametrize("front", FRONTS)
def test_errors(front: str) -> None:
    f = Front(front)
    b, real = f.make(B), f.make(B.real.copy())
    mixing = f.of.KernelSolve("MatVecMult(TensorProd(x, y), b)", ALIASES, "b", axis=1)
    wrong: dict[str, tuple[Any, type[Exception]]] = {
        "solve for .real and .imag in turn": (lambda: mixing(f.x, f.x, b), TypeError),
        "argument 3 ('b') has shape (9, 1)": (lambda: mixing(f.x, f.x, b[:, :1]), ValueError),
        "and the right-hand side": (lambda: f.matrix.solve(b, x0=real), TypeError),
        "returned None; return": (
            lambda: f.matrix.solve(b, preconditioner=lambda _: None),
            TypeError,
        ),
        "not finite": (lambda: f.matrix.solve(b * np.inf), ValueError),
        "There is no solve of complex": (lambda: (f.matrix * 1j).solve(b), TypeError),
    }
    for message, (use, error) in wrong.items():
        with pytest.raises(error, match=re.escape(message)):
            use()


@pytest.mark.skipif(not HAS_TORCH, reason="without torch")
@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("flat", [False, True])
def test_gradients(flat: bool, compiled: bool) -> None:
    """First and second order, of any of the arguments, as autograd's of a dense solve."""
    torch = importlib.import_module("torch")
    of = Front("torch").of

    def solution(x: Any, b: Any, alpha: Any) -> Any:
        return (-of.Vi(x).sqdist(of.Vj(x))).exp().solve(b, alpha=alpha, eps=1e-14)

    def dense(x: Any, b: Any, alpha: Any) -> Any:
        kernel = torch.exp(-((x[:, None] - x) ** 2).sum(-1)) + torch.diag(alpha)
        return torch.linalg.solve(kernel.to(b.dtype), b)

    def derived(f: Any) -> list[Any]:
        leaves = [torch.tensor(a, requires_grad=True) for a in (X, B[:, 0] if flat else B, ROWS)]
        value = f(*leaves)
        size = (value * value.conj().sin()).real.sum()
        first = torch.autograd.grad(size, leaves, create_graph=not compiled)
        if compiled:  # torch has no second derivatives of compiled functions
            return [value, *first]
        total = sum((g * g.conj()).real.sum() for g in first)
        return [value, *first, *torch.autograd.grad(total, leaves)]

    f = torch.compile(solution, fullgraph=True, backend="aot_eager") if compiled else solution
    torch.testing.assert_close(derived(f), derived(dense), rtol=1e-6, atol=1e-8)


@pytest.mark.skipif(not HAS_TORCH, reason="without torch")
def test_vmap_and_conjugates() -> None:
    torch = importlib.import_module("torch")
    f = Front("torch")
    batch = torch.tensor(np.stack([B, 2 * B]))
    found = torch.func.vmap(lambda b: f.matrix.solve(b, **f.options()))(batch)
    np.testing.assert_allclose(found, np.linalg.solve(MATRIX, batch.numpy()), atol=1e-9)
    turned = f.matrix.solve(batch[0].conj(), **f.options())
    np.testing.assert_allclose(turned.resolve_conj(), found[0].conj().resolve_conj(), atol=1e-9)
