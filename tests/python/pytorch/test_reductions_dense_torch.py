"""Law: values and gradients are dense autograd's, of terms that are NaN, infinite, few, or none.

A value is the same, bit for bit, with and without a gradient. Where the dense gradient is no number
(0 times infinity), the one here is that, or the 0 of a term that does not count.
"""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from keopsnb.torch import Genred

F64 = torch.float64
INF, NAN = torch.inf, torch.nan
ALIASES = ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)", "p = Pm(1)"]
K = 3


def held(f: Tensor, mask: Tensor, value: float) -> Tensor:
    return torch.where(mask, f, torch.full_like(f, value))


def first(f: Tensor, mask: Tensor, k: int) -> Tensor:
    """The k least terms; those that do not count, NaN and infinity are none."""
    counted = held(f, mask & ~f.isnan() & (f != INF), INF)
    padded = torch.cat([counted, torch.full((len(f), k), INF, dtype=F64)], 1)
    return padded.sort(dim=1, stable=True).values[:, :k]


def mean(f: Tensor, mask: Tensor) -> Tensor:
    return held(f, mask, 0).sum(1, keepdim=True) / mask.sum(1, keepdim=True)


def log_sum(f: Tensor, g: Tensor, mask: Tensor) -> Tensor:
    f, g = held(f, mask, -INF), held(g, mask, 0)
    if f.shape[1] == 0:
        return f.sum(1, keepdim=True) - INF
    greatest = f.detach().amax(1, keepdim=True).nan_to_num(NAN, 0, 0)
    return greatest + (g * (f - greatest).exp()).sum(1, keepdim=True).log()


def softmax(f: Tensor, g: Tensor, mask: Tensor) -> Tensor:
    weights = torch.softmax(held(f, mask, -INF), 1)
    if f.shape[1] == 0:
        return weights.sum(1, keepdim=True) * NAN
    return (weights * held(g, mask | ~mask.any(1, keepdim=True), 0)).sum(1, keepdim=True)


def dense_of(op: str, f: Tensor, g: Tensor, mask: Tensor) -> Tensor:
    counted = mask.any(1, keepdim=True)  # rows of no term have no gradient
    return DENSE[op](held(f, counted, 0), held(g, counted, 0), mask)


# Of terms f and weights g, (M, N), and which of them count.
DENSE: dict[str, Callable[[Tensor, Tensor, Tensor], Tensor]] = {
    "Sum": lambda f, _, m: held(f, m, 0).sum(1, keepdim=True),
    "Mean": lambda f, _, m: mean(f, m),
    "Variance": lambda f, _, m: mean((f - mean(f, m)).square(), m),
    "SumSq": lambda f, _, m: held(f, m, 0).square().sum(1, keepdim=True),
    "Norm2": lambda f, _, m: torch.linalg.vector_norm(held(f, m, 0), dim=1, keepdim=True),
    "Prod": lambda f, _, m: held(f, m, 1).prod(1, keepdim=True),
    "Max": lambda f, _, m: -first(-f, m, 1),
    "Min": lambda f, _, m: first(f, m, 1),
    "KMin": lambda f, _, m: first(f, m, K),
    "KMax": lambda f, _, m: -first(-f, m, K),
    "LogSumExp": lambda f, _, m: held(f, m, -INF).logsumexp(1, keepdim=True),
    "LogSumExpWeight": log_sum,
    "SumSoftMaxWeight": softmax,
}
# Numbers that are put into y, b or x, or the number of their rows.
CASES: dict[str, Callable[[dict[str, Any]], Any]] = {
    "plain": lambda _: None,
    "M = 0": lambda a: a.update(x=a["x"][:0]),
    "N = 0": lambda a: a.update(y=a["y"][:0], b=a["b"][:0]),
    "M = N = 0": lambda a: a.update(x=a["x"][:0], y=a["y"][:0], b=a["b"][:0]),
    "N = 1": lambda a: a.update(y=a["y"][:1], b=a["b"][:1]),
    "a term inf": lambda a: a["y"][1].fill_(INF),
    "a term -inf": lambda a: a["y"][1].fill_(-INF),
    "both": lambda a: (a["y"][1].fill_(-INF), a["y"][2].fill_(INF)),
    "two inf": lambda a: a["y"][1:3].fill_(INF),
    "all inf": lambda a: a["y"].fill_(INF),
    "all -inf": lambda a: a["y"].fill_(-INF),
    "a term NaN": lambda a: a["y"][1].fill_(NAN),
    "all NaN": lambda a: a["y"].fill_(NAN),
    "zeros": lambda a: (a["y"].fill_(0), a["x"].fill_(0)),
    "weights 0": lambda a: a["b"].fill_(0),
    "a weight -inf": lambda a: a["b"][1].fill_(-INF),
    "a row inf": lambda a: a["x"][0].fill_(INF),
    "a row -inf": lambda a: a["x"][0].fill_(-INF),
    "a row NaN": lambda a: a["x"][0].fill_(NAN),
}


def numbers() -> dict[str, Tensor]:
    torch.manual_seed(0)
    y, x = torch.randn(4, 1, dtype=F64), torch.randn(3, 1, dtype=F64)
    return {"x": x, "y": y, "b": torch.rand(4, 1, dtype=F64) + 0.5, "p": torch.ones(1, dtype=F64)}


def reduction(op: str, axis: int) -> Genred:
    weight = "b" if "Weight" in op else None
    ranks = K if op in ("KMin", "KMax") else None
    return Genred("p * x + y", ALIASES, op, axis=axis, formula2=weight, opt_arg=ranks)


def check(
    op: str, axis: int, given: dict[str, Tensor], mask: Tensor, ranges: Any, case: str
) -> None:
    made = reduction(op, axis)
    plain = made(*given.values(), ranges=ranges)
    leaves = [a.clone().requires_grad_() for a in given.values()]
    value = made(*leaves, ranges=ranges)
    assert value.detach().numpy().tobytes() == plain.numpy().tobytes(), case
    # A row that does not count is not there: 0 times it is no NaN.
    used = {"x": mask.any(1), "y": mask.any(0), "b": mask.any(0)}
    denses = [
        a.where(used[n][:, None], 0.0) if ranges and n in used else a for n, a in given.items()
    ]
    denses = [a.clone().requires_grad_() for a in denses]
    x, y, b, p = denses
    f, g = p * x + y.T, b.T.expand(len(x), len(y))
    expected = dense_of(op, *(a if axis == 1 else a.T for a in (f, g, mask)))
    torch.testing.assert_close(plain, expected.detach(), equal_nan=True, msg=lambda m: case + m)
    e = torch.cos(torch.arange(1.0, 1 + value.numel(), dtype=F64)).reshape(value.shape)
    found = torch.autograd.grad(value, leaves, e, allow_unused=True)
    dense = [None] * 4
    if expected.requires_grad:
        dense = list(torch.autograd.grad(expected, denses, e, allow_unused=True))
    strange = any(not a.isfinite().all() for a in denses)
    for name, ours, theirs, a in zip(given, found, dense, given.values(), strict=True):
        ours, theirs = (torch.zeros_like(a) if g is None else g for g in (ours, theirs))
        same = torch.isclose(ours, theirs, 1e-9, 1e-12, equal_nan=True)
        free = ~theirs.isfinite() & ((ours == 0) | ours.isnan())
        if name == "p" and strange:  # inf - inf, by the order of summation
            free |= ours.isnan() | ~theirs.isfinite()
        if "LogSumExp" in op and strange:  # rows that dense autograd makes NaN as a whole
            free |= ~theirs.isfinite() | (ours.isnan() & value.isnan().any())
        assert (same | free).all(), f"{case}, axis {axis}, {name}: {ours} is not {theirs}"


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("op", DENSE)
def test_gradients(op: str, axis: int) -> None:
    for case, change in CASES.items():
        given = numbers()
        change(given)
        size = len(given["y" if axis == 1 else "x"])
        if op in ("KMin", "KMax") and size < K:
            for gradient in (False, True):
                leaves = [a.clone().requires_grad_(gradient) for a in given.values()]
                with pytest.raises(ValueError, match="opt_arg is 3"):
                    reduction(op, axis)(*leaves)
            continue
        mask = torch.ones(len(given["x"]), len(given["y"]), dtype=torch.bool)
        check(op, axis, given, mask, None, case)


@pytest.mark.parametrize("op", DENSE)
def test_ranges(op: str) -> None:
    """Rows of no term, and of fewer than K; what does not count is NaN or infinite."""
    rows = torch.tensor([[0, 1], [1, 3]]), torch.tensor([0, 1]), torch.tensor([[0, 2]])
    columns = torch.tensor([[0, 2], [2, 4]]), torch.tensor([1, 1]), torch.tensor([[1, 3]])
    some = tuple(t.int() for t in (*rows, *columns))
    none = torch.zeros(0, 2, dtype=torch.int32)
    empty = (some[0], 0 * some[1], none, some[3], 0 * some[4], none)
    for name, ranges, value in (
        ("some", some, 1.0),
        ("NaN elsewhere", some, NAN),
        ("inf elsewhere", some, INF),
        ("-inf elsewhere", some, -INF),
        ("none", empty, 1.0),
    ):
        given = numbers()
        given["x"][0], given["y"][2] = value, value
        mask = torch.zeros(3, 4, dtype=torch.bool)
        mask[1:, :2] = name != "none"
        for axis in (0, 1):
            check(op, axis, given, mask, ranges, name)


def test_weights_that_add_up_to_nothing() -> None:
    """log 0 has an infinite derivative; none where no gradient comes to."""
    x, y, b, p = (a.requires_grad_() for a in numbers().values())
    value = reduction("LogSumExpWeight", 1)(x, y, b * 0, p)
    assert (value == -INF).all()
    (by_b,) = torch.autograd.grad(value.sum(), b, retain_graph=True)
    assert not by_b.isfinite().any()
    found = torch.autograd.grad(torch.where(value > -INF, value, 0.0).sum(), (x, y, b, p))
    assert all((g == 0).all() for g in found)
