"""A value never depends on whether, and how, a derivative is wanted: bit for bit."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from keopsnb import _core
from keopsnb.torch import Genred, Vi, Vj

ROWS = {row.name: row for row in _core.reductions()}
DIFFERENTIABLE = [name for name, row in ROWS.items() if row.differentiable]
# The formulas of the tests of derivatives, whose kernels serve here as well.
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)", "p = Pm(2)"]
SCALAR = "Sum(Square(x - y) * p)"
VECTOR = f"Concat({SCALAR}, Elem(x, 0) * Elem(y, 0))"
RANKS = 3


def of_scalar(name: str) -> bool:
    """Whether it is tested of a formula of dimension 1, with vectors as weights."""
    return "Exp" in name or "SoftMax" in name


def made(name: str, axis: int = 1) -> Genred:
    row = ROWS[name]
    weight = "b * b" if row.weight.name == "required" else None
    formula = SCALAR if of_scalar(row.name) else VECTOR
    n = RANKS if row.ranked else None
    return Genred(formula, ALIASES, name, axis, formula2=weight, opt_arg=n)


def numbers(dtype: torch.dtype, scale: float, batch: tuple[int, ...] = ()) -> list[Tensor]:
    torch.manual_seed(3)
    shapes = [(5, 2), (7, 2), (7, 2), (2,)]
    x, y, b, p = (torch.randn(*batch, *s, dtype=torch.float64).to(dtype) for s in shapes)
    return [x * scale, y, b, p]


def tensors(result: Any) -> tuple[Tensor, ...]:
    return result if isinstance(result, tuple) else (result,)


def bits(result: Any) -> list[bytes]:
    return [a.detach().float().numpy().tobytes() for a in tensors(result)]


def with_gradient(f: Callable[..., Any], args: list[Tensor]) -> Any:
    return f(*(a.detach().requires_grad_() for a in args))


def in_forward_mode(f: Callable[..., Any], args: list[Tensor]) -> Any:
    def first(*args: Tensor) -> tuple[Tensor, Any]:
        result = f(*args)
        return tensors(result)[0], result

    tangents = tuple(torch.ones_like(a) for a in args)
    return torch.func.jvp(first, tuple(args), tangents, has_aux=True)[2]


def in_func_grad(f: Callable[..., Any], args: list[Tensor]) -> Any:
    def total(*args: Tensor) -> tuple[Tensor, Any]:
        result = f(*args)
        return tensors(result)[0].sum(), result

    return torch.func.grad(total, has_aux=True)(*args)[1]


def in_vmap(f: Callable[..., Any], args: list[Tensor]) -> Any:
    two = [torch.stack([a, a]).requires_grad_() for a in args]
    result = tensors(torch.vmap(f)(*two))
    assert all(torch.equal(r[0].nan_to_num(), r[1].nan_to_num()) for r in result)
    return tuple(r[0] for r in result)


WAYS = [with_gradient, in_forward_mode, in_func_grad, in_vmap]


def check(f: Callable[..., Any], args: list[Tensor], ways: list[Any] = WAYS) -> None:
    with torch.no_grad():
        expected = bits(f(*args))
    for way in ways:
        assert bits(way(f, args)) == expected, way.__name__


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_values(name: str) -> None:
    reduction = made(name)
    for scale in (1.0, 300.0, 1e15):
        check(reduction, numbers(torch.float64, scale))
    for number in (torch.nan, torch.inf, -0.0):
        args = numbers(torch.float64, 1.0)
        args[0][1] = args[1][2] = args[2][3, 0] = number
        check(reduction, args, [with_gradient, in_func_grad])
    check(reduction, numbers(torch.float64, 1.0, (3,)))
    check(made(name, 0), numbers(torch.float64, 1.0), [with_gradient])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_values_of_other_numbers(name: str, dtype: torch.dtype) -> None:
    check(made(name), numbers(dtype, 30.0), [with_gradient, in_forward_mode])


# Rows of all terms, of fewer than K, and of none.
RANGES = tuple(
    np.array(a)
    for a in (
        [[0, 2], [2, 4]],
        [1, 2],
        [[0, 7], [1, 3]],
        [[0, 7]],
        [1],
        [[0, 5]],
    )
)


@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_values_of_few_terms(name: str) -> None:
    def by_ranges(*args: Tensor) -> Any:
        return made(name)(*args, ranges=RANGES)

    args = numbers(torch.float64, 1.0)
    check(by_ranges, args)
    if not ROWS[name].ranked and ROWS[name].gives.name != "both":
        x, y, b, p = args
        check(made(name), [x, y[:0], b[:0], p])


def test_values_of_symbolic_matrices() -> None:
    def softmax(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Any:
        return (Vi(x * p) | Vj(y)).sumsoftmaxweight(Vj(b), axis=1)

    def variance(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Any:
        return (Vi(x * p) - Vj(y) * Vj(b)).var(axis=0, correction=9)

    for f in (softmax, variance):
        check(f, numbers(torch.float32, 1e4), [with_gradient, in_forward_mode])


@pytest.mark.parametrize("name", ["SumSoftMaxWeight", "Variance", "Max"])
def test_values_in_graphs(name: str) -> None:
    def compiled(f: Callable[..., Any], args: list[Tensor]) -> Any:
        return with_gradient(torch.compile(f, backend="aot_eager", fullgraph=True), args)

    check(made(name), numbers(torch.float64, 300.0), [compiled])


# Law: weights of a softmax are those of the largest terms, however large these are, in gradients
# as well.


def test_softmax_of_large_terms() -> None:
    torch.manual_seed(0)
    x, y, b = torch.randn(50, 3), torch.randn(400, 3), torch.randn(400, 2)
    mean = Genred(
        "s * (x | y)",
        ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "s = Pm(1)"],
        "SumSoftMaxWeight",
        1,
        formula2="b",
    )
    for s in (1.0, 1e2, 1e5):
        scale = torch.tensor([s])
        ones = mean(x.requires_grad_(), y, torch.ones_like(b), scale)
        torch.testing.assert_close(ones, torch.ones_like(ones), rtol=0, atol=1e-6)
        b.requires_grad_()
        (found,) = torch.autograd.grad(mean(x, y, b, scale).sum(), b)
        # Each row gives the weights 1 in all.
        torch.testing.assert_close(found.sum(0), torch.full((2,), 50.0), rtol=1e-5, atol=0)


# Law: the gradient of a variance is that of the deviations, however large the mean is.


@pytest.mark.parametrize("offset", [0.0, 1e4, 1e7])
def test_variance_with_an_offset(offset: float) -> None:
    torch.manual_seed(1)
    y = (torch.randn(301, 1) + offset).requires_grad_()
    variance = Genred("y - x", ["x = Vi(1)", "y = Vj(1)"], "Variance", 1)
    (found,) = torch.autograd.grad(variance(torch.zeros(1, 1), y).sum(), y)
    wide = y.detach().double().requires_grad_()
    (expected,) = torch.autograd.grad(wide.var(0, correction=0).sum(), wide)
    torch.testing.assert_close(found.double(), expected, rtol=0, atol=1e-6)
