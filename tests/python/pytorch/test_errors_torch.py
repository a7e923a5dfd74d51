"""Wrong uses of the torch front end."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from keopsnb import FormulaError
from keopsnb.torch import Genred

REDUCTION = Genred("SqDist(x, y) * Sum(p)", ["x = Vi(3)", "y = Vj(3)", "p = Pm(2)"], axis=1)
F64 = torch.float64
X, Y, P = (torch.ones(s, dtype=F64) for s in ((5, 3), (4, 3), (2,)))
FLOATS = "write .to(torch.float32) or .to(torch.float64)."
X_IS = "argument 1 ('x') is "

# Law: what is wrong is named, shown, and put right, whether or not a gradient is wanted.

CALLS: list[tuple[Callable[[], tuple[Any, ...]], type, str]] = [
    (lambda: (X, Y), TypeError, "This formula takes 3 arguments (x, y, p), and 2 were given."),
    (lambda: (np.ones((5, 3)), Y, P), TypeError, "ndarray; write torch.as_tensor(...) to make it"),
    (lambda: ([1.0], Y, P), TypeError, f"{X_IS}a list; write torch.as_tensor(...) to make it"),
    (lambda: (None, Y, P), TypeError, f"{X_IS}a NoneType; write torch.as_tensor(...)"),
    (lambda: (X.to(torch.float8_e5m2), Y, P), TypeError, f"{X_IS}torch.float8_e5m2; {FLOATS}"),
    (lambda: (X.half(), Y, P), TypeError, f"is float64, and {X_IS}float16; all arguments must"),
    (lambda: (X.bfloat16(), Y, P), TypeError, f"and {X_IS}bfloat16; all arguments must have one"),
    (lambda: (X.cfloat(), Y, P), TypeError, f"{X_IS}torch.complex64; {FLOATS}"),
    (lambda: (X.to_sparse(), Y, P), TypeError, "has layout torch.sparse_coo; write .to_dense()."),
    (lambda: (X.to("meta"), Y, P), TypeError, f"{X_IS}on device 'meta', and kernels run on CPUs"),
    (lambda: (X.float(), Y, P), TypeError, "all arguments must have one dtype."),
    (lambda: (X[:, :2], Y, P), ValueError, "argument 1 ('x') has shape (5, 2), and should have"),
    (lambda: (X, Y, P[0]), ValueError, "argument 3 ('p') has shape (), and should have shape (2,)"),
]


@pytest.mark.parametrize("wanted", [False, True], ids=["value", "gradient"])
@pytest.mark.parametrize(("change", "error", "message"), CALLS, ids=[m for _, _, m in CALLS])
def test_calls(
    change: Callable[[], tuple[Any, ...]], error: type, message: str, wanted: bool
) -> None:
    arguments = list(change())
    arguments[1] = arguments[1].clone().requires_grad_(wanted)
    with pytest.raises(error, match=re.escape(message)):
        REDUCTION(*arguments)
    assert REDUCTION(X, Y, P).tolist() == [[0.0]] * 5


MEMORY = torch.ones(20, dtype=F64)
OUTS: list[tuple[Any, type, str]] = [
    (torch.zeros(5, 2, dtype=F64), ValueError, "out should have shape (5, 1)"),
    (torch.zeros(5, 1), TypeError, "out is float32, and the arguments are float64."),
    (
        torch.zeros(10, 1, dtype=F64)[::2],
        ValueError,
        "out is not contiguous, or not plain memory; write torch.empty(",
    ),
    (torch.zeros(1, 1, dtype=F64).expand(5, 1), ValueError, "out is not contiguous"),
    (MEMORY[14:19].reshape(5, 1), ValueError, "out shares memory with an argument"),
    (torch.zeros(5, 1, dtype=F64, device="meta"), TypeError, "out is on device 'meta'"),
    (np.zeros((5, 1)), TypeError, "ndarray; write torch.as_tensor(...)"),
]


@pytest.mark.parametrize(("out", "error", "message"), OUTS, ids=[m for _, _, m in OUTS])
def test_out(out: Any, error: type, message: str) -> None:
    x = MEMORY[:15].reshape(5, 3)
    with pytest.raises(error, match=re.escape(message)):
        REDUCTION(x, Y, P, out=out)
    assert (x == 1).all()


def test_options() -> None:
    with pytest.raises(ValueError, match=r"^backend is 'gpu'; write one of 'auto', 'CPU', 'GPU',"):
        REDUCTION(X, Y, P, backend="gpu")
    with pytest.raises(
        TypeError, match=r"'GPU_1D_device' takes CUDA tensors; write \.cuda\(\), or"
    ):
        REDUCTION(X, Y, P, backend="GPU_1D_device")
    with pytest.raises(ValueError, match=r"^axis is 2; write axis=1 to reduce over j"):
        Genred("x", ["x = Vi(3)"], axis=2)
    with pytest.raises(FormulaError, match=r"Did you mean 'Exp'\?"):
        Genred("exp(x)", ["x = Vi(3)"])
