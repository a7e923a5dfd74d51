"""Derivatives of every operation against PyTorch's, of the same reference computed densely."""

import re
from types import SimpleNamespace

import pytest
import torch
from operations import KERNELS, ROWS, Result, check_close, results
from torch import Tensor


class _Numpy:
    """PyTorch's functions under NumPy's names."""

    repeat = staticmethod(torch.repeat_interleave)

    @staticmethod
    def floor_divide(a: Tensor, b: Tensor) -> Tensor:
        return torch.floor_divide(a.detach(), b.detach())  # old PyTorch does not differentiate it

    def __getattr__(self, name: str) -> object:
        return getattr(torch, name)


def spherical_jn(n: int, x: Tensor) -> Tensor:
    """DLMF 10.51.1, upwards: fair for x >= 0.5 and small n."""
    below, here = torch.cos(x) / x, torch.sin(x) / x
    for k in range(n):
        below, here = here, (2 * k + 1) / x * here - below
    return here


class _Special:
    spherical_jn = staticmethod(spherical_jn)

    def __getattr__(self, name: str) -> object:
        return getattr(torch.special, name)


MODULES = {"numpy": _Numpy(), "scipy": SimpleNamespace(special=_Special())}


def translated(reference: str) -> bool:
    """Whether it is made of what PyTorch has too, on real tensors."""
    called = re.findall(r"(numpy|special)\.(\w+)", reference)
    known = {"numpy": MODULES["numpy"], "special": _Special()}
    foreign = re.search(r"view|astype|ascontiguous| for |\[n\]|take_along|tile", reference)
    return not foreign and all(hasattr(known[module], name) for module, name in called)


NAMES = [name for name, row in ROWS.items() if translated(row.reference)]
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}
# Errors of the references themselves: differences of large terms, and PyTorch's trigamma.
REFERENCE_ERROR = {"SinXDivX": 1e-8, "SinXDivXDerivative": 1e-10}
REFERENCE_ERROR |= dict.fromkeys(("Lgamma", "Digamma", "Polygamma"), 1e-8)


def gradients(of: Tensor, operands: list[Tensor]) -> list[Tensor]:
    """For each pair (i, j), as no pair shares an operand with another."""
    if not of.requires_grad:
        return [torch.zeros_like(v) for v in operands]
    found = torch.autograd.grad(
        of.sum(), operands, create_graph=True, allow_unused=True, materialize_grads=True
    )
    return list(found)


def leaves(result: Result) -> list[Tensor]:
    return [torch.tensor(v, requires_grad=True) for v in result.operands]


# Law: first and second derivatives are those of the reference, exactly, also at jumps and kinks.


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", NAMES)
def test_derivatives(name: str, kernel: str) -> None:
    for case, result in results(name, kernel).items():
        tolerance = max(TOLERANCE[result.dtype], REFERENCE_ERROR.get(name, 0))
        operands = leaves(result)
        value = (case.reference(operands, MODULES) * torch.tensor(result.e)).sum()
        first = gradients(value, operands)
        for k, found in result.first.items():
            check_close(case, found, first[k].detach().sum(1).numpy(), tolerance)
        for k in {k for k, _ in result.second}:
            second = gradients((first[k] * torch.tensor(result.u[k])).sum(), operands)
            for m, expected in enumerate(second):
                found = result.second[k, m]
                check_close(case, found, expected.detach().sum(1).numpy(), tolerance)


def test_most_references_are_translated() -> None:
    assert len(NAMES) > len(ROWS) / 2
