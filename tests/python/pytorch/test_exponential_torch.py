"""Log-sum-exps and softmaxes of vectors: one for each component, to second order."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

import keopsnb.numpy
from keopsnb.torch import Genred, Vi, Vj

F64 = torch.float64


def data(D: int, dtype: torch.dtype = F64) -> list[Tensor]:
    torch.manual_seed(D)
    x, y, b, s = (torch.rand(n, d, dtype=dtype) for n, d in ((5, D), (7, D), (7, D), (7, 1)))
    return [a.requires_grad_() for a in (x, y, b, s)]


def variables(D: int) -> list[str]:
    return [f"x = Vi({D})", f"y = Vj({D})", f"b = Vj({D})", "s = Vj(1)"]


# Of terms (M, N, D) or (M, N, 1), and weights: (N, D), (N, 1) or 1.
Dense = Callable[[Tensor, Any], Tensor]
DENSE: dict[str, Dense] = {
    "LogSumExp": lambda f, g: (f.exp() * g).sum(1).log(),
    "SumSoftMaxWeight": lambda f, g: (f.softmax(1) * g).sum(1),
    "Max_SumShiftExpWeight": lambda f, g: torch.cat(
        [f.amax(1), ((f - f.amax(1, keepdim=True)).exp() * g).sum(1)], -1
    ),
}
WEIGHTS: list[tuple[str, str, str | None]] = [
    ("LogSumExp", "x * y", None),
    ("LogSumExp", "x * y", "s"),
    ("LogSumExp", "x * y", "b"),
    ("SumSoftMaxWeight", "x * y", "s"),
    ("SumSoftMaxWeight", "x * y", "b"),
    ("SumSoftMaxWeight", "(x | y)", "b"),  # one softmax for all components, as KeOps has it
    ("Max_SumShiftExpWeight", "x * y", "b"),
]


def expected_of(name: str, formula: str, weight: str | None, args: list[Tensor]) -> Tensor:
    x, y, b, s = args
    f = x[:, None] * y
    if formula != "x * y":
        f = f.sum(-1, keepdim=True)
    return DENSE[name](f, {"s": s, "b": b, None: 1.0}[weight])


def first_and_second(value: Tensor, args: list[Tensor]) -> list[Any]:
    e = torch.linspace(0.5, 1.5, value.numel(), dtype=value.dtype).reshape(value.shape)
    some = {"allow_unused": True, "materialize_grads": True}
    first = torch.autograd.grad(value, args, e, create_graph=True, **some)
    total = sum(((g + 1) ** 3).sum() for g in first)
    return [*first, *torch.autograd.grad(total, args, **some)]


@pytest.mark.parametrize(("name", "formula", "weight"), WEIGHTS, ids=str)
@pytest.mark.parametrize("D", [3, 11])
def test_components(D: int, name: str, formula: str, weight: str | None) -> None:
    args = data(D)
    found = Genred(formula, variables(D), name, 1, formula2=weight)(*args)
    expected = expected_of(name, formula, weight, args)
    torch.testing.assert_close(found, expected)
    if D == 3:
        both = first_and_second(found, args), first_and_second(expected, args)
        for a, e in zip(*both, strict=True):
            torch.testing.assert_close(a, e)


# Law: no component overflows, or loses digits, by another's size; -inf adds nothing.


@pytest.mark.parametrize("dtype", [torch.float32, F64, torch.float16, torch.bfloat16])
def test_sizes(dtype: torch.dtype) -> None:
    x = torch.tensor([[1.0, 1e4, -1e4, 1.0]], dtype=dtype)
    y = torch.tensor([[0.5, 1.0, 1.0, -torch.inf], [1.0, 0.5, 0.5, 0.0]], dtype=dtype)
    found = Genred("x * y", ["x = Vi(4)", "y = Vj(4)"], "LogSumExp", 1)(x, y)
    expected = (x * y).double().logsumexp(0, keepdim=True).to(dtype)
    torch.testing.assert_close(found, expected)
    softmax = Genred("x * y", ["x = Vi(4)", "y = Vj(4)"], "SoftMax", 1, formula2="Step(y + 1)")
    weights = (x * y).double().softmax(0)
    torch.testing.assert_close(softmax(x, y), (weights * (y >= -1)).sum(0, keepdim=True).to(dtype))


# Law: gradients are those of the other terms where a weight is 0, however great its term.


@pytest.mark.parametrize("weight", ["s", "b"])
@pytest.mark.parametrize("formula", ["x * y", "(x | y)"])
def test_weights_of_0(formula: str, weight: str) -> None:
    x, y, b, s = data(3)
    with torch.no_grad():
        y[2], s[2], b[2] = 1e5, 0, 0
    reduction = Genred(formula, variables(3), "LogSumExp", 1, formula2=weight)
    few = [x, *(torch.cat([a[:2], a[3:]]) for a in (y, b, s))]
    found, expected = reduction(x, y, b, s), reduction(*few)
    torch.testing.assert_close(found, expected)
    for a, e in zip(
        torch.autograd.grad(found.sum(), [x, y], create_graph=True),
        torch.autograd.grad(expected.sum(), [x, y], create_graph=True),
        strict=True,
    ):
        torch.testing.assert_close(a, e)
        rows = torch.autograd.grad((a**2).sum(), x, retain_graph=True)
        torch.testing.assert_close(rows, torch.autograd.grad((e**2).sum(), x, retain_graph=True))


def test_symbolic_matrices() -> None:
    x, y, b, s = data(3)
    K, dense = Vi(x) * Vj(y), x[:, None] * y
    torch.testing.assert_close(K.logsumexp(axis=1), dense.logsumexp(1))
    torch.testing.assert_close(K.logsumexp(axis=0), dense.logsumexp(0))
    torch.testing.assert_close(K.logsumexp((0, 1)), dense.logsumexp((0, 1)))
    torch.testing.assert_close(K.logsumexp(axis=1, weight=Vj(s)), (dense.exp() * s).sum(1).log())
    found = K.sumsoftmaxweight(Vj(b), axis=1)
    torch.testing.assert_close(found, (dense.softmax(1) * b).sum(1))
    lazy = keopsnb.numpy.Vi(x.detach().numpy()) * keopsnb.numpy.Vj(y.detach().numpy())
    np.testing.assert_allclose(lazy.logsumexp(1), dense.logsumexp(1).detach().numpy())


def test_dimensions_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"^formula2='b' has dimension 2, and the formula 3; for "):
        Genred("x", ["x = Vi(3)", "b = Vj(2)"], "LogSumExp", 1, formula2="b")
