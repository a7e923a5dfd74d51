"""Symbolic matrices of complex numbers against dense NumPy arrays."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import keopsnb.torch
from keopsnb.numpy import ComplexLazyTensor, LazyTensor, Vi, Vj

RANDOM = np.random.default_rng(0)
X, Y = (RANDOM.normal(size=(n, 3)) + 1j * RANDOM.normal(size=(n, 3)) for n in (5, 7))
R = RANDOM.uniform(0.5, 1, (7, 3))
XI, YJ, RJ = X[:, None], Y[None], R[None]

# Law: complex arithmetic is NumPy's, with complex and real operands on either side.

CASES: list[tuple[str, Callable[[Any, Any, Any], Any]]] = [
    ("sum", lambda x, y, r: x + y + r),
    ("difference", lambda x, y, r: r - x - y),
    ("product", lambda x, y, r: r * x * y),
    ("quotient", lambda x, y, r: x / y + r / x),
    ("numbers", lambda x, y, _: (1 + 2j) * x + 3 - y * 2),
    ("opposite", lambda x, y, _: -x * y),
    ("power", lambda x, _, r: x**2 * r),
    ("conjugate", lambda x, y, _: x.conj() * y),
]


@pytest.mark.parametrize(("name", "f"), CASES, ids=[c[0] for c in CASES])
def test_arithmetic(name: str, f: Callable[[Any, Any, Any], Any]) -> None:
    found = f(Vi(X), Vj(Y), Vj(R))
    assert isinstance(found, ComplexLazyTensor), name
    np.testing.assert_allclose(found.sum(axis=1), f(XI, YJ, RJ).sum(1), rtol=1e-11)


FUNCTIONS: list[tuple[str, Any, Any]] = [
    ("exp", (Vi(X) * Vj(Y)).exp(), np.exp(XI * YJ)),
    ("log", (Vi(X) * Vj(Y)).log(), np.log(XI * YJ)),
    ("sqrt", (Vi(X) * Vj(Y)).sqrt(), np.sqrt(XI * YJ)),
    ("abs", abs(Vi(X) * Vj(Y)), abs(XI * YJ)),
    ("angle", (Vi(X) * Vj(Y)).angle(), np.angle(XI * YJ)),
    ("real", (Vi(X) * Vj(Y)).real, (XI * YJ).real),
    ("imag", (Vi(X) * Vj(Y)).imag, (XI * YJ).imag),
    ("exp1j", Vj(R).exp1j() * Vi(X), np.exp(1j * RJ) * XI),
    ("real2complex", Vj(R).real2complex() * Vi(X), RJ * XI),
    ("imag2complex", Vj(R).imag2complex() * Vi(X), 1j * RJ * XI),
    ("over entries", (Vi(X) * Vj(Y)).sum(-1), (XI * YJ).sum(-1, keepdims=True)),
    ("component", (Vi(X) * Vj(Y))[..., -1], (XI * YJ)[..., 2:]),
    ("components", (Vi(X) * Vj(Y))[..., 1:], (XI * YJ)[..., 1:]),
]


@pytest.mark.parametrize(("name", "lazy", "dense"), FUNCTIONS, ids=[c[0] for c in FUNCTIONS])
def test_functions(name: str, lazy: Any, dense: np.ndarray) -> None:
    found = lazy.sum(axis=1)
    assert np.iscomplexobj(found) == np.iscomplexobj(dense), name
    np.testing.assert_allclose(found, dense.sum(1), rtol=1e-10)


def test_properties() -> None:
    assert (Vi(X).shape, Vi(X).dtype, Vi(X).is_complex) == ((5, 1, 3), "complex128", True)
    k = Vi(X[:, :1]) * Vj(Y[:, :1])
    dense = X[:, :1] * Y[:, :1].T
    np.testing.assert_allclose(k @ Y, dense @ Y)
    np.testing.assert_allclose(k @ R[:, 0], dense @ R[:, 0])
    pairs = LazyTensor(X.view(float), axis=0, is_complex=True)
    np.testing.assert_allclose((pairs * Vj(Y)).sum(axis=1), (XI * YJ).sum(1))
    found = (Vi(X) * [1j, 2j, 3j] * Vj(R)).sum(axis=1)
    np.testing.assert_allclose(found, (XI * [1j, 2j, 3j] * RJ).sum(1))


# Law: gradients are torch's, for complex and for real arguments.


def test_gradients() -> None:
    args = [torch.tensor(a, requires_grad=True) for a in (X, Y, R)]
    x, y, r = args
    lazy = (keopsnb.torch.Vi(x) * keopsnb.torch.Vj(y) * keopsnb.torch.Vj(r)).exp().sum(axis=1)
    dense = (x[:, None] * y * r).exp().sum(1)
    torch.testing.assert_close(lazy, dense)
    for a, e in zip(
        torch.autograd.grad(lazy.abs().sum(), args),
        torch.autograd.grad(dense.abs().sum(), args),
        strict=True,
    ):
        torch.testing.assert_close(a, e)


def outer(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a[..., :, None] * b[..., None, :]).flatten(-2)


def ones(n: int) -> torch.Tensor:
    return torch.ones(n, 1, dtype=torch.float64)


LINEAR: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "tensorprod": (
        lambda x, y, r: r.tensorprod(y) * x[..., 0],
        lambda x, y, r: outer(r, y) * x[..., :1],
    ),
    "matvecmult": (
        lambda x, y, r: x.tensorprod(y).matvecmult(r),
        lambda x, y, r: x * (y * r).sum(-1, keepdim=True),
    ),
    "vecmatmult": (
        lambda x, y, r: r.vecmatmult(x.tensorprod(y)),
        lambda x, y, r: y * (x * r).sum(-1, keepdim=True),
    ),
    "tensordot": (
        lambda x, y, r: r.keops_tensordot(x * y, 3, 3, 0, -1),
        lambda x, y, r: (r * x * y).sum(-1, keepdim=True),
    ),
    "kron": (lambda x, y, r: x.keops_kron(y, 3, 3), lambda x, y, r: outer(x, y)),
    "where": (
        lambda x, y, r: (r > 0.75).where(x * y, 1j * r),
        lambda x, y, r: torch.where(r > 0.75, x * y, 1j * r),
    ),
    "ifelse": (
        lambda x, y, r: (r - 0.75).ifelse(2.0, x / y),
        lambda x, y, r: torch.where(r >= 0.75, 2.0, x / y),
    ),
    "concat": (
        lambda x, y, r: r.concat(x * y)[..., 2:4],
        lambda x, y, r: torch.cat([(r * x**0), x * y], -1)[..., 2:4],
    ),
}  # fmt: skip


def gradients(f: Callable[..., torch.Tensor], args: tuple[Any, ...]) -> list[torch.Tensor]:
    """The result, and the gradients of a loss that depends on both of its parts."""
    leaves = [torch.tensor(a, requires_grad=True) for a in args]
    result = f(*leaves)
    loss = (result * result.conj()).real.sin().sum() + result.imag.exp().sum()
    found = torch.autograd.grad(loss, leaves, allow_unused=True, materialize_grads=True)
    return [result.detach(), *found]


def same_gradients(lazy: Any, dense: Any, args: tuple[Any, ...]) -> None:
    for found, want in zip(gradients(lazy, args), gradients(dense, args), strict=True):
        assert found.dtype == want.dtype
        torch.testing.assert_close(found, want, rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("name", LINEAR)
def test_gradients_of_complex_operands(name: str) -> None:
    mine, right = LINEAR[name]
    kt = keopsnb.torch

    def lazy(x: Any, y: Any, r: Any) -> Any:
        return (mine(kt.Vi(x), kt.Vj(y), kt.Vj(r)) * kt.Vj(ones(7))).mean(1)

    same_gradients(lazy, lambda x, y, r: right(x[:, None], y[None], r[None]).mean(1), (X, Y, R))


def both(x: torch.Tensor, r: torch.Tensor) -> tuple[Any, torch.Tensor]:
    """A real kernel as it is, and dense."""
    kt = keopsnb.torch
    K = (-(kt.Vi(x.real) - kt.Vj(r)).sqnorm2()).exp()
    return K, (-((x.real[:, None] - r) ** 2).sum(-1)).exp() + 0j


@pytest.mark.parametrize("flat", [True, False])
def test_gradients_of_products_with_complex_vectors(flat: bool) -> None:
    def pick(v: Any) -> Any:
        return v[:, 0] if flat else v

    def left(v: Any) -> Any:
        return v[:, 0] if flat else v.T

    same_gradients(
        lambda x, y, r: both(x, r)[0] @ pick(y), lambda x, y, r: both(x, r)[1] @ pick(y), (X, Y, R)
    )
    same_gradients(
        lambda x, y, r: left(x) @ both(x, r)[0],
        lambda x, y, r: left(x) @ both(x, r)[1],
        (X, Y, R),
    )


def test_gradients_of_diagonals() -> None:
    kt = keopsnb.torch
    for name in ("diagonal", "trace"):
        same_gradients(
            lambda x, y, name=name: getattr((kt.Vi(x) * kt.Vj(y).conj()).sum(), name)(),
            lambda x, y, name=name: getattr(x @ y.conj().T, name)(),
            (X, Y),
        )
        same_gradients(
            lambda x, y, r, name=name: getattr(both(x, r)[0] * 1j, name)(),
            lambda x, y, r, name=name: getattr(both(x, r)[1] * 1j, name)(),
            (X, Y, R),
        )


# Law: what complex numbers do not have is an error.


@pytest.mark.parametrize(
    "call",
    [
        lambda: Vi(X).max(),
        lambda: Vi(X).logsumexp(1),
        lambda: Vi(X) < Vj(Y),
        lambda: Vi(X).sin(),
        lambda: Vj(R) | Vi(X),
        lambda: Vj(R).atan2(Vi(X)),
    ],
)
def test_errors(call: Callable[[], Any]) -> None:
    with pytest.raises(TypeError, match="complex"):
        call()
