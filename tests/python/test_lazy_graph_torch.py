"""Symbolic matrices in functions that torch.compile compiles without a break."""

import pytest
import torch
from torch import Tensor

from keopsnb.torch import LazyTensor, Vi, Vj

# Law: compiled functions give what they give as they are; what cannot be told apart is refused.


def soft(x: Tensor, y: Tensor) -> Tensor:
    k = (-(Vi(x) - Vj(y)).sqnorm2() / 0.5).exp()
    value: Tensor = k.matvec(y) + k.logsumexp(axis=1)
    return value


def total(x: Tensor, y: Tensor) -> Tensor:
    value: Tensor = (LazyTensor(x[:, None]) * LazyTensor(y[None])).sum(axis=(0, 1), keepdim=True)
    return value


@pytest.mark.parametrize("function", [soft, total])
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


def test_sides_of_products() -> None:
    torch._dynamo.reset()
    x = torch.rand(5, 3)

    def product(v: Tensor) -> Tensor:
        value: Tensor = Vi(x).sqdist(Vj(x)) @ v
        return value

    with pytest.raises(torch._dynamo.exc.TorchDynamoException, match="write K.matvec"):
        torch.compile(product, fullgraph=True, backend="eager")(x)
