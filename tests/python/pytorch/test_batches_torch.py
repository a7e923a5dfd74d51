"""Gradients of batched reductions, summed over the batches that share an argument."""

import pytest
import torch
from test_batches import ALIASES, FORMULA, SHAPES
from torch import Tensor

from keopsnb.torch import Genred


def derivatives(result: Tensor, args: list[Tensor]) -> list[Tensor]:
    """First ones, along a fixed direction, then second ones, along another."""
    e = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype).reshape(result.shape)
    first = torch.autograd.grad(result, args, e.requires_grad_(), create_graph=True)
    along = sum((g * torch.linspace(-1, 1, g.numel()).reshape(g.shape)).sum() for g in first)
    assert isinstance(along, Tensor)
    return [*first, *torch.autograd.grad(along, [*args, e])]


# Law: they are those of the dense computation, to second order, and have the arguments' shapes.


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "Min", "KMin", "Variance"])
@pytest.mark.parametrize("batches", SHAPES[:6], ids=str)
def test_derivatives(batches: tuple[tuple[int, ...], ...], name: str) -> None:
    torch.manual_seed(1)
    own = [(5, 2), (7, 2), (7, 1), (2,)]
    shapes = [batch + shape for batch, shape in zip(batches, own, strict=True)]
    args = [(torch.rand(s, dtype=torch.float64) + 0.2).requires_grad_() for s in shapes]
    x, y, b, p = args
    square = (x[..., :, None, :] - y[..., None, :, :]) ** 2 * p[..., None, None, :]
    f = square.sum(-1, keepdim=True) * b[..., None, :, :]
    expected = {
        "Sum": lambda: f.sum(-2),
        "LogSumExp": lambda: f.logsumexp(-2),
        "Min": lambda: f.amin(-2),
        "KMin": lambda: f.squeeze(-1).sort(-1).values[..., :3],
        "Variance": lambda: f.var(-2, correction=0),
    }[name]()
    found = Genred(FORMULA, ALIASES, name, 1, opt_arg=3 if name == "KMin" else None)(*args)
    torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
    both = derivatives(found, args), derivatives(expected, args)
    for a, e in zip(*both, strict=True):
        assert a.shape == e.shape
        torch.testing.assert_close(a, e, rtol=1e-8, atol=1e-9)
