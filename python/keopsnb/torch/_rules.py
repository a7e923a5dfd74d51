"""The rules of `torch.ops.keopsnb.kernel`: those of `_autograd.py`, for kernels in graphs."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._reduction import Reduction, reduction_of
from keopsnb.torch._autograd import differentiable, pullback, saved_for
from keopsnb.torch._operator import Place, place_of, with_batch_first


def _context(ctx: Any, inputs: tuple[Any, ...], output: list[Tensor]) -> None:
    key, args, ranges, ctx.backend, ctx.device_id = inputs
    ctx.key, ctx.counts = key, (len(args), len(ranges))
    reduction = reduction_of(key)
    held = args if reduction.keeps else saved_for(reduction, args, output[0]) or args
    ctx.save_for_backward(*ranges, *held)


def _backward(ctx: Any, gradients: list[Tensor | None]) -> tuple[Any, ...]:
    reduction, (count, ranges), tensors = reduction_of(ctx.key), ctx.counts, ctx.saved_tensors
    place = place_of(tensors, ctx.backend, ctx.device_id, tensors[:ranges] or None)
    needed: tuple[bool, ...] = tuple(ctx.needs_input_grad[1])
    if reduction.has_terms and not reduction.keeps:
        found = pullback(reduction, place, needed, tensors[ranges:], gradients[0])
    elif not reduction.differentiable or gradients[0] is None:
        found = [None] * count
    else:
        found = _by_law(reduction, place, needed, tensors[ranges:], gradients[0])
    return None, found, [None] * ranges, None, None


def _by_law(
    reduction: Reduction,
    place: Place,
    needed: tuple[bool, ...],
    args: Sequence[Tensor],
    e: Tensor,
) -> list[Tensor | None]:
    """The gradients of a kernel in a graph that was made without any: of what its law makes it."""
    again = torch.is_grad_enabled()
    with torch.enable_grad():
        # New nodes, so that each argument's gradient is of this call alone.
        leaves = [
            a.view_as(a) if again else a.detach().requires_grad_(n)
            for a, n in zip(args, needed, strict=True)
        ]
        result = differentiable(reduction, tuple(leaves), place)
        value = result[0] if isinstance(result, tuple) else result
        wanted = [a for a, n in zip(leaves, needed, strict=True) if n]
        partial = iter(torch.autograd.grad(value, wanted, e, create_graph=again, allow_unused=True))
    return [next(partial) if n else None for n in needed]


def _vmap(
    info: Any,  # noqa: ARG001
    in_dims: tuple[Any, ...],
    key: str,
    args: list[Tensor],
    ranges: list[Tensor],
    backend: str,
    device_id: int,
) -> tuple[Any, Any]:
    moved = with_batch_first(reduction_of(key), args, in_dims[1])
    results = torch.ops.keopsnb.kernel(key, moved, ranges, backend, device_id)
    return results, [0] * len(results)


torch.library.register_autograd("keopsnb::kernel", _backward, setup_context=_context)
torch.library.register_vmap("keopsnb::kernel", _vmap)
