"""Derivatives of every reduction against those of torch's dense operations."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from keopsnb import _core
from keopsnb.torch import Genred

ROWS = {row.name: row for row in _core.reductions()}
DIFFERENTIABLE = [name for name, row in ROWS.items() if row.differentiable]
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)", "p = Pm(2)"]
RANKS = 3

Dense = Callable[[Tensor, Tensor], Tensor]  # of terms (M, N, D) and weights (M, N, E)
# Reductions whose reference torch does not read as NumPy does.
DENSE: dict[str, Dense] = {
    "Variance": lambda f, _: f.var(1, correction=0),
    "Max": lambda f, _: f.amax(1),
    "Min": lambda f, _: f.amin(1),
    "KMin": lambda f, _: f.sort(1).values[:, :RANKS],
    "KMax": lambda f, _: f.sort(1, descending=True).values[:, :RANKS],
    "LogSumExp": lambda f, _: f.logsumexp(1),
    "LogSumExpWeight": lambda f, g: (f.exp() * g).sum(1).log(),
    "SumSoftMaxWeight": lambda f, g: (f.softmax(1) * g).sum(1),
    "Max_SumShiftExp": lambda f, _: torch.cat(
        [f.amax(1), (f - f.amax(1, keepdim=True)).exp().sum(1)], 1
    ),
    "Max_SumShiftExpWeight": lambda f, g: torch.cat(
        [f.amax(1), ((f - f.amax(1, keepdim=True)).exp() * g).sum(1)], 1
    ),
}
SAME = {
    "SoftMax": "SumSoftMaxWeight",
    "Max_ArgMax": "Max",
    "Min_ArgMin": "Min",
    "KMin_ArgKMin": "KMin",
    "KMax_ArgKMax": "KMax",
}


def by_torch(name: str) -> Dense:
    """A reduction by torch."""
    name = SAME.get(name, name)
    names = {"numpy": torch, "n": ROWS[name].fallback}
    by_row: Dense = lambda f, g: eval(ROWS[name].reference, names | {"f": f, "g": g})  # noqa: E731
    return DENSE.get(name, by_row)


def of_scalar(name: str) -> bool:
    """Whether it is tested of a formula of dimension 1, with vectors as weights."""
    return "Exp" in name or "SoftMax" in name


def variables(M: int, N: int) -> list[Tensor]:
    torch.manual_seed(M + N)
    shapes = [(M, 2), (N, 2), (N, 2), (2,)]
    return [(torch.rand(s, dtype=torch.float64) + 0.3).requires_grad_() for s in shapes]


def terms(scalar: bool, x: Tensor, y: Tensor, p: Tensor) -> Tensor:
    x, y = x[:, None], y[None]
    f = ((x - y) ** 2 * p).sum(-1, keepdim=True)
    return f if scalar else torch.cat([f, x[..., :1] * y[..., :1]], -1)


def value(result: Any) -> Tensor:
    found: Tensor = result[0] if isinstance(result, tuple) else result
    return found


def derivatives(result: Tensor, args: list[Tensor], order: int) -> list[Tensor]:
    """First ones, along a fixed direction, then, if order is 2, second ones, along another."""
    e = torch.linspace(0.5, 1.5, result.numel(), dtype=result.dtype).reshape(result.shape)
    e.requires_grad_()
    first = torch.autograd.grad(result, args, e, create_graph=True, allow_unused=True)
    first = tuple(torch.zeros_like(a) if g is None else g for g, a in zip(first, args, strict=True))
    if order == 1:
        return list(first)
    along = sum((g * torch.linspace(-1, 1, g.numel()).reshape(g.shape)).sum() for g in first)
    assert isinstance(along, Tensor)
    second = torch.autograd.grad(along, [*args, e], allow_unused=True)
    zeros = (torch.zeros_like(a) for a in [*args, e])
    return [*first, *(z if g is None else g for g, z in zip(second, zeros, strict=True))]


# Law: derivatives of first and second order are those of the dense computation.


@pytest.mark.parametrize("axis", [1, 0])
@pytest.mark.parametrize("name", DIFFERENTIABLE)
def test_derivatives(name: str, axis: int) -> None:
    row = ROWS[name]
    formula = "Sum(Square(x - y) * p)"
    if not of_scalar(row.name):
        formula = f"Concat({formula}, Elem(x, 0) * Elem(y, 0))"
    weight = "b * b" if row.weight.name == "required" else None
    n = RANKS if row.ranked else None
    reduction = Genred(formula, ALIASES, name, axis, formula2=weight, opt_arg=n)
    for M, N in ((5, 7), (4, 3)):
        args = variables(M, N)
        x, y, b, p = args
        f, g = terms(of_scalar(row.name), x, y, p), (b * b)[None].expand(M, N, 2)
        if axis == 0:
            f, g = f.transpose(0, 1), g.transpose(0, 1)
        expected = by_torch(name)(f, g)
        found = value(reduction(*args))
        with torch.no_grad():
            torch.testing.assert_close(found, value(reduction(*args)), rtol=1e-12, atol=1e-12)
        torch.testing.assert_close(found, expected, rtol=1e-11, atol=1e-11)
        order = 1 + axis  # the law does not know the axis
        both = derivatives(found, args, order), derivatives(expected, args, order)
        for a, e in zip(*both, strict=True):
            torch.testing.assert_close(a, e, rtol=1e-8, atol=1e-9)


# Law: derivatives are finite and right where a term of a product is 0, or all terms of a norm.


@pytest.mark.parametrize("zeros", [[], [1], [0, 2], [0, 1, 2]], ids=str)
def test_product_with_zeros(zeros: list[int]) -> None:
    y = torch.tensor([[2.0], [3.0], [-1.5], [0.5]], dtype=torch.float64)
    y[zeros] = 0
    y.requires_grad_()
    prod = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], "Prod", 1)
    found = prod(torch.ones(2, 1, dtype=y.dtype), y).sum()
    expected = 2 * y[0] * y[1] * y[2] * y[3]
    weights = torch.tensor([[1.0], [-2.0], [0.7], [3.0]], dtype=y.dtype)

    def derivatives(value: Tensor) -> tuple[Tensor, ...]:
        (first,) = torch.autograd.grad(value, y, create_graph=True)
        return first, *torch.autograd.grad((first * weights).sum(), y)

    torch.testing.assert_close(derivatives(found), derivatives(expected.sum()))


def test_norm_of_zero() -> None:
    y = torch.zeros(4, 1, dtype=torch.float64, requires_grad=True)
    norm = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], "Norm2", 1)
    (found,) = torch.autograd.grad(norm(torch.ones(2, 1, dtype=y.dtype), y).sum(), y)
    assert found.tolist() == [[0.0]] * 4


def test_softmax_does_not_overflow() -> None:
    x = torch.tensor([[1000.0], [-1000.0]], dtype=torch.float64, requires_grad=True)
    y = torch.linspace(-1, 1, 5, dtype=torch.float64)[:, None]
    mean = Genred("x * y", ["x = Vi(1)", "y = Vj(1)"], "SumSoftMaxWeight", 1, formula2="y")
    (found,) = torch.autograd.grad(mean(x, y).sum(), x)
    (expected,) = torch.autograd.grad(((x * y.T).softmax(1) @ y).sum(), x)
    torch.testing.assert_close(found, expected)


# Law: where there is no term, derivatives are 0.


@pytest.mark.parametrize("name", ["Sum", "Max", "LogSumExp", "Prod", "SumSq"])
def test_no_term(name: str) -> None:
    x, _, _, _ = variables(3, 1)
    y, b = torch.zeros(0, 2, dtype=x.dtype), torch.zeros(0, 2, dtype=x.dtype)
    p = torch.ones(2, dtype=x.dtype)
    result = Genred("SqDist(x, y)", ALIASES, name, 1)(x, y, b, p)
    (found,) = torch.autograd.grad(result.sum(), x)
    assert not found.any()


# Law: results that are integers or truth values need no gradient, and take none away from others.


@pytest.mark.parametrize("name", ["ArgMax", "Any", "Count", "ArgKMin"])
def test_no_derivative(name: str) -> None:
    x, y, b, p = variables(4, 6)
    n = RANKS if ROWS[name].ranked else None
    result = Genred("SqDist(x, y)", ALIASES, name, 1, opt_arg=n)(x, y, b, p)
    assert not result.requires_grad
    assert result.dtype == (torch.bool if name == "Any" else torch.int64)


# Law: counts are integers beside any numbers, and gradients count as values do.


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_counts_beside_16_bits(dtype: torch.dtype) -> None:
    x, y = torch.ones(2, 1, dtype=dtype), torch.ones(100_000, 1, dtype=dtype, requires_grad=True)
    variables = ["x = Vi(1)", "y = Vj(1)"]
    count = Genred("x * y", variables, "Count", 1)(x, y)
    assert count.dtype == torch.int64
    assert count.tolist() == [[100_000]] * 2
    mean = Genred("x * y", variables, "Mean", 1)(x, y)
    assert mean.tolist() == [[1.0]] * 2
    (gradient,) = torch.autograd.grad(mean.sum(), y)
    torch.testing.assert_close(gradient.float(), torch.full((100_000, 1), 2e-5), rtol=1e-2, atol=0)


# Law: 16-bit numbers are computed in float32, and so are their gradients.


@pytest.mark.parametrize("name", ["Sum", "Max", "LogSumExp", "Variance"])
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_sixteen_bits(name: str, dtype: torch.dtype) -> None:
    args = [v.detach().to(dtype).requires_grad_() for v in variables(9, 11)]
    wide = [v.detach().float().requires_grad_() for v in args]
    reduction = Genred("SqDist(x, y)", ALIASES, name, 1)
    found, expected = reduction(*args), reduction(*wide)
    assert found.dtype == dtype
    error = 4 * torch.finfo(dtype).eps
    torch.testing.assert_close(found.float(), expected, rtol=error, atol=error)
    gradients = torch.autograd.grad(found.sum(), args[:2])
    for a, e in zip(gradients, torch.autograd.grad(expected.sum(), wide[:2]), strict=True):
        torch.testing.assert_close(a.float(), e, rtol=error, atol=error)
