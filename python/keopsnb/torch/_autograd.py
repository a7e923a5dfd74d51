"""Reductions as differentiable functions of tensors; the laws are in `keopsnb._gradients`."""

from typing import Any

import torch
from torch import Tensor

from keopsnb._gradients import Reduction


def reduce(
    reduction: Reduction,
    args: tuple[Tensor, ...],
    out: Tensor | None,
    backend: str,
    device_id: int,
) -> Tensor:
    """Compute a reduction; where a gradient is wanted, so that it can be had."""
    if torch.is_grad_enabled() and any(
        isinstance(a, Tensor) and a.requires_grad for a in (*args, out)
    ):
        if out is not None:
            raise ValueError(
                "out was given and an argument requires a gradient, or out does; leave it out."
            )
        if reduction.saves_result and _of_16_bits_on_gpu(args, backend):
            # The gradient takes exp(F - a): a rounded to 16 bits would scale all of it.
            single = reduce(reduction, tuple(a.float() for a in args), None, backend, device_id)
            return single.to(args[0].dtype)
        result: Tensor = _Function.apply(  # type: ignore[no-untyped-call]
            reduction, backend, device_id, *args
        )
        return result
    value: Tensor = reduction.routine.call_torch(args, out, backend, device_id)
    return value


def _of_16_bits_on_gpu(args: tuple[Tensor, ...], backend: object) -> bool:
    if not all(isinstance(a, Tensor) for a in args):
        return False  # which the call says
    types = {a.dtype for a in args}
    if types not in ({torch.float16}, {torch.bfloat16}):
        return False
    return str(backend).startswith("GPU") or any(a.is_cuda for a in args)


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, reduction: Reduction, backend: str, device_id: int, *args: Tensor
    ) -> Tensor:
        result: Tensor = reduction.routine.call_torch(args, None, backend, device_id)
        ctx.reduction = reduction
        ctx.place = backend, device_id
        ctx.save_for_backward(*args, *([result] if reduction.saves_result else []))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        reduction: Reduction = ctx.reduction
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        (e,) = gradients
        needed: tuple[bool, ...] = ctx.needs_input_grad[3:]
        count = len(needed)
        args = saved[:count]
        if len(saved) > count:
            # Where no term counts a = -inf, and any finite value makes all exp(F - a) 0.
            args = (*args, saved[count].nan_to_num(nan=torch.nan, posinf=torch.inf, neginf=0.0))
        if reduction.axis == 2:
            args = (*args[:count], *(a[0] for a in args[count:]))
            e = e[0]
        results: list[Tensor | None] = [None] * count
        for group in reduction.groups(needed):
            columns = reduce(group.reduction, (*args, e), None, *ctx.place)
            begin = 0
            for k, dim in zip(group.positions, group.dims, strict=True):
                results[k] = columns[:, begin : begin + dim].reshape(args[k].shape)
                begin += dim
        return None, None, None, *results
