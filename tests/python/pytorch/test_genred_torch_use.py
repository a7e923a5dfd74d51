"""Reductions among other things that torch does: views, modules, modes, hooks, out, devices."""

import math

import pytest
import torch
from torch import Tensor

from keopsnb.torch import Genred

ALIASES = ["x = Vi(2)", "y = Vj(2)", "p = Pm(1)"]
F64 = torch.float64


def gaussian(x: Tensor, y: Tensor, p: Tensor) -> Tensor:
    return torch.exp(-p * ((x[:, None] - y[None]) ** 2).sum(-1, keepdim=True)).sum(1)


@pytest.fixture(scope="module")
def reduction() -> Genred:
    return Genred("Exp(-p * SqDist(x, y))", ALIASES, axis=1)


@pytest.fixture
def xyp() -> tuple[Tensor, Tensor, Tensor]:
    random = torch.Generator().manual_seed(0)
    x, y = (torch.rand(n, 2, dtype=F64, generator=random) for n in (6, 5))
    return x, y, torch.tensor([0.7], dtype=F64)


def check_as_dense(reduction: Genred, leaves: list[Tensor], arguments: tuple[Tensor, ...]) -> None:
    """Value and the leaves' gradients, first and second."""
    found, expected = reduction(*arguments), gaussian(*arguments)
    for _ in range(2):
        torch.testing.assert_close(found, expected, check_stride=False)
        found, expected = (
            torch.cat(
                [
                    g.flatten()
                    for g in torch.autograd.grad(v.square().sum(), leaves, create_graph=True)
                ]
            )
            for v in (found, expected)
        )
    torch.testing.assert_close(found, expected)


# Law: how an argument came about makes no difference, to values or to gradients.


def test_views(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    x, y, p = xyp
    for leaf, view in [
        (x.T.contiguous(), lambda a: a.T),
        (torch.rand(12, 4, dtype=F64), lambda a: a[::2, 1:3]),
        (torch.rand(1, 2, dtype=F64), lambda a: a.expand(6, 2)),
        (torch.rand(6, 1, dtype=F64), lambda a: a.expand(6, 2)),
        (x.clone(), lambda a: a.flip(0)),
        (x.clone(), lambda a: 2 * a.sin()),
        (torch.rand(3, 2, dtype=F64), lambda a: a.repeat(2, 1)),
        (x.clone(), lambda a: torch.complex(a, a).conj().imag),  # a negative bit
    ]:
        leaf.requires_grad_()
        check_as_dense(reduction, [leaf], (view(leaf), y, p))


def test_one_tensor_for_several_arguments(reduction: Genred) -> None:
    x = torch.rand(6, 2, dtype=F64, requires_grad=True)
    p = x[0, 0].detach().reshape(1)
    check_as_dense(reduction, [x], (x, x, p))


def test_parameters_of_a_module(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    x, y, p = xyp
    scalar = torch.nn.Parameter(p[0].clone())
    check_as_dense(reduction, [scalar], (x, y, scalar))
    assert reduction(x, y, scalar).shape == (6, 1)
    torch.autograd.backward(reduction(x, y, scalar).sum())
    assert scalar.grad is not None
    assert scalar.grad.shape == ()


# Law: gradients are computed where they are asked for, zero where nothing depends, and accumulate.


def test_partial_gradients(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    for subset in ([0], [1], [2], [0, 1], [0, 2], [1, 2], [0, 1, 2]):
        arguments = [a.clone() for a in xyp]
        leaves = [arguments[k].requires_grad_() for k in subset]
        reduction(*arguments).sum().backward()
        for k, a in enumerate(arguments):
            assert (a.grad is not None) == (k in subset)
        expected = torch.autograd.grad(gaussian(*arguments).sum(), leaves)
        for a, right in zip(leaves, expected, strict=True):
            torch.testing.assert_close(a.grad, right)


def test_unused_variables_have_zero_gradients() -> None:
    reduction = Genred("SqNorm2(x)", ["x = Vi(2)", "y = Vj(2)", "p = Pm(3)"], axis=1)
    x, y, p = (torch.ones(s, requires_grad=True) for s in ((4, 2), (5, 2), (3,)))
    gx, gy, gp = torch.autograd.grad(reduction(x, y, p).sum(), (x, y, p), create_graph=True)
    assert gx.tolist() == [[10.0, 10.0]] * 4
    assert gy.tolist() == [[0.0, 0.0]] * 5
    assert gp.tolist() == [0.0] * 3
    second = torch.autograd.grad((gy + gp.sum()).sum(), (x, y), allow_unused=True)
    assert all(g is None or not g.any() for g in second)


def test_no_grad(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    x, y, p = (a.requires_grad_() for a in xyp)
    with torch.no_grad():
        quiet = reduction(x, y, p)
    with torch.inference_mode():
        inference = reduction(x, y, p)
    assert not quiet.requires_grad
    assert not inference.requires_grad
    assert reduction(x, y, p).requires_grad
    assert not reduction(*(a.detach() for a in xyp)).requires_grad
    torch.testing.assert_close(quiet, reduction(x, y, p).detach())


def test_backward_twice(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    x, y, p = xyp
    x.requires_grad_()
    value = reduction(x, y, p).sum()
    value.backward(retain_graph=True)
    once = x.grad.clone()
    value.backward()
    torch.testing.assert_close(x.grad, 2 * once)
    with pytest.raises(RuntimeError, match="second time"):
        value.backward()


def test_an_argument_changed_in_place_is_noticed(
    reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]
) -> None:
    x, y, p = xyp
    x.requires_grad_()
    value = reduction(x, y, p).sum()
    y.add_(1)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()


def test_gradients_that_are_no_plain_tensors(
    reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]
) -> None:
    x, y, p = (a.requires_grad_() for a in xyp)
    for e in (torch.ones(1, 1, dtype=F64).expand(6, 1), torch.zeros(6, 1, dtype=F64)):
        for found, right in zip(
            torch.autograd.grad(reduction(x, y, p), (x, y, p), e),
            torch.autograd.grad(gaussian(x, y, p), (x, y, p), e),
            strict=True,
        ):
            torch.testing.assert_close(found, right)


def test_no_points_at_all(reduction: Genred) -> None:
    p = torch.ones(1, dtype=F64, requires_grad=True)
    for M, N in [(0, 3), (3, 0), (0, 0)]:
        x, y = (torch.ones(n, 2, dtype=F64, requires_grad=True) for n in (M, N))
        value = reduction(x, y, p)
        assert value.shape == (M, 1)
        assert not value.any()
        for g, a in zip(torch.autograd.grad(value.sum(), (x, y, p)), (x, y, p), strict=True):
            assert g.shape == a.shape
            assert not g.any()


# Law: a row of LogSumExp in which no term counts is -inf, and moves nothing.


def test_empty_rows_of_logsumexp() -> None:
    reduction = Genred("x + y", ["x = Vi(1)", "y = Vj(1)"], "LogSumExp", axis=1)
    x = torch.tensor([[0.0], [-math.inf], [1.0]], dtype=F64, requires_grad=True)
    y = torch.tensor([[0.0], [0.5]], dtype=F64, requires_grad=True)
    value = reduction(x, y)
    assert value[1] == -math.inf
    gx, gy = torch.autograd.grad(value.sum(), (x, y), create_graph=True)
    assert gx[:, 0].tolist() == pytest.approx([1.0, 0.0, 1.0])
    torch.testing.assert_close(gy[:, 0], 2 * torch.softmax(y[:, 0], 0))
    second = torch.autograd.grad(gy[0].sum(), (x, y))
    assert all(g.isfinite().all() for g in second)
    no_j = reduction(torch.zeros(2, 1, requires_grad=True), torch.zeros(0, 1))
    assert (no_j == -math.inf).all()
    no_j.sum().backward()


# Law: `out` receives the result (test_out_torch.py has its gradients).


def test_out(reduction: Genred, xyp: tuple[Tensor, Tensor, Tensor]) -> None:
    out = torch.full((6, 1), math.nan, dtype=F64)
    assert reduction(*xyp, out=out) is out
    torch.testing.assert_close(out, gaussian(*xyp))
    x, y, p = xyp
    x.requires_grad_()
    with torch.no_grad():
        assert reduction(x, y, p, out=out) is out


def test_autograd_sees_what_out_overwrites() -> None:
    x, weights = torch.rand(5, 3), torch.ones(5, 1, requires_grad=True)
    reduction = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)
    out = torch.full((5, 1), 2.0)
    product = weights * out
    reduction(x, x, out=out)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        product.sum().backward()
    with torch.inference_mode():
        reduction(x, x, out=torch.empty(5, 1))


# Law: truth values and integers of any width are numbers, and need no gradient.


@pytest.mark.parametrize("name", ["bool", "uint8", "int8", "int16", "uint16", "uint32"])
@pytest.mark.parametrize("operation", ["Sum", "Max"])
def test_integers_of_any_width(name: str, operation: str) -> None:
    dtype = getattr(torch, name)
    whole = torch.randint(0, 2, (14, 4)).to(dtype)
    x = torch.rand(5, 2, dtype=torch.float64, requires_grad=True)
    reduction = Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], operation, axis=1)
    for y in (whole[:, :2], whole[::2, 2:]):
        found = reduction(x, y)
        products = x[:, None] * y.double()
        wanted = products.sum(1) if operation == "Sum" else products.amax(1)
        assert found.dtype == torch.float64
        torch.testing.assert_close(found, wanted)
        e = torch.rand_like(found)
        torch.testing.assert_close(
            torch.autograd.grad(found, x, e)[0], torch.autograd.grad(wanted, x, e)[0]
        )


def test_truth_values_are_no_indices() -> None:
    take = Genred("Take(t, k)", ["t = Pm(3)", "k = Vj(1)"], axis=1)
    with pytest.raises(TypeError, match="argument 2 .* is bool, and the formula reads it as an"):
        take(torch.zeros(3), torch.ones(4, 1, dtype=torch.bool))
