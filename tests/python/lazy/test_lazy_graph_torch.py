"""Symbolic matrices in functions that torch.compile compiles without a break."""

import pytest
import torch
from dynamo import needs_new_dynamo
from torch import Tensor

from keopsnb.torch import LazyTensor, Vi, Vj

# Law: compiled functions give what they give as they are.


def soft(x: Tensor, y: Tensor) -> Tensor:
    k = (-(Vi(x) - Vj(y)).sqnorm2() / 0.5).exp()
    value: Tensor = k.matvec(y) + k.logsumexp(axis=1)
    return value


def total(x: Tensor, y: Tensor) -> Tensor:
    value: Tensor = (LazyTensor(x[:, None]) * LazyTensor(y[None])).sum(axis=(0, 1), keepdim=True)
    return value


def left(x: Tensor, y: Tensor) -> Tensor:
    value: Tensor = y.sum(1) @ (-(Vi(y) - Vj(x)).sqnorm2()).exp()
    return value


def right(x: Tensor, y: Tensor) -> Tensor:
    value: Tensor = (-(Vi(x) - Vj(y)).sqnorm2()).exp() @ y.sum(1)
    return value


@needs_new_dynamo
@pytest.mark.parametrize("function", [soft, total, left, right])
def test_compiled_functions(function: object) -> None:
    assert callable(function)
    torch._dynamo.reset()
    torch.manual_seed(0)
    x, y = torch.rand(5, 3, requires_grad=True), torch.rand(7, 3)
    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    found, expected = compiled(x, y), function(x, y)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(
        torch.autograd.grad(found.sum(), x), torch.autograd.grad(expected.sum(), x)
    )
