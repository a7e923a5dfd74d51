"""Reductions as differentiable functions of tensors; the laws are in `keopsnb._gradients`.

Every law ends in kernels, and each kernel is one `torch.autograd.Function` with its derivatives
backwards and forwards and its rule for vmap, all of which are kernels again. In a graph it is the
operator of `_operator.py`, with the same rules.
"""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

from keopsnb._boundary import boundary
from keopsnb._derivatives import OTHER, Group, Tangent, as_inputs
from keopsnb._gradients import Reduction
from keopsnb._laws import Composition, Gathering, Pullback
from keopsnb.torch._context import (
    NARROW_DTYPES,
    alive,
    as_autocast,
    in_forward_mode,
    is_hollow,
    is_ordinary,
    is_traced,
    is_transformed,
    needs_derivative,
    over_grads_batch,
    widened,
)
from keopsnb.torch._operator import (
    Place,
    Result,
    batch_dims,
    compute,
    compute_now,
    number_of_terms,
    with_batch_first,
)
from keopsnb.torch._out import check_writable, written
from keopsnb.torch._picked import Valued, rows_at


def reduce(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Result:
    """Compute a reduction; where a derivative is wanted, so that it can be had."""
    if is_ordinary((*args, *place.symbolic_ranges)):
        try:
            return _reduce_in_memory(reduction, args, out, place)
        except RuntimeError:
            if not is_hollow(args):
                raise
    if not all(isinstance(a, Tensor) for a in args):
        value: Result = compute_now(reduction, args, out, place)  # which says what is wrong
        return value
    return _reduce_among_others(reduction, args, out, place)


def _reduce_in_memory(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Result:
    wanted = (
        torch.is_grad_enabled()
        and reduction.law is not None
        and any([a.requires_grad for a in args])  # noqa: C419 (it is faster)
    )
    if wanted or not reduction.compiled or (out is not None and _in_a_graph(out)):
        return _with_graph(reduction, args, out, place, wanted)
    value: Result = compute_now(reduction, args, out, place)
    if out is not None and not out.is_inference():
        torch.autograd.graph.increment_version(out)  # so that autograd sees the change
    return value


def _in_a_graph(out: Any) -> bool:
    return isinstance(out, Tensor) and out.requires_grad and torch.is_grad_enabled()


def _with_graph(
    reduction: Reduction, args: tuple[Tensor, ...], out: Any, place: Place, wanted: bool
) -> Result:
    """A result that has derivatives, is made of several reductions, or goes to where a graph is."""
    if out is not None:
        check_writable(out)
    derived = wanted or not reduction.compiled
    result = (differentiable if derived else _kernel)(reduction, args, place)
    return result if out is None else written(result, out, args)


def _reduce_among_others(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Result:
    """The same, of tensors that are more than memory, or under modes and transforms."""
    if has_torch_function(args):
        result: Result = handle_torch_function(reduce, args, reduction, args, out, place)
        return result
    args = as_autocast(alive(args))

    def call(whole: Sequence[Tensor], in_dims: Sequence[int | None]) -> Result:
        return reduce(reduction, tuple(with_batch_first(reduction, whole, in_dims)), None, place)

    batch: Result | None = over_grads_batch(call, args)
    if batch is not None:
        return batch
    wanted = reduction.law is not None and needs_derivative(args)
    derived = wanted or not reduction.compiled
    value: Result = (differentiable if derived else _kernel)(reduction, args, place)
    return value if out is None else written(value, out, args)


def _value(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    value = reduce(reduction, args, None, place)
    assert isinstance(value, Tensor)
    return value


def differentiable(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Result:
    plain = isinstance(reduction.law, Pullback) and reduction.name == "Sum"
    narrow = {a.dtype for a in args if isinstance(a, Tensor)} & NARROW_DTYPES
    if narrow and not plain:
        # What laws keep between two reductions would be rounded.
        wide = tuple(map(widened, args))
        result = reduce(reduction, wide, None, place)
        (dtype,) = narrow
        if isinstance(result, Tensor):
            return result.to(dtype)
        return result[0].to(dtype), result[1]
    match reduction.law:
        case Composition():
            value: Tensor = reduction.composed(args, lambda r, a: _value(r, a, place))
        case Gathering(operation):
            return _gathered(reduction, operation, args, place)
        case _:
            value = _kernel(reduction, args, place)
    return value


def _gathered(
    reduction: Reduction, operation: str, args: tuple[Tensor, ...], place: Place
) -> Result:
    """The values that a kernel picked, which depend on the arguments as F at those indices does."""
    if reduction.size(args, reduction.axis) == 0:
        none: Tensor = _kernel(reduction, args, place)
        return none.detach() + sum(a.reshape(-1)[:0].sum() for a in args if a.is_floating_point())
    values, indices = _kernel(reduction.picking(operation), args, place)
    values = values.detach()
    batch = values.shape[: max(0, *batch_dims(reduction, args))]
    rows, dim = values.shape[len(batch)], reduction.routine.dim
    # Of the K ranks and D components of a row.
    each = math.prod(values.shape[len(batch) + 1 :])
    # What is behind every number no term is picked for; a term at the other end is picked.
    empty = values == (-torch.inf if "Max" in operation else torch.inf)
    picked, source = indices.reshape(*batch, rows * each), None
    if place.ranges is not None or place.symbolic_ranges:
        # Where a row has no term F is taken where another has one: index 0 may be in no range.
        some = torch.nn.functional.pad(~empty.reshape(picked.shape), (0, 1)).long().argmax(-1)
        own = torch.arange(rows * each, device=values.device)
        source = torch.where(empty.reshape(picked.shape), some[..., None], own)
        picked = picked.gather(-1, source)
    at = []
    for argument, (_, _, category) in zip(args, reduction.routine.variables, strict=True):
        if category == 2:
            at.append(argument)
        elif category != OTHER[reduction.axis]:
            at.append(rows_at(argument, batch, picked))
        elif source is None:
            at.append(argument.repeat_interleave(each, -2))
        else:
            at.append(rows_at(argument, batch, source // each))
    terms = _value(reduction.rowwise(), tuple(at), place)
    # Of the D components at a row, the one that was picked for.
    terms = terms.reshape(*batch, rows, each // dim, dim, dim).diagonal(dim1=-2, dim2=-1)
    terms = terms.reshape(values.shape).masked_fill(empty, 0)
    result: Tensor = Valued.apply(values, terms)  # type: ignore[no-untyped-call]
    return (result, indices) if reduction.name == operation else result


def _kernel(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Any:
    """One kernel, with derivatives if its law is a Pullback."""
    if is_ordinary(args):
        function: Any = _PlainKernel
    elif is_traced(args) and not is_transformed():
        return compute(reduction, args, place)  # the operator has the rules
    else:
        function = _Kernel
    return function.apply(reduction, place, *args)


def saved_for(reduction: Reduction, args: Sequence[Tensor], result: Any) -> list[Tensor]:
    """What derivatives need."""
    if not isinstance(reduction.law, Pullback):
        return []
    return [*args, *([] if reduction.name == "Sum" else [result])]


def _number(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    if (place.ranges or place.symbolic_ranges) and any(a.is_cuda for a in args):
        return _value(reduction.counting, args, place)  # counted there: a copy would wait for it
    return number_of_terms(reduction, args, place)


def _inputs(
    reduction: Reduction,
    group: Group | Tangent,
    args: tuple[Tensor, ...],
    held: list[Tensor],
    place: Place,
    known: dict[Any, Tensor],
) -> list[Tensor]:
    """What a derivative takes beside the arguments: related values, the result, the number."""

    def run(related: Reduction, its: tuple[Tensor, ...]) -> Tensor:
        return _value(related, its, place)

    return [
        *(related.value(args, run, known) for related in group.inputs),
        *(held if group.takes_result else []),
        *([_number(reduction, args, place)] if group.takes_number else []),
    ]


def _held(reduction: Reduction, result: Sequence[Tensor], e: Tensor | None) -> list[Tensor]:
    """The result as laws take it.

    A log-sum-exp of no term that counts is -inf; a finite value makes exp(F - a) 0 where F is -inf.
    Where terms have weights that add up to 0, derivatives in these are infinite: the least value
    makes exp(F - a) so, but for what no gradient comes to.
    """
    if not reduction.name.startswith("LogSumExp"):
        return list(result)
    if reduction.weight is None:
        return [a.masked_fill(a == -torch.inf, 0.0) for a in result]
    least = torch.finfo(result[0].dtype).min if result else 0.0
    held = [a.masked_fill(a == -torch.inf, least) for a in result]
    return held if e is None else [a.masked_fill((a == least) & (e == 0), 0.0) for a in held]


# Gradients in parameters, for each row, that are there at once.
_SLAB = 1 << 16


def _of_group(group: Group, args: tuple[Tensor, ...], place: Place) -> list[Tensor]:
    """The gradients of a group; those in parameters have one row."""
    reduction, few = group.reduction, group.of_parameters
    if not few:
        return _split(_value(reduction, args, place), group.dims)
    category = OTHER[reduction.axis]
    counts = zip(args, batch_dims(reduction, args), strict=True)
    batch = torch.broadcast_shapes(*(a.shape[: max(0, n)] for a, n in counts))  # type: ignore[no-untyped-call]
    batches = math.prod(batch)
    size, step = reduction.size(args, category), max(1, _SLAB // (few * max(1, batches)))
    own, total = [], []
    for begin in range(0, max(size, 1), step):
        some = args
        if size > step:
            some = tuple(
                a.narrow(-2, begin, min(step, size - begin)) if c == category else a
                for a, (_, _, c) in zip(args, reduction.routine.variables, strict=True)
            )
        rows, parameters = _value(reduction, some, place).tensor_split([-few], -1)
        own.append(rows.clone() if size > step else rows)  # without the columns beside them
        total.append(parameters.sum(-2, keepdim=True))
    count = sum(reduction.routine.variables[k][2] != 2 for k in group.positions)
    rows = own[0] if len(own) == 1 else torch.cat(own, -2)
    parameters = sum(total[1:], total[0])
    return _split(rows, group.dims[:count]) + _split(parameters, group.dims[count:])


def _split(columns: Tensor, dims: list[int]) -> list[Tensor]:
    return list(columns.split(dims, -1))  # type: ignore[no-untyped-call]


def pullback(
    reduction: Reduction,
    place: Place,
    needed: tuple[bool, ...],
    saved: Sequence[Tensor],
    e: Tensor | None,
) -> list[Tensor | None]:
    """The gradients in the arguments that need them, for the gradient e of the result."""
    count = len(needed)
    results: list[Tensor | None] = [None] * count
    if e is None:
        return results
    args, held = tuple(saved[:count]), _held(reduction, saved[count:], e)
    assert isinstance(reduction.law, Pullback)
    joined = (
        place.ranges is None
        and not place.symbolic_ranges
        and not reduction.options.compensated
        and e.dtype.itemsize > 2
        and is_ordinary((*args, e))
    )
    known: dict[Any, Tensor] = {}
    for group in reduction.groups(reduction.law, needed, joined=joined):
        more = [*_inputs(reduction, group, args, held, place, known), e]
        given = (*args, *as_inputs(reduction.axis, more))
        for k, gradient in zip(group.positions, _of_group(group, given, place), strict=True):
            if reduction.routine.variables[k][2] == 2:
                gradient = gradient.squeeze(-2)
            # Over the batches that share an argument.
            own = gradient.sum_to_size(args[k].shape or (1,)).reshape(args[k].shape)
            results[k] = own if own.device == args[k].device else own.to(args[k].device)
    return results


def pushforward(
    reduction: Reduction, place: Place, saved: Sequence[Tensor], tangents: Sequence[Tensor | None]
) -> Tensor:
    """The derivative of the result along the tangents of the arguments that have one."""
    count = len(tangents)
    args, held = tuple(saved[:count]), _held(reduction, saved[count:], None)
    assert isinstance(reduction.law, Pullback)
    tangent = reduction.tangent(reduction.law, tuple(t is not None for t in tangents))
    more = as_inputs(reduction.axis, _inputs(reduction, tangent, args, held, place, {}))
    along = [t for t in tangents if t is not None]
    return _value(tangent.reduction, (*args, *more, *along), place)


class _Kernel(torch.autograd.Function):
    @staticmethod
    def forward(reduction: Reduction, place: Place, *args: Tensor) -> Any:
        return compute(reduction, args, place)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        reduction, place, *args = inputs
        ctx.reduction, ctx.place, ctx.count = reduction, place, len(args)
        ctx.set_materialize_grads(False)
        if not isinstance(reduction.law, Pullback):
            ctx.mark_non_differentiable(*(output if isinstance(output, tuple) else (output,)))
            ctx.none = (None,) * len(output) if isinstance(output, tuple) else None
        saved = saved_for(reduction, args, output)
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    @staticmethod
    @boundary
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        if not isinstance(ctx.reduction.law, Pullback):
            return (None, None, *[None] * ctx.count)
        needed: tuple[bool, ...] = ctx.needs_input_grad[2:]
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        return None, None, *pullback(ctx.reduction, ctx.place, needed, saved, gradients[0])

    @staticmethod
    @boundary
    def jvp(ctx: Any, *tangents: Tensor | None) -> Any:
        if not isinstance(ctx.reduction.law, Pullback):
            return ctx.none
        with in_forward_mode(ctx.saved_tensors) as saved:
            return pushforward(ctx.reduction, ctx.place, saved, tangents[2:])

    @staticmethod
    def vmap(
        info: Any,  # noqa: ARG004
        in_dims: tuple[int | None, ...],
        reduction: Reduction,
        place: Place,
        *args: Tensor,
    ) -> tuple[Any, Any]:
        moved = with_batch_first(reduction, args, in_dims[2:])
        result = _kernel(reduction, tuple(moved), place)
        return result, (0,) * len(result) if isinstance(result, tuple) else 0


class _PlainKernel(torch.autograd.Function):
    """The same outside of transforms: torch calls functions of this older form much faster."""

    @staticmethod
    def forward(ctx: Any, reduction: Reduction, place: Place, *args: Tensor) -> Any:
        result = compute_now(reduction, args, None, place)
        _Kernel.setup_context(ctx, (reduction, place, *args), result)
        return result

    backward = staticmethod(_Kernel.backward)
