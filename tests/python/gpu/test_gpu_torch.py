"""Reductions of CUDA tensors: values and derivatives, against dense torch and the CPU.

Each law holds on the CPU as well, and is tested there where there is no GPU.
"""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from test_genred_torch import DTYPES, EXAMPLES, TOLERANCE, Example, check, gradients, make_arguments
from torch import Tensor

from keopsnb.torch import Genred

DEVICES = ["cpu", pytest.param("cuda", marks=pytest.mark.gpu)]
on_each = pytest.mark.parametrize("device", DEVICES)
SHORT_FLOATS = [torch.float16, torch.bfloat16]


def cloud(*shape: int, seed: int = 0) -> Tensor:
    """Points whose squared distances are about 2, whatever the dimension."""
    random = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=random, dtype=torch.float64) / math.sqrt(shape[-1])


def squares(x: Tensor, y: Tensor) -> Tensor:
    return ((x[:, None] - y[None]) ** 2).sum(-1, keepdim=True)


def close(found: Tensor, expected: Tensor, tolerance: float) -> None:
    assert found.shape == expected.shape
    if found.numel() == 0:
        return
    difference = (found.detach().double().cpu() - expected.detach()).abs().max()
    scale = expected.detach().abs().max().clamp(min=1)
    assert difference <= tolerance * scale, f"off by {difference / scale:.1e}"


@contextmanager
def nothing_waits() -> Iterator[None]:
    """In which an operation of torch that waits for the GPU is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of the mode when it is on already
        try:
            torch.cuda.set_sync_debug_mode("error")
            yield
        finally:
            torch.cuda.set_sync_debug_mode("default")


def test_the_mode_of_waiting_is_restored(monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []

    def set_mode(mode: str) -> None:
        modes.append(mode)
        warnings.warn("the mode is a prototype", stacklevel=2)

    monkeypatch.setattr(torch.cuda, "set_sync_debug_mode", set_mode)
    with pytest.raises(KeyError), nothing_waits():
        raise KeyError(tuple(modes))
    assert modes == ["error", "default"]


# Law: values and gradients, first and second, are those of the dense computation.


@on_each
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda e: e.name)
@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_value_and_gradients(example: Example, dtype: torch.dtype, device: str) -> None:
    for M, N in [(1, 1), (67, 131), (300, 5)]:
        exact = make_arguments(M, N, torch.float64)
        arguments = [a.detach().to(device, dtype).requires_grad_() for a in exact]
        value, expected = example.reduction(*arguments), example.dense(*exact)
        assert value.device == arguments[0].device
        check(value.cpu(), expected)
        e = torch.rand(value.shape, dtype=torch.float64)
        for found, right, a in zip(
            gradients(value, arguments, e.to(device, dtype)),
            gradients(expected, exact, e),
            arguments,
            strict=True,
        ):
            assert found.device == a.device
            check(found.cpu(), right, 10 * TOLERANCE[dtype])


@on_each
@pytest.mark.parametrize("operation", ["Sum", "LogSumExp"])
def test_second_order(operation: str, device: str) -> None:
    formula = {"Sum": "Exp(-SqDist(x, y))", "LogSumExp": "-SqDist(x, y)"}[operation]
    reduction = Genred(formula, ["x = Vi(3)", "y = Vj(3)"], operation, axis=1)
    x, y = (cloud(n, 3, seed=n).requires_grad_() for n in (40, 33))
    xs, ys = (a.detach().to(device).requires_grad_() for a in (x, y))
    f = -squares(x, y)
    expected = f.exp().sum(1) if operation == "Sum" else f.logsumexp(1)
    found = reduction(xs, ys)
    for _ in range(2):
        found, *_ = torch.autograd.grad(found.square().sum(), (xs, ys), create_graph=True)
        expected, *_ = torch.autograd.grad(expected.square().sum(), (x, y), create_graph=True)
        close(found, expected, 1e-10)


# Law: so for any sizes, whatever kernel they take and however the work is cut into pieces.


@pytest.mark.parametrize(
    ("device", "dtype", "D"),
    [
        ("cpu", torch.float64, 33),
        *(
            pytest.param("cuda", dtype, D, marks=pytest.mark.gpu)
            for dtype in DTYPES
            for D in (1, 2, 5, 16, 31, 33, 64, 100, 257)
        ),
    ],
    ids=str,
)
def test_dimensions(device: str, dtype: torch.dtype, D: int) -> None:
    x, y, v, e = cloud(67, D), cloud(131, D, seed=1), cloud(131, D, seed=2), cloud(67, 1, seed=3)
    k = (-squares(x, y)).exp()[..., 0]
    moved = (e * k)[..., None] * (x[:, None] - y[None])
    aliases = [f"x = Vi({D})", f"y = Vj({D})", f"v = Vj({D})", "e = Vi(1)"]
    s = x @ y.T
    for formula, operation, options, axis, expected in (
        ("Exp(-SqDist(x, y))", "Sum", {}, 1, k.sum(1, keepdim=True)),
        ("Exp(-SqDist(x, y))", "Sum", {}, 0, k.sum(0)[:, None]),
        ("Exp(-SqDist(x, y)) * v", "Sum", {}, 1, k @ v),
        ("Grad(Exp(-SqDist(x, y)), x, e)", "Sum", {}, 1, -2 * moved.sum(1)),
        ("Grad(Exp(-SqDist(x, y)), y, e)", "Sum", {}, 0, 2 * moved.sum(0)),
        ("-SqDist(x, y)", "LogSumExp", {}, 1, k.sum(1, keepdim=True).log()),
        (
            "x | y",
            "LogSumExp",
            {"formula2": "Square(v)"},
            1,
            (s.exp() @ v.square()).log(),
        ),
    ):
        reduction = Genred(formula, aliases, operation, axis=axis, **options)
        found = reduction(*(a.to(device, dtype) for a in (x, y, v, e)))
        close(found, expected, 20 * TOLERANCE[dtype])


@on_each
@pytest.mark.parametrize("operation", ["Sum", "LogSumExp"])
def test_sizes(operation: str, device: str) -> None:
    formula = {"Sum": "Exp(-SqDist(x, y))", "LogSumExp": "-SqDist(x, y)"}[operation]
    reduction = Genred(formula, ["x = Vi(2)", "y = Vj(2)"], operation, axis=1)
    for M, N in [(0, 3), (3, 0), (1, 70_001), (3, 20_000), (127, 1), (128, 129), (5003, 257)]:
        x, y = cloud(M, 2), cloud(N, 2, seed=1)
        f = -squares(x, y)
        expected = f.exp().sum(1) if operation == "Sum" else f.logsumexp(1)
        found = reduction(x.to(device), y.to(device))
        empty = expected.isinf()
        assert torch.equal(found.cpu().isinf(), empty)
        close(found.masked_fill(empty.to(device), 0), expected.masked_fill(empty, 0), 1e-11)


# Law: options change how sums are made, not what they are.


@on_each
@pytest.mark.parametrize(
    "options",
    [
        {"use_fast_math": True},
        {"use_fast_math": False},
        {"sum_scheme": "kahan_scheme"},
        {"sum_scheme": "direct_sum"},
        {"dtype_acc": "float64"},
        {"use_double_acc": True},
        {"enable_chunks": False},
    ],
    ids=str,
)
def test_options(options: dict[str, Any], device: str) -> None:
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
    x, y, b = cloud(100, 3), cloud(1000, 3, seed=1), cloud(1000, 1, seed=2)
    arguments = [a.to(device, torch.float32).requires_grad_() for a in (x, y, b)]
    exact = [a.clone().requires_grad_() for a in (x, y, b)]
    found = Genred("Exp(-SqDist(x, y)) * b", aliases, axis=1, **options)(*arguments)
    expected = (-squares(*exact[:2])).exp()[..., 0] @ exact[2]
    close(found, expected, 2e-5)
    for a, right in zip(
        torch.autograd.grad(found.sum(), arguments),
        torch.autograd.grad(expected.sum(), exact),
        strict=True,
    ):
        close(a, right, 2e-4)


@on_each
def test_out(device: str) -> None:
    reduction = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    x, y = cloud(33, 2), cloud(65, 2, seed=1)
    out = torch.full((33, 1), math.nan, dtype=torch.float64, device=device)
    assert reduction(x.to(device), y.to(device), out=out) is out
    close(out, squares(x, y).sum(1), 1e-12)


# Law: an argument may be any view.


@on_each
def test_views(device: str) -> None:
    reduction = Genred("Exp(-SqDist(x, y))", ["x = Vi(2)", "y = Vj(2)"], axis=1)
    y = cloud(40, 2).to(device)
    for whole, view in [
        (cloud(2, 33), lambda a: a.T),
        (cloud(66, 4), lambda a: a[::2, 1:3]),
        (cloud(1, 2), lambda a: a.expand(33, 2)),
        (cloud(33, 2), lambda a: a.flip(0)),
        (cloud(34, 2), lambda a: a.flatten()[1:-1].reshape(33, 2)),  # unaligned
    ]:
        x = view(whole.to(device).requires_grad_())
        right = view(whole.clone().requires_grad_())
        value, expected = reduction(x, y), (-squares(right, y.cpu())).exp().sum(1)
        close(value, expected, 1e-12)
        (g,) = torch.autograd.grad(value.sum(), x)
        (expected_g,) = torch.autograd.grad(expected.sum(), right)
        close(g, expected_g, 1e-11)


# Law: 16-bit numbers are computed in float32 and rounded once, at the end.


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", SHORT_FLOATS, ids=str)
@pytest.mark.parametrize("D", [3, 64])
def test_short_floats(dtype: torch.dtype, D: int) -> None:
    aliases = [f"x = Vi({D})", f"y = Vj({D})", f"v = Vj({D})"]
    clouds = (cloud(n, D, seed=k) for k, n in enumerate((67, 131, 131)))
    x, y, v = (a.to("cuda", dtype).requires_grad_() for a in clouds)
    exact = [a.detach().double().cpu().requires_grad_() for a in (x, y, v)]
    expected = (-squares(*exact[:2])).exp()[..., 0] @ exact[2]
    found = Genred("Exp(-SqDist(x, y)) * v", aliases, axis=1)(x, y, v)
    assert found.dtype == dtype
    close(found, expected, torch.finfo(dtype).eps)
    lse = Genred("-SqDist(x, y)", aliases, "LogSumExp", axis=1)(x, y, v)
    close(lse, (-squares(*exact[:2])).logsumexp(1), torch.finfo(dtype).eps)
    e = torch.ones_like(found)
    for a, right in zip(
        torch.autograd.grad(found, (x, y, v), e),
        torch.autograd.grad(expected, exact, e.double().cpu()),
        strict=True,
    ):
        assert a.dtype == dtype
        close(a, right, 4 * torch.finfo(dtype).eps)
