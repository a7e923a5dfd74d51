"""Reductions over i and j at once: those of all entries, whatever their signs and sizes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import keopsnb.numpy
from keopsnb.torch import Genred, Vi, Vj

F64 = torch.float64


def data(M: int, N: int) -> list[Tensor]:
    torch.manual_seed(M)
    x, y, w = (torch.rand(n, 2, dtype=F64) + 0.1 for n in (M, N, M))
    w[0] *= -0.1  # sums of rows are negative, of all positive
    return [a.requires_grad_() for a in (x, y, w)]


Both = Callable[[Any, Any], Any]  # of entries (M, N, 2) or a matrix of these, and of weights
CASES: dict[str, tuple[Both, Both]] = {
    "sum": (lambda k, _: k.sum((0, 1)), lambda k, _: k.sum((0, 1))),
    "mean": (lambda k, _: k.mean((0, 1)), lambda k, _: k.mean((0, 1))),
    "var": (
        lambda k, _: k.var((0, 1), correction=1),
        lambda k, _: k.var((0, 1), correction=1),
    ),
    "norm": (lambda k, _: k.reduction("Norm2", axis=(1, 0)), lambda k, _: k.norm(dim=(0, 1))),
    "prod": (lambda k, _: k.prod((0, 1)), lambda k, _: k.flatten(0, 1).prod(0)),
    "max": (lambda k, _: k.max((0, 1)), lambda k, _: k.amax((0, 1))),
    "min": (lambda k, _: k.min((0, 1)), lambda k, _: k.amin((0, 1))),
    "logsumexp": (
        lambda k, w: k[..., 0].logsumexp((0, 1), weight=w),
        lambda k, w: (k[..., :1].exp() * w).sum((0, 1)).log(),
    ),
    "softmax": (
        lambda k, w: k[..., 0].sumsoftmaxweight(w, (0, 1)),
        lambda k, w: (k[..., :1].exp() * w).sum((0, 1)) / k[..., :1].exp().sum((0, 1)),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_values_and_derivatives(name: str) -> None:
    lazy, dense = CASES[name]
    x, y, w = data(5, 7)
    found = lazy(Vi(x) * Vj(y), Vi(w))
    expected = dense(x[:, None] * y, w[:, None])
    torch.testing.assert_close(found, expected)
    direction = torch.tensor([0.5, 2.0], dtype=F64)
    first = [
        torch.autograd.grad((r * direction).sum(), [x, y], create_graph=True)
        for r in (found, expected)
    ]
    torch.testing.assert_close(*first)
    second = [torch.autograd.grad(sum((g**3).sum() for g in gs), [x, y]) for gs in first]
    torch.testing.assert_close(*second)
    keep = (Vi(x) * Vj(y)).mean((0, 1), keepdim=True)
    assert keep.shape == (1, 1, 2)


# Law: where there is no entry, the reduction is its neutral element, as over one axis.


@pytest.mark.parametrize(("M", "N"), [(0, 4), (4, 0), (0, 0)])
def test_no_entry(M: int, N: int) -> None:
    K = keopsnb.numpy.Vi(np.ones((M, 2))) * keopsnb.numpy.Vj(np.ones((N, 2)))
    assert K.sum((0, 1)).tolist() == [0, 0]
    assert K.prod((0, 1)).tolist() == [1, 1]
    assert K.max((0, 1)).tolist() == [-np.inf] * 2
    assert K.count((0, 1)).tolist() == [0, 0]
    assert K.all((0, 1)).tolist() == [True, True]
    assert K[..., 0].logsumexp((0, 1)).tolist() == [-np.inf]
    assert np.isnan(K.mean((0, 1))).all()
    assert np.isnan(K.var((0, 1))).all()


# Law: ranges, batches, float32 and symbolic variables are as over one axis.


def test_ranges_of_both_axes() -> None:
    x, y, _ = data(6, 8)
    halves = [[0, 3], [3, 6]], [1, 3], [[0, 5], [0, 2], [4, 8]]
    ranges = tuple(np.array(a) for a in (*halves, [[0, 8]], [1], [[0, 6]]))
    kept = torch.zeros(6, 8, dtype=torch.bool)
    kept[:3, :5] = kept[3:, :2] = kept[3:, 4:] = True
    entries = (x[:, None] * y)[kept]
    K = Vi(x) * Vj(y)
    K.ranges = ranges
    for found, expected in (
        (K.mean((0, 1)), entries.mean(0)),
        (K.var((0, 1)), entries.var(0, correction=0)),
        (K.max((0, 1)), entries.amax(0)),
    ):
        torch.testing.assert_close(found, expected)
        gradients = [torch.autograd.grad(r.sum(), x, retain_graph=True) for r in (found, expected)]
        torch.testing.assert_close(*gradients)


def test_genred_of_both_axes() -> None:
    x, y, _ = data(5, 7)
    variance = Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], "Variance", axis=(0, 1))
    batch = torch.stack([x, 2 * x])
    expected = (batch[:, :, None] * y).var((1, 2), correction=0, keepdim=True)[:, 0]
    torch.testing.assert_close(variance(batch, y), expected)
    torch.testing.assert_close(
        variance(x.detach().float(), y.detach().float()).double(), expected[0], rtol=1e-6, atol=0
    )
    with pytest.raises(
        ValueError, match=r"'ArgMin', which picks terms along one axis; write axis="
    ):
        Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], "ArgMin", axis=(0, 1))
    waiting = (keopsnb.numpy.Vi(0, 2) * keopsnb.numpy.Vj(1, 2)).sum((0, 1))
    found = waiting(x.detach().numpy(), y.detach().numpy())
    np.testing.assert_allclose(found, (x[:, None] * y).sum((0, 1)).detach().numpy())
