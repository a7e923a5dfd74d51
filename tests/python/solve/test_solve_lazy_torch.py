"""Derivatives through `solve` of symbolic matrices and `KernelSolve`, against dense solves."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from keopsnb.torch import ConvergenceError, KernelSolve, LazyTensor, Vi, Vj

N = 11
DOUBLE = torch.float64


def tensors(*batch: int) -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    x, b = torch.rand(*batch, N, 2, dtype=DOUBLE), torch.rand(*batch, N, 2, dtype=DOUBLE)
    return x.requires_grad_(), b.requires_grad_()


def dense(x: Tensor, alpha: Tensor | float) -> Tensor:
    kernel = torch.exp(-((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1))
    return kernel + alpha * torch.eye(N, dtype=DOUBLE)


def kernel(x: Tensor) -> LazyTensor:
    return (-Vi(x).sqdist(Vj(x))).exp()


def same(value: Tensor, expected: Tensor, inputs: list[Tensor]) -> None:
    """Values, first and second derivatives."""
    orders = []
    for v in (value, expected):
        first = torch.autograd.grad(v.square().sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum((f**2).sum() for f in first), inputs)
        orders.append([v, *first, *second])
    for found, wanted in zip(*orders, strict=True):
        torch.testing.assert_close(found, wanted, rtol=1e-7, atol=1e-8)


# Law: derivatives are those of the dense solve, to second order, however the system is solved.

WAYS: list[tuple[str, dict[str, Any]]] = [
    ("plain", {}),
    ("nystrom", {"preconditioner": "nystrom", "rank": 6}),
    ("pivoted Cholesky", {"preconditioner": "pivoted_cholesky", "rank": 6}),
    ("warm", {"x0": torch.ones(N, 2, dtype=DOUBLE)}),
]


@pytest.mark.parametrize(("name", "way"), WAYS, ids=[w[0] for w in WAYS])
def test_derivatives(name: str, way: dict[str, Any]) -> None:
    x, b = tensors()
    alpha = torch.tensor(0.3, dtype=DOUBLE, requires_grad=True)
    found = kernel(x).solve(b, alpha=alpha, eps=1e-13, full=True, **way)
    assert found.iterations > 0, name
    expected = torch.linalg.solve(dense(x, alpha), b)
    same(found.solution, expected, [x, b, alpha])


def test_the_other_axis_and_the_other_side() -> None:
    x, b = tensors()
    solve = KernelSolve("Exp(-SqDist(x,y)) * b", ["x=Vj(2)", "y=Vi(2)", "b=Vi(2)"], "b")
    for found in (
        solve(x, x, b, alpha=0.5, eps=1e-13),
        kernel(x).solve(Vj(b), alpha=0.5, eps=1e-13),
    ):
        same(found, torch.linalg.solve(dense(x, 0.5), b), [x, b])
    one = kernel(x).solve(b[:, 0], alpha=0.5, eps=1e-13)
    torch.testing.assert_close(one, torch.linalg.solve(dense(x, 0.5), b[:, 0]))


def test_batches_are_summed_over_in_gradients() -> None:
    x, _ = tensors(3)
    _, b = tensors()
    lazy = (-LazyTensor(x[:, :, None]).sqdist(LazyTensor(x[:, None]))).exp()
    expected = torch.linalg.solve(dense(x, 1.0), b.expand(3, N, 2))
    same(lazy.solve(b, alpha=1.0, eps=1e-13), expected, [x, b])


def test_batches_of_gradients() -> None:
    x, b = tensors()
    alpha = torch.tensor(0.3, dtype=DOUBLE, requires_grad=True)
    e = torch.rand(3, N, 2, dtype=DOUBLE)
    inputs = [x, b, alpha]
    found, expected = (
        torch.autograd.grad(value, inputs, e, is_grads_batched=True)
        for value in (
            kernel(x).solve(b, alpha=alpha, eps=1e-13),
            torch.linalg.solve(dense(x, alpha), b),
        )
    )
    for a, wanted in zip(found, expected, strict=True):
        torch.testing.assert_close(a, wanted, rtol=1e-7, atol=1e-8)


# Law: a gradient that is not asked for costs nothing; one that cannot be had is an error.


def test_no_gradient() -> None:
    x, b = tensors()
    with torch.no_grad():
        assert not kernel(x).solve(b, alpha=0.5).requires_grad
    plain = kernel(x.detach()).solve(b.detach(), alpha=0.5)
    assert not plain.requires_grad
    only = kernel(x.detach()).solve(b, alpha=0.5, eps=1e-13)
    (found,) = torch.autograd.grad(only.sum(), b)
    expected = torch.linalg.solve(dense(x.detach(), 0.5), torch.ones(N, 2, dtype=DOUBLE))
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-9)


ERRORS: list[tuple[Callable[[Tensor, Tensor], Any], type, str]] = [
    (lambda x, b: kernel(x).solve(b * torch.nan), ValueError, "are not finite"),
    (lambda x, b: kernel(x).solve(b, alpha=-3.0), ConvergenceError, "not positive definite"),
    (lambda x, b: kernel(x).solve(b.float()), TypeError, "float32"),
    (lambda x, b: kernel(x).solve(b.detach().numpy()), TypeError, "write a torch tensor"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[e[2] for e in ERRORS])
def test_errors(call: Callable[[Tensor, Tensor], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call(*tensors())
