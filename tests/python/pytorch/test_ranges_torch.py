"""Gradients of block-sparse reductions."""

import pytest
import torch
from test_ranges import case
from torch import Tensor

from keopsnb.torch import Genred

ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "p = Pm(1)"]
FORMULA = "SqDist(x, y) * p * b"


def derivatives(result: Tensor, args: list[Tensor]) -> list[Tensor]:
    """First ones, along a fixed direction, then second ones, along another."""
    e = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype).reshape(result.shape)
    first = torch.autograd.grad(result, args, e.requires_grad_(), create_graph=True)
    along = sum((g * torch.linspace(-1, 1, g.numel()).reshape(g.shape)).sum() for g in first)
    assert isinstance(along, Tensor)
    return [*first, *torch.autograd.grad(along, [*args, e])]


# Law: they are those of the dense computation over the same pairs, to second order.


@pytest.mark.parametrize("name", ["Sum", "LogSumExp", "Min", "Mean"])
@pytest.mark.parametrize("axis", [1, 0])
def test_derivatives(name: str, axis: int) -> None:
    torch.manual_seed(0)
    M, N = 23, 31
    ranges, mask = case(M, N, 4, 5)
    pairs = torch.from_numpy(mask)
    shapes = [(M, 2), (N, 2), (N, 1), (1,)]
    args = [(torch.rand(s, dtype=torch.float64) + 0.2).requires_grad_() for s in shapes]
    x, y, b, p = args
    f = ((x[:, None] - y[None]) ** 2).sum(-1) * p * b[:, 0]
    some = pairs.any(axis)
    kept = f.masked_fill(~pairs, 0), f.masked_fill(~pairs, torch.inf)
    expected = {
        "Sum": lambda: kept[0].sum(axis),
        "LogSumExp": lambda: f.masked_fill(~pairs, -torch.inf).logsumexp(axis),
        "Min": lambda: kept[1].amin(axis),
        "Mean": lambda: kept[0].sum(axis) / pairs.sum(axis),
    }[name]()[some]
    tensors = tuple(torch.from_numpy(r) for r in ranges)
    found = Genred(FORMULA, ALIASES, name, axis)(*args, ranges=tensors)[some, 0]
    torch.testing.assert_close(found, expected)
    both = derivatives(found, args), derivatives(expected, args)
    for a, e in zip(*both, strict=True):
        torch.testing.assert_close(a, e, rtol=1e-8, atol=1e-9)
