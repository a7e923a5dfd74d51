"""Symbolic matrices of tensors: gradients, and what is torch's alone."""

import pytest
import torch
from torch import Tensor

from keopsnb.torch import LazyTensor, Pm, Vi, Vj


def tensors() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    shapes = ((5, 3), (7, 3), (7, 2), (3,))
    x, y, b, w = (torch.rand(s, dtype=torch.float64).requires_grad_() for s in shapes)
    return x, y, b, w


# Law: gradients are those of the dense computation, to second order.


def test_gradients() -> None:
    args = x, y, b, w = tensors()
    lazy = torch.exp(-(((Vi(x) - Vj(y)) * w) ** 2).sum(-1) / 0.5) @ b
    dense = torch.exp(-(((x[:, None] - y) * w) ** 2).sum(-1) / 0.5) @ b
    torch.testing.assert_close(lazy, dense)
    results = []
    for value in (lazy, dense):
        first = torch.autograd.grad(value.square().sum(), args, create_graph=True)
        results.append([*first, *torch.autograd.grad(sum(g.sin().sum() for g in first), args)])
    torch.testing.assert_close(*results)


def test_gradient_of_dense() -> None:
    x, y, _, _ = tensors()
    lazy = ((Vi(x) - Vj(y)) ** 2).sum().dense()
    dense = ((x[:, None] - y) ** 2).sum(-1)
    torch.testing.assert_close(lazy, dense)
    e = torch.rand_like(dense)
    torch.testing.assert_close(
        torch.autograd.grad(lazy, [x, y], e), torch.autograd.grad(dense, [x, y], e)
    )


# Law: torch's functions and operators take symbolic matrices, on either side.


def test_functions_and_reflected_operators() -> None:
    x, y, _, w = (t.detach() for t in tensors())
    k, d = (Vi(x) | Vj(y)), x @ y.T
    found = torch.sqrt(torch.abs(torch.sin(k) - 2)) + torch.clamp(k, 0.1, 0.5) + torch.relu(k)
    expected = torch.sqrt(torch.abs(torch.sin(d) - 2)) + torch.clamp(d, 0.1, 0.5) + torch.relu(d)
    torch.testing.assert_close(found.dense(), expected)
    found = (w * Vi(x) - w / Vi(x) + (w - Vi(x))).sum(0)
    torch.testing.assert_close(found[0], (w * x - w / x + (w - x)).sum(0))
    two = torch.tensor(2.0)
    torch.testing.assert_close((two * k + two).dense(), 2 * d + 2)
    with pytest.raises(TypeError):
        torch.linalg.inv(k)


def test_parameters_and_devices() -> None:
    x, y, _, _ = tensors()
    weights = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    ((Vi(x) * weights) | Vj(y)).sum(1).sum().backward()
    assert weights.grad is not None
    torch.testing.assert_close(weights.grad, x.detach().sum(0) * y.detach().sum(0))
    assert (Vi(x) | Vj(y)).dtype == "float64"
    half = (Vi(x.detach().bfloat16()) | Vj(y.detach().bfloat16())).sum(1)
    assert half.dtype == torch.bfloat16


def test_batches_and_parameters() -> None:
    torch.manual_seed(1)
    x, y = torch.rand(2, 4, 1, 3), torch.rand(1, 6, 3)
    p = torch.rand(2, 1, 1, 3)
    k = ((LazyTensor(x) - LazyTensor(y)) ** 2 * LazyTensor(p)).sum(-1)
    torch.testing.assert_close(k.dense(), ((x - y) ** 2 * p).sum(-1))
    assert Pm(torch.ones(3)).shape == (1, 1, 3)
