"""The surroundings of a call: modes, transforms and tracers, where a tensor is more than numbers.

A kernel reads memory. It is called directly only where a tensor is nothing else; every other call
goes through an operator or an autograd function that torch knows, and ends there.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor
from torch.autograd import forward_ad

from keopsnb._core import wants_graph
from keopsnb._dtypes import COMPUTED, NARROW

_transforms_active = torch._C._are_functorch_transforms_active
_dispatch_modes = torch._C._len_torch_dispatch_stack
_jit_tracer = torch._C._get_tracing_state
_is_wrapped = torch._C._functorch.is_functorch_wrapped_tensor
# Of torch.autograd.grad(..., is_grads_batched=True), which has a vmap of its own.
_is_batch = torch._C._functorch.is_legacy_batchedtensor


def is_ordinary(args: Sequence[Any]) -> bool:
    """Whether all arguments are plain tensors in memory, with nothing around the call."""
    return wants_graph(args) is not None


def is_hollow(args: Sequence[Any]) -> bool:
    """Whether a tensor that looks plain has no memory; reading it raises a RuntimeError.

    It has outlived the transform that made it, or is a batch of gradients.
    """
    return any(isinstance(a, Tensor) and (_is_batch(a) or _is_wrapped(a)) for a in args)


def is_transformed() -> bool:
    """Whether a transform of torch.func or forward-mode differentiation is at work."""
    return bool(_transforms_active()) or forward_ad._current_level >= 0


def is_traced(args: Sequence[Any]) -> bool:
    """Whether the call is recorded, or concerns shapes alone: there may be no memory to read."""
    tensors = [a for a in args if isinstance(a, Tensor)]
    if (
        _dispatch_modes()
        or _jit_tracer() is not None
        or (tensors and all(a.is_meta for a in tensors))
    ):
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


def alive(args: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """The arguments, with what is inside of those that have outlived their transform."""
    return tuple(map(torch._C._functorch.unwrap_if_dead, args))


@contextmanager
def in_forward_mode(saved: Sequence[Tensor]) -> Iterator[tuple[Tensor, ...]]:
    """Tensors that a `jvp` saved, where the forward modes around it differentiate operations.

    Torch calls `jvp` with forward mode switched off, for its own level as for those around. Level 0
    is the only one of dual numbers, at each level of transforms.
    """
    with forward_ad._set_fwd_grad_enabled(True):
        yield tuple(
            forward_ad.unpack_dual(a, level=0).primal  # type: ignore[no-untyped-call]
            if a.is_floating_point() or a.is_complex()
            else a
            for a in saved
        )


def over_grads_batch(call: Callable[..., Any], args: Sequence[Tensor]) -> Any:
    """The value of `call(args, in_dims)`, for all gradients of an `is_grads_batched=True`.

    None if there is no such batch.
    """
    if not any(map(_is_batch, args)):
        return None
    level = torch._C._vmapmode_increment_nesting() - 1
    torch._C._vmapmode_decrement_nesting()
    whole = [torch._remove_batch_dim(a, level, 1, 0) if _is_batch(a) else a for a in args]
    result = call(whole, [0 if _is_batch(a) else None for a in args])
    if isinstance(result, tuple):
        return tuple(torch._add_batch_dim(r, 0, level) for r in result)
    return torch._add_batch_dim(result, 0, level)


# Dtypes that are computed in others, and in which.
_COMPUTED = {
    getattr(torch, name): getattr(torch, COMPUTED[name]) for name in NARROW if hasattr(torch, name)
}
NARROW_DTYPES = frozenset(_COMPUTED)


def widened(a: Tensor) -> Tensor:
    """A tensor of narrow numbers in the dtype that these are computed in; any other as it is."""
    dtype = _COMPUTED.get(a.dtype)
    return a if dtype is None else a.to(dtype)


def device_of(args: Sequence[Any]) -> torch.device:
    """The device that computes: a GPU if an argument is there; parameters may be on the host."""
    devices = [a.device for a in args if isinstance(a, Tensor)]
    return next((d for d in devices if d.type != "cpu"), torch.device("cpu"))


def autocasts(device: torch.device | None) -> bool:
    """Whether autocast is on for what is computed there."""
    kind = "cpu" if device is None else device.type
    return torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)


def as_autocast(args: Sequence[Any]) -> tuple[Any, ...]:
    """The arguments as autocast wants them for a reduction: narrow numbers become float32."""
    if not autocasts(device_of(args)):
        return tuple(args)
    return tuple(map(widened, args))
