"""Symbolic matrices of tensors: gradients, and what is torch's alone."""

import copy
import pickle

import numpy as np
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
    assert (2.5 * Vj(y)).device == torch.device("cpu")
    assert (2.5 * Vj(y.to("meta"))).device == torch.device("meta")
    half = (Vi(x.detach().bfloat16()) | Vj(y.detach().bfloat16())).sum(1)
    assert half.dtype == torch.bfloat16


def test_batches_and_parameters() -> None:
    torch.manual_seed(1)
    x, y = torch.rand(2, 4, 1, 3), torch.rand(1, 6, 3)
    p = torch.rand(2, 1, 1, 3)
    k = ((LazyTensor(x) - LazyTensor(y)) ** 2 * LazyTensor(p)).sum(-1)
    torch.testing.assert_close(k.dense(), ((x - y) ** 2 * p).sum(-1))
    assert Pm(torch.ones(3)).shape == (1, 1, 3)


# Law: torch's functions that reduce, and products on either side, are those of the dense matrix.


def test_products_and_reductions() -> None:
    x, y, b, _ = tensors()
    k, d = Vi(x) | Vj(y), x @ y.T
    left = torch.rand(2, 5, dtype=torch.float64)
    for found, expected in (
        (left @ k, left @ d),
        (torch.matmul(left[0], k), left[0] @ d),
        (torch.matmul(k, b), d @ b),
        (torch.mv(k, b[:, 0]), d @ b[:, 0]),
        (torch.sum(k, dim=1), d.sum(1, keepdim=True)),
        (torch.logsumexp(k, 0), d.logsumexp(0)[:, None]),
        (torch.amax(k, dim=(0, 1)), d.amax().reshape(1)),
        (k.logsumexp((0, 1), keepdim=True)[..., 0], d.logsumexp((0, 1), keepdim=True)),
        (k.sum(1, keepdim=True)[..., 0], d.sum(1, keepdim=True)),
        (torch.ceil(k).sum(1), torch.ceil(d).sum(1, keepdim=True)),
        (((k > 0.5) & ~(k > 0.7) ^ (k < 0.2)).count((0, 1)), None),
    ):
        if expected is None:
            expected = ((d > 0.5) & ~(d > 0.7) ^ (d < 0.2)).sum().reshape(1)
        torch.testing.assert_close(found, expected)
    found = torch.autograd.grad((left @ k).square().sum() + k.max((0, 1)).sum(), [x, y])
    expected = torch.autograd.grad((left @ d).square().sum() + d.amax(), [x, y])
    torch.testing.assert_close(found, expected)


def test_copies() -> None:
    x, y, _, _ = (t.detach() for t in tensors())
    k = (Vi(x) | Vj(y)) * 2.5
    waiting = (Vi(0, 3) | Vj(1, 3)).sum(1, call=False)
    for copied in (pickle.loads(pickle.dumps((k, waiting))), copy.deepcopy((k, waiting))):
        torch.testing.assert_close(copied[0].sum(1), 2.5 * (x @ y.T).sum(1, keepdim=True))
        torch.testing.assert_close(copied[1](x, y), (x @ y.T).sum(1, keepdim=True))


# Law: a tensor of no dimension is a number that derivatives, batches and traces follow.


def test_numbers_that_are_followed() -> None:
    x, y, _, _ = (t.detach() for t in tensors())
    d = (Vi(x) - Vj(y)).sqnorm2()
    f = lambda s: (d * s).exp().sum(axis=1).sum()  # noqa: E731
    dense = lambda s: (((x[:, None] - y) ** 2).sum(-1) * s).exp().sum()  # noqa: E731
    s, one = torch.tensor(-0.7, dtype=x.dtype), torch.tensor(1.0, dtype=x.dtype)
    for transformed in (
        lambda g: torch.func.jvp(g, (s,), (one,))[1],
        lambda g: torch.func.grad(g)(s),
        lambda g: torch.func.vmap(g)(torch.stack([s, 2 * s])),
    ):
        torch.testing.assert_close(transformed(f), transformed(dense))


# Law: such a tensor takes the dtype of the matrix, as in torch.


def test_numbers_of_another_dtype() -> None:
    x, y, _, _ = (t.detach() for t in tensors())
    scale = torch.nn.Parameter(torch.tensor(0.7, dtype=torch.float32))
    for k in ((Vi(x) | Vj(y)) * scale, scale * (Vi(x) | Vj(y))):
        (g,) = torch.autograd.grad(k.sum(1).sum(), [scale])
        assert (k.dtype, g.dtype) == ("float64", torch.float32)
        torch.testing.assert_close(g, (x @ y.T).sum().float())


def test_reductions_of_no_rows_over_both_axes() -> None:
    k = (Vi(torch.ones(0, 3)) * Vj(torch.ones(4, 3))).sum()
    found = [getattr(k, m)(axis=(0, 1)).item() for m in ("sum", "max", "min", "logsumexp")]
    assert found == [0, -torch.inf, torch.inf, -torch.inf]
    torch.testing.assert_close(
        (Vi(torch.ones(2, 3)) * np.int64(2) * np.float32(0.5)).sum(axis=1), torch.ones(2, 3)
    )
