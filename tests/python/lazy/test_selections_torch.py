"""Selections of a LazyTensor under autograd, forward mode and vmap: as dense tensors, for which the
branch not taken is made harmless first."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, func
from torch.autograd import grad

from keopsnb.torch import LazyTensor

Term = Callable[[Any], Any]


def harmless(d: Tensor) -> Tensor:
    return torch.where(d > 0, d, 1.0)


# Of d = x_i - y_j, which has both signs: for a LazyTensor, and for a tensor.
CASES: dict[str, tuple[Term, Term]] = {
    "ifelse": (
        lambda d: d.ifelse(d.log() * d.sqrt(), d * d * d),
        lambda d: torch.where(d >= 0, harmless(d).log() * harmless(d).sqrt(), d * d * d),
    ),
    "where": (
        lambda d: (d < 0).where(d * d * d, d.log()),
        lambda d: torch.where(d < 0, d * d * d, harmless(d).log()),
    ),
    "clamp": (
        lambda d: (d.relu().log().clamp(-1, 1)) * d,
        lambda d: torch.where(d > 0, harmless(d).log().clamp(-1, 1), -1.0) * d,
    ),
    "relu": (
        lambda d: (d.relu().log() + 1).relu() * d,
        lambda d: torch.where(d > 0, (harmless(d).log() + 1).relu(), 0.0) * d,
    ),
    "mask": (
        lambda d: (d.relu().sqrt() * (d > 0.01)).exp() * d,
        lambda d: torch.where(d > 0.01, harmless(d).sqrt(), 0.0).exp() * d,
    ),
}


def rows(shape: tuple[int, ...], seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=generator, dtype=torch.float64)


@pytest.mark.parametrize("name", CASES)
def test_derivatives(name: str) -> None:
    symbolic, dense = CASES[name]
    x, y, u = rows((2, 5, 1), 0), rows((7, 1), 1), rows((2, 5, 1), 2)

    def lazy_sum(x: Tensor, y: Tensor) -> Tensor:
        d = LazyTensor(x[..., :, None, :]) - LazyTensor(y[None])
        return symbolic(d).sum(-2)

    def dense_sum(x: Tensor, y: Tensor) -> Tensor:
        return dense(x[..., :, None, :] - y).sum(-2)

    results = []
    for f in (lazy_sum, dense_sum):
        x, y = x.detach().requires_grad_(), y.detach().requires_grad_()
        value = f(x, y)
        first = grad(value, (x, y), torch.ones_like(value), create_graph=True)
        second = grad((first[0] * u).sum() + (first[1] ** 2).sum(), (x, y))
        forward = func.jvp(lambda x: f(x, y), (x,), (u,))[1]  # noqa: B023
        each = func.vmap(func.grad(lambda x: f(x, y).sum()))(x)  # noqa: B023
        results.append((value, *first, *second, forward, each))
    for found, expected in zip(*results, strict=True):
        torch.testing.assert_close(found, expected)
