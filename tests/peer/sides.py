"""Both packages, with NumPy arrays or torch tensors, under the same names."""

import importlib
from typing import Any

import numpy as np

BOTH = ("pykeops", "keopsnb")
DTYPES = ("float32", "float64")
RTOL = {"float32": 2e-4, "float64": 1e-9}


def front_end(package: str, library: str) -> Any:
    return importlib.import_module(f"{package}.{library}")


def array(library: str, x: Any, grad: bool = False) -> Any:
    if library == "numpy":
        return x
    import torch

    made = torch.from_numpy(np.array(x))
    return made.requires_grad_(grad and made.is_floating_point())


def plain(result: Any) -> Any:
    """NumPy arrays of what either front end gives."""
    if isinstance(result, tuple | list):
        return [plain(r) for r in result]
    return np.asarray(result.detach() if hasattr(result, "detach") else result)


def assert_same(found: Any, expected: Any, dtype: str, rtol: float | None = None) -> None:
    if isinstance(expected, list):
        assert len(found) == len(expected)
        for f, e in zip(found, expected, strict=True):
            assert_same(f, e, dtype, rtol)
        return
    rtol = RTOL[dtype] if rtol is None else rtol
    assert found.shape == expected.shape
    assert found.dtype == expected.dtype
    scale = np.abs(expected).max(initial=0) if expected.size else 0
    np.testing.assert_allclose(found, expected, rtol=rtol, atol=rtol * float(scale))
