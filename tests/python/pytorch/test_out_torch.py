"""Results that go to a tensor of the caller's: the value is there, and derivatives go on."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from keopsnb.torch import Genred, Vi, Vj

F64 = torch.float64
VARIABLES = ["x = Vi(2)", "y = Vj(2)"]
NAMES = ["Sum", "LogSumExp", "Variance", "SumSoftMaxWeight", "Min", "Max_SumShiftExp"]


def made(name: str) -> Genred:
    weight = "Elem(y, 0)" if name == "SumSoftMaxWeight" else None
    return Genred("Exp(-SqDist(x, y))", VARIABLES, name, 1, formula2=weight)


def data() -> tuple[Tensor, Tensor]:
    torch.manual_seed(0)
    return torch.rand(6, 2, dtype=F64, requires_grad=True), torch.rand(4, 2, dtype=F64)


def derivatives(value: Tensor, x: Tensor) -> list[Tensor]:
    (first,) = torch.autograd.grad((value**2).sum(), x, create_graph=True)
    return [first, *torch.autograd.grad((first**2).sum(), x)]


# Law: the tensor returned is `out`, with the value and the derivatives of a call without it.


@pytest.mark.parametrize("name", NAMES)
def test_derivatives_go_through_out(name: str) -> None:
    reduction, (x, y) = made(name), data()
    expected = reduction(x, y)
    out = torch.full(expected.shape, torch.nan, dtype=F64)
    found = reduction(x, y, out=out)
    assert found is out
    assert torch.equal(found, expected)
    for a, e in zip(derivatives(found, x), derivatives(expected, x), strict=True):
        torch.testing.assert_close(a, e)


def test_out_of_symbolic_matrices() -> None:
    x, y = data()
    K = (-((Vi(x) - Vj(y)) ** 2).sum(-1)).exp()
    out = torch.empty(6, 1, dtype=F64)
    assert K.sum(axis=1, out=out) is out
    (found,) = torch.autograd.grad((out**2).sum(), x)
    (expected,) = torch.autograd.grad((K.sum(axis=1) ** 2).sum(), x)
    torch.testing.assert_close(found, expected)


# Law: a buffer may be filled by parts and used again, and then belongs to the last graph alone.


def test_buffers() -> None:
    reduction, (x, y) = made("LogSumExp"), data()
    whole = torch.zeros(6, 1, dtype=F64)
    for begin in (0, 2, 4):
        reduction(x[begin : begin + 2], y, out=whole[begin : begin + 2])
    for a, e in zip(derivatives(whole, x), derivatives(reduction(x, y), x), strict=True):
        torch.testing.assert_close(a, e)
    buffer, total = torch.empty(2, 1, dtype=F64), torch.zeros(1, dtype=F64)
    for begin in (0, 2, 4):
        total = total + reduction(x[begin : begin + 2], y, out=buffer).square().sum().clone()
        buffer = buffer.detach()
    with torch.no_grad():
        reduction(x[:2], y, out=whole[:2])
    assert reduction(x.detach()[:2], y, out=buffer) is buffer
    assert not buffer.requires_grad
    carried = (x * 1.0)[:, :1].clone()  # in a graph, which it then leaves
    reduction(x.detach(), y, out=carried)
    (left,) = torch.autograd.grad(carried.sum(), x, allow_unused=True)
    assert left is None or not left.any()


# Law: it works in graphs and under transforms, where `out` is made inside of these.


def test_out_in_graphs() -> None:
    reduction, (x, y) = made("SumSoftMaxWeight"), data()

    def f(x: Tensor, out: Tensor) -> Tensor:
        return reduction(x, y, out=out) ** 2

    (expected,) = torch.autograd.grad((reduction(x, y) ** 2).sum(), x)
    out = torch.empty(6, 1, dtype=F64)
    compiled = torch.compile(f, backend="aot_eager", fullgraph=True)
    (found,) = torch.autograd.grad(compiled(x, out).sum(), x)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(out, reduction(x, y))

    def total(x: Tensor) -> Tensor:
        return f(x, torch.empty_like(x[:, :1])).sum()

    torch.testing.assert_close(torch.func.grad(total)(x.detach()), expected)


# Law: what cannot be written to is refused with words, and nothing is written.

MEMORY = torch.ones(20, dtype=F64)


def leaf() -> Tensor:
    return torch.zeros(12, 1, dtype=F64, requires_grad=True)


def inference() -> Tensor:
    with torch.inference_mode():
        return torch.zeros(6, 1, dtype=F64)


OUTS: list[tuple[Callable[[], Any], type, str]] = [
    (lambda: torch.zeros(6, 1, dtype=F64, requires_grad=True), ValueError, "out is a leaf that re"),
    (lambda: leaf()[:6], ValueError, "out is a view of a leaf that requires a gradient"),
    (inference, ValueError, "out was made in inference mode"),
    (lambda: torch.zeros(6, 2, dtype=F64), ValueError, "out should have shape (6, 1), and has sha"),
    (lambda: torch.zeros(6, 1), TypeError, "out is float32, and the result is float64."),
    (lambda: torch.zeros(12, 1, dtype=F64)[::2], ValueError, "out is not contiguous"),
    (lambda: torch.zeros(1, 1, dtype=F64).expand(6, 1), ValueError, "out is not contiguous"),
    (lambda: torch.zeros(6, 1, dtype=F64, device="meta"), TypeError, "out is on device 'meta'"),
    (lambda: MEMORY[6:12].view(6, 1), ValueError, "out shares memory with an argument"),
    (lambda: np.zeros((6, 1)), TypeError, "out is a ndarray; write torch.empty(...)"),
]


@pytest.mark.parametrize(("out", "error", "message"), OUTS, ids=[m for _, _, m in OUTS])
def test_refused(out: Callable[[], Any], error: type, message: str) -> None:
    y = MEMORY[:8].view(4, 2)
    with pytest.raises(error, match=re.escape(message)):
        made("Sum")(data()[0], y, out=out())
    assert (MEMORY == 1).all()


def test_pairs_are_refused() -> None:
    x, y = data()
    with pytest.raises(ValueError, match="returns two tensors; leave it out"):
        made("Max_ArgMax")(x, y, out=torch.empty(6, 1, dtype=F64))
