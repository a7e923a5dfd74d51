"""What surrounds a call: modes, transforms and tracers, in which a tensor is more than its numbers.

A kernel reads memory. It is called directly only where a tensor is nothing else; every other call
goes through an operator or an autograd function that torch knows, and ends there.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

_PLAIN = frozenset((Tensor, torch.nn.Parameter))

_transforms_active = torch._C._are_functorch_transforms_active
_dispatch_modes = torch._C._len_torch_dispatch_stack
_autocast_somewhere = torch._C._is_any_autocast_enabled
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor


def is_ordinary(args: Sequence[Any]) -> bool:
    """Whether all arguments are plain tensors in memory, with nothing around the call."""
    if (
        _transforms_active()
        or _dispatch_modes()
        or _autocast_somewhere()
        or forward_ad._current_level >= 0
    ):
        return False
    return all([type(a) in _PLAIN and not a.is_meta for a in args])  # noqa: C419 (it is faster)


def is_transformed() -> bool:
    """Whether a transform of torch.func or forward-mode differentiation is at work."""
    return bool(_transforms_active()) or forward_ad._current_level >= 0


def is_traced(args: Sequence[Any]) -> bool:
    """Whether the call is recorded, or concerns shapes alone: there may be no memory to read."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if _dispatch_modes() or (tensors and all(a.is_meta for a in tensors)):
        return True
    ordinary = Tensor.__torch_dispatch__
    return any(type(a).__torch_dispatch__ is not ordinary for a in tensors)


def needs_derivative(args: Sequence[Tensor]) -> bool:
    """Whether a derivative in an argument may be asked for, at any level of transforms."""
    if forward_ad._current_level >= 0:
        return True
    if not _transforms_active():
        return torch.is_grad_enabled() and any(a.requires_grad for a in args)
    return any(_requires_grad(a) for a in args)


def _requires_grad(a: Tensor) -> bool:
    while not a.requires_grad:
        if not _is_wrapped(a):
            return False
        a = torch._C._functorch.get_unwrapped(a)
    return True


def as_autocast(args: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The arguments as autocast wants them for a reduction: 16-bit numbers become float32."""
    device = args[0].device.type if args else "cpu"
    if not torch.amp.is_autocast_available(device) or not torch.is_autocast_enabled(device):
        return tuple(args)
    narrow = (torch.float16, torch.bfloat16)
    return tuple(a.float() if a.dtype in narrow else a for a in args)
