"""Reductions of torch tensors, and their derivatives, against dense torch."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from keopsnb._reduction import size
from keopsnb.torch import Genred, _autograd

DTYPES = [torch.float32, torch.float64]
TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12}
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "p = Pm(3)", "s = Pm(1)"]
CATEGORIES = [0, 1, 1, 2, 2]

# Formulas with their dense equivalents, over x (M,1,3), y (1,N,3), b (1,N,2), p (3,) and s (1,).
Dense = Callable[..., Tensor]
FORMULAS: dict[str, Dense] = {
    "Exp(-s * SqDist(x, y)) * b": lambda x, y, b, p, s: (
        torch.exp(-s * ((x - y) ** 2).sum(-1, keepdim=True)) * b
    ),
    "(x | y) * Sin(p * y) + Inv(1 + SqNorm2(x))": lambda x, y, b, p, s: (
        (x * y).sum(-1, keepdim=True) * torch.sin(p * y) + 1 / (1 + (x * x).sum(-1, keepdim=True))
    ),
    "Concat(Norm2(x - y) * b, Log(1 + (p - x)**2) / s)": lambda x, y, b, p, s: torch.cat(
        [
            (((x - y) ** 2).sum(-1, keepdim=True)).sqrt() * b,
            (torch.log(1 + (p - x) ** 2) / s).expand(*y.expand(len(x), -1, -1).shape),
        ],
        -1,
    ),
}
EXPONENTS: dict[str, Dense] = {
    "-s * SqDist(x, y)": lambda x, y, b, p, s: -s * ((x - y) ** 2).sum(-1, keepdim=True),
    "(x * p | y) / s": lambda x, y, b, p, s: (x * p * y).sum(-1, keepdim=True) / s,
}


def make_arguments(M: int, N: int, dtype: torch.dtype, seed: int = 0) -> list[Tensor]:
    random = torch.Generator().manual_seed(seed)
    shapes = [(M, 3), (N, 3), (N, 2), (3,), (1,)]
    return [
        (torch.rand(shape, generator=random, dtype=torch.float64) + 0.5).to(dtype).requires_grad_()
        for shape in shapes
    ]


def dense(f: Dense, arguments: Sequence[Tensor], axis: int, weight: Dense | None = None) -> Tensor:
    x, y, b, p, s = arguments
    pairs = (x[:, None], y[None], b[None], p, s)
    if weight is None:
        return f(*pairs).sum(axis)
    return torch.log((torch.exp(f(*pairs)) * weight(*pairs)).sum(axis))


def b_weight(x: Tensor, y: Tensor, b: Tensor, p: Tensor, s: Tensor) -> Tensor:
    return b


def one(*_: Tensor) -> Tensor:
    return torch.ones((), dtype=torch.float64)


class Example:
    """A reduction and its dense equivalent."""

    def __init__(self, operation: str, formula: str, axis: int, *, weighted: bool = False) -> None:
        self.name = f"{operation}{' of b' if weighted else ''}, axis {axis}: {formula}"
        options: dict[str, Any] = {"formula2": "b"} if weighted else {}
        self.reduction = Genred(formula, ALIASES, operation, axis=axis, **options)
        f = (FORMULAS | EXPONENTS)[formula]
        weight = {"Sum": None, "LogSumExp": b_weight if weighted else one}[operation]
        self.dense = lambda *arguments: dense(f, arguments, axis, weight)


_SUMS, _EXPONENTS = list(FORMULAS), list(EXPONENTS)
EXAMPLES = [
    Example("Sum", _SUMS[0], 1),
    Example("Sum", _SUMS[0], 0),
    Example("Sum", _SUMS[1], 1),
    Example("Sum", _SUMS[2], 0),
    Example("LogSumExp", _EXPONENTS[0], 1),
    Example("LogSumExp", _EXPONENTS[1], 0),
    Example("LogSumExp", _EXPONENTS[0], 1, weighted=True),
]
each = pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
# Second orders take a dozen kernels each.
some = pytest.mark.parametrize("example", [EXAMPLES[k] for k in (0, 3, 5, 6)], ids=lambda e: e.name)


def check(found: Tensor, expected: Tensor, tolerance: float | None = None) -> None:
    assert found.dtype == expected.dtype or expected.dtype == torch.float64
    assert found.shape == expected.shape
    tolerance = tolerance or TOLERANCE[found.dtype]
    scale = max(1.0, float(expected.detach().abs().max()) if expected.numel() else 1.0)
    torch.testing.assert_close(
        found, expected.to(found.dtype), rtol=0, atol=tolerance * scale, check_stride=False
    )


# Law: values and gradients are those of the dense computation, of any order.


def gradients(value: Tensor, arguments: Sequence[Tensor], e: Tensor) -> list[Tensor]:
    return list(
        torch.autograd.grad(
            value, arguments, e, create_graph=True, allow_unused=True, materialize_grads=True
        )
    )


@each
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_value_and_gradients(example: Example, dtype: torch.dtype) -> None:
    for M, N in [(1, 1), (17, 5), (67, 131)]:
        arguments = make_arguments(M, N, dtype)
        exact = [a.detach().double().requires_grad_() for a in arguments]
        value, expected = example.reduction(*arguments), example.dense(*exact)
        check(value, expected)
        e = torch.rand(value.shape, dtype=dtype)
        for found, right in zip(
            gradients(value, arguments, e), gradients(expected, exact, e.double()), strict=True
        ):
            check(found, right, 10 * TOLERANCE[dtype])


@some
def test_second_order(example: Example) -> None:
    arguments = make_arguments(7, 5, torch.float64)
    value, expected = example.reduction(*arguments), example.dense(*arguments)
    random = torch.Generator().manual_seed(1)
    e = torch.rand(value.shape, generator=random, dtype=torch.float64, requires_grad=True)
    first = gradients(value, arguments, e)
    first_expected = gradients(expected, arguments, e)
    for found, right in zip(first, first_expected, strict=True):
        if not right.requires_grad:
            assert not right.any()
            continue
        u = torch.rand(right.shape, generator=random, dtype=torch.float64)
        second = gradients(found, [*arguments, e], u)
        for a, b in zip(second, gradients(right, [*arguments, e], u), strict=True):
            check(a, b, 1e-11)


# Law: the same by finite differences.


@some
def test_gradcheck(example: Example) -> None:
    arguments = make_arguments(3, 4, torch.float64)
    assert gradcheck(example.reduction, arguments)
    assert gradgradcheck(example.reduction, arguments)


@pytest.mark.parametrize("operation", ["Sum", "LogSumExp"])
def test_third_order(operation: str) -> None:
    formula = {"Sum": "Exp(-SqDist(x, y))", "LogSumExp": "-SqDist(x, y)"}[operation]
    reduction = Genred(formula, ALIASES[:2], operation, axis=1)
    x, y = make_arguments(4, 3, torch.float64)[:2]
    f = -((x[:, None] - y[None]) ** 2).sum(-1, keepdim=True)
    found = reduction(x, y)
    expected = f.exp().sum(1) if operation == "Sum" else torch.logsumexp(f, 1)
    for _ in range(3):
        (found,) = torch.autograd.grad(found.square().sum(), x, create_graph=True)
        (expected,) = torch.autograd.grad(expected.square().sum(), x, create_graph=True)
        check(found, expected, 1e-11)


# Law: a value and its gradients in any number of variables take three passes over the pairs.


@some
def test_passes(example: Example, monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = 0
    compute = _autograd.compute_now

    def counted(reduction: Any, args: Sequence[Tensor], *more: Any) -> Any:
        nonlocal pairs
        pairs += size(reduction, args, 0) * size(reduction, args, 1)
        return compute(reduction, args, *more)

    monkeypatch.setattr(_autograd, "compute_now", counted)
    monkeypatch.setattr(_autograd, "_SLAB", 16)  # of parameters' gradients
    M, N = 67, 31
    arguments = make_arguments(M, N, torch.float64)
    value = example.reduction(*arguments)
    e = torch.rand_like(value)
    found = gradients(value, arguments, e)
    assert 0 < pairs <= 3 * M * N
    for a, right in zip(found, gradients(example.dense(*arguments), arguments, e), strict=True):
        check(a, right, 1e-11)
