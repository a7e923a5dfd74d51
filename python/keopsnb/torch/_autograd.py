"""Reductions as differentiable functions of tensors; the laws are in `keopsnb._gradients`."""

import math
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keopsnb._gradients import OTHER, Group, Reduction
from keopsnb._laws import Composition, Gathering, Pullback
from keopsnb._ranges import Ranges

Result = Tensor | tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Place:
    """Where a reduction is computed, and for which pairs."""

    backend: str = "auto"
    device_id: int = -1
    ranges: Ranges | None = None


def _compute(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Any:
    clusters = None if place.ranges is None else reduction.clusters(args, place.ranges)
    return reduction.routine.call_torch(args, out, place.backend, place.device_id, clusters)


def reduce(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Result:
    """Compute a reduction; where a gradient is wanted, so that it can be had."""
    wanted = (
        torch.is_grad_enabled()
        and reduction.law is not None
        and any(isinstance(a, Tensor) and a.requires_grad for a in (*args, out))
    )
    if out is not None and (wanted or not reduction.compiled):
        raise ValueError(
            "out was given and an argument requires a gradient, or out does; leave it out."
            if wanted
            else "out was given, and this reduction is made of several; leave it out."
        )
    if wanted:
        return _differentiable(reduction, args, place)
    if not reduction.compiled:
        return _composed(reduction, args, place)
    value: Result = _compute(reduction, args, out, place)
    return value


def _value(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    value = reduce(reduction, args, None, place)
    assert isinstance(value, Tensor)
    return value


def _differentiable(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Result:
    plain = isinstance(reduction.law, Pullback) and reduction.name == "Sum"
    narrow = {a.dtype for a in args if isinstance(a, Tensor)} & {torch.float16, torch.bfloat16}
    if narrow and not plain:
        # What laws keep between two reductions would be rounded to 16 bits.
        wide = tuple(a.float() if a.dtype in narrow else a for a in args)
        result = reduce(reduction, wide, None, place)
        (dtype,) = narrow
        if isinstance(result, Tensor):
            return result.to(dtype)
        return result[0].to(dtype), result[1]
    match reduction.law:
        case Composition():
            return _composed(reduction, args, place)
        case Gathering(operation):
            return _gathered(reduction, operation, args, place)
        case _:
            value: Tensor = _Function.apply(  # type: ignore[no-untyped-call]
                reduction, place, *args
            )
            return value


def _batches(reduction: Reduction, args: tuple[Tensor, ...]) -> int:
    """How many batch dimensions there are."""
    own = (1 if category == 2 else 2 for _, _, category in reduction.routine.variables)
    return max(0, *(a.ndim - n for a, n in zip(args, own, strict=True)))


def _composed(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    floats = [a for a in args if isinstance(a, Tensor) and a.is_floating_point()]
    like = floats[0] if floats else torch.empty(0)

    def number() -> Tensor:
        return torch.as_tensor(reduction.counts(args, place.ranges)).to(like)

    result: Tensor = reduction.composed(args, lambda r, a: _value(r, a, place), number)
    return result


def _gathered(
    reduction: Reduction, operation: str, args: tuple[Tensor, ...], place: Place
) -> Result:
    """The values that a kernel picked, which depend on the arguments as F at those indices does."""
    if reduction.size(args, reduction.axis) == 0:
        with torch.no_grad():
            none = _compute(reduction, args, None, place)
        nothing = sum(0 * a.sum() for a in args if a.is_floating_point())
        constant: Tensor = _WithDerivative.apply(  # type: ignore[no-untyped-call]
            none, torch.zeros_like(none) + nothing
        )
        return constant
    with torch.no_grad():
        values, indices = reduce(reduction.picking(operation), args, None, place)
    batch = values.shape[: _batches(reduction, args)]
    rows, dim = values.shape[len(batch)], reduction.routine.dim
    # Of the K ranks and D components of a row.
    each = math.prod(values.shape[len(batch) + 1 :])
    picked = indices.reshape(*batch, rows * each, 1)
    at = []
    for argument, (_, _, category) in zip(args, reduction.routine.variables, strict=True):
        if category == 2:
            at.append(argument)
        elif category == OTHER[reduction.axis]:
            at.append(argument.repeat_interleave(each, -2))
        else:
            whole = argument.expand(*batch, *argument.shape[-2:])
            at.append(whole.take_along_dim(picked.to(argument.device), -2))
    terms = _value(reduction.rowwise(), tuple(at), place)
    # Of the D components at a row, the one that was picked for.
    terms = terms.reshape(*batch, rows, each // dim, dim, dim).diagonal(dim1=-2, dim2=-1)
    # Where there was no term the value is infinite.
    terms = torch.where(values.isinf(), values, terms.reshape(values.shape))
    result: Tensor = _WithDerivative.apply(values, terms)  # type: ignore[no-untyped-call]
    return (result, indices) if reduction.name == operation else result


class _WithDerivative(torch.autograd.Function):
    """The first argument, differentiated as the second, which equals it but for rounding."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, derivative: Tensor) -> Tensor:  # noqa: ARG004
        return value.clone()

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[None, Tensor]:  # noqa: ARG004
        return None, gradients[0]


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, reduction: Reduction, place: Place, *args: Tensor) -> Tensor:
        result: Tensor = _compute(reduction, args, None, place)
        ctx.reduction, ctx.place = reduction, place
        ctx.saves = reduction.name != "Sum"
        ctx.save_for_backward(*args, *([result] if ctx.saves else []))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        reduction: Reduction = ctx.reduction
        place: Place = ctx.place
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        needed: tuple[bool, ...] = ctx.needs_input_grad[2:]
        count = len(needed)
        args, result = saved[:count], saved[count:]
        # Where no term counts log 0 = -inf, and any finite value makes all exp(F - a) 0.
        held = [a.nan_to_num(nan=torch.nan, posinf=torch.inf, neginf=0.0) for a in result]
        assert isinstance(reduction.law, Pullback)
        results: list[Tensor | None] = [None] * count
        known: dict[tuple[str, str], Tensor] = {}
        for group in reduction.groups(reduction.law, needed):
            inputs = _inputs(group, args, place, known)
            # Of a reduction over both indices the result is one row, and a parameter here.
            more = [*inputs, *(held if group.takes_result else []), gradients[0]]
            if reduction.axis == 2:
                more = [m.squeeze(-2) for m in more]
            columns = _value(group.reduction, (*args, *more), place)
            begin = 0
            for k, dim in zip(group.positions, group.dims, strict=True):
                gradient = columns[..., begin : begin + dim]
                if reduction.routine.variables[k][2] == 2:
                    gradient = gradient.squeeze(-2)
                # Over the batches that share an argument.
                results[k] = gradient.sum_to_size(args[k].shape or (1,)).reshape(args[k].shape)
                begin += dim
        return None, None, *results


def _inputs(
    group: Group, args: tuple[Tensor, ...], place: Place, known: dict[tuple[str, str], Tensor]
) -> list[Tensor]:
    return [
        related.value(args, lambda r, a: _value(r, a, place), known) for related in group.inputs
    ]
