"""Tracebacks of torch show the program that called: values, gradients and transforms."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from test_tracebacks import ALIASES, own_frames

from keopsnb.torch import Genred, Vi, Vj

X, Y = torch.ones(5, 3, requires_grad=True), torch.ones(4, 3)
SUM, MAX, MEAN = (Genred("SqDist(x, y)", ALIASES, r, axis=1) for r in ("Sum", "Max", "Mean"))

# Law: an error leaves at most two frames of the package above the program's own.

CALLS: dict[str, Callable[[], Any]] = {
    "formula": lambda: Genred("foo(x)", ALIASES),
    "value": lambda: SUM(X.detach()[:, :2], Y),
    "with a gradient": lambda: SUM(X[:, :2], Y),
    "gathered": lambda: MAX(X[:, :2], Y),
    "composition": lambda: MEAN(X[:, :2], Y),
    "GPU": lambda: SUM(X, Y, backend="GPU", device_id=99),
    "matrix": lambda: (Vi(X) - Vj(Y[:, :2])).sum(axis=1),
    "product": lambda: (Vi(X) | Vj(Y)) @ torch.ones(9),
    "torch's function": lambda: torch.add(X[:, None], Vi(Y)),
    "vmap": lambda: torch.func.vmap(SUM)(X[None, :, :2], Y[None]),
}


@pytest.mark.parametrize("name", CALLS)
def test_frames(name: str) -> None:
    assert len(own_frames(CALLS[name])) <= 2


def test_backward(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    value = Genred("Exp(x - 1.25*y)", ALIASES, axis=1)(X, Y)
    monkeypatch.setenv("KEOPSNB_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("KEOPSNB_CXX", "/bin/false")
    assert own_frames(lambda: torch.autograd.grad(value.sum(), X)) == ["backward"]
