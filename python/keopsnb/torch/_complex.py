"""Complex tensors as tensors of their parts, and back."""

from typing import Any

import torch


def parts(x: Any) -> Any:
    """Real and imaginary parts in turn, of complex numbers (..., D): (..., 2 D)."""
    return torch.view_as_real(x.resolve_conj()).flatten(-2)


def as_complex(x: Any) -> Any:
    """The complex numbers (..., D) with these parts in turn (..., 2 D)."""
    return torch.view_as_complex(x.unflatten(-1, (-1, 2)).contiguous())
