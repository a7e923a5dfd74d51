"""Reductions as differentiable functions of tensors.

How a reduction differentiates its `Reduction` knows: it names the sums that give gradients and
tangents, and what these take. Each kernel is one `torch.autograd.Function` with its derivatives
backwards and forwards and its rule for vmap, all of which are kernels again. In a graph it is the
operator of `_operator.py`, with the same rules.

A kernel that keeps something for its derivatives gives that behind its result, in rows that are an
output of the function beside the result: derivatives of derivatives go through them.
"""

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

from keopsnb._boundary import boundary
from keopsnb._reduction import Reduction, as_inputs, size
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
    with_batch_first,
)
from keopsnb.torch._out import check_writable, written
from keopsnb.torch._picked import Picked, Valued


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
        and any([a.requires_grad for a in args])  # noqa: C419 (it is faster)
        and reduction.differentiable
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
    if not wanted and reduction.compiled:
        result: Result = _PlainKernel.apply(reduction, False, place, *args)
    elif reduction.has_terms and not any([a.dtype in NARROW_DTYPES for a in args]):  # noqa: C419
        result = _PlainKernel.apply(reduction, reduction.keeps, place, *args)
        result = result[0] if isinstance(result, tuple) else result
    else:
        result = differentiable(reduction, args, place)
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
    wanted = reduction.differentiable and needs_derivative(args)
    derived = wanted or not reduction.compiled
    value: Result = (differentiable if derived else _kernel)(reduction, args, place)
    return value if out is None else written(value, out, args)


def _value(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    direct = reduction.compiled and not torch.is_grad_enabled() and not place.symbolic_ranges
    if direct and is_ordinary(args):
        try:
            value: Result = compute_now(reduction, args, None, place)
        except RuntimeError:
            if not is_hollow(args):
                raise
            value = reduce(reduction, args, None, place)
    else:
        value = reduce(reduction, args, None, place)
    assert isinstance(value, Tensor)
    return value


def differentiable(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Result:
    sums = reduction.name == "Sum"
    narrow = set() if sums else {a.dtype for a in args if isinstance(a, Tensor)} & NARROW_DTYPES
    if narrow:
        # Numbers kept between a reduction and its derivatives would be rounded to 16 bits.
        wide = tuple(map(widened, args))
        result = reduce(reduction, wide, None, place)
        (dtype,) = narrow
        if isinstance(result, Tensor):
            return result.to(dtype)
        return result[0].to(dtype), result[1]
    if reduction.picks:
        return _gathered(reduction, args, place)
    if not reduction.compiled:
        return _composed(reduction, args, place)
    if reduction.keeps:
        return _with_kept(reduction, args, place)
    value: Tensor = _kernel(reduction, args, place)
    return value


def _composed(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    """The maximum, and the sum of exponentials less that, side by side."""
    first, second, both = reduction.parts
    m = _value(first, args, place)
    s = _value(second, (*args, *as_inputs(reduction.axis, [m])), place)
    return _value(both, (m, s), place)


def _with_kept(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Tensor:
    """The result of a reduction that keeps something for its derivatives."""
    if is_traced(args) and not is_transformed():
        rows: Tensor = compute(reduction.kept, args, place)  # the operator has the rules
        return rows[..., : reduction.out_dim].contiguous()
    result: Tensor = _function(args).apply(reduction, True, place, *args)[0]
    return result


def _gathered(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Result:
    """The values that a kernel picked, which depend on the arguments as F at those indices does."""
    if size(reduction, args, reduction.axis) == 0:
        none: Tensor = _kernel(reduction, args, place)
        return none.detach() + sum(a.reshape(-1)[:0].sum() for a in args if a.is_floating_point())
    values, indices = _kernel(reduction.picked, args, place)
    values = values.detach()
    ranged = place.ranges is not None or bool(place.symbolic_ranges)
    picked = Picked(reduction, args, values, indices, ranged)
    terms = _value(reduction.at_rows, picked.arguments(), place)
    result: Tensor = Valued.apply(values, picked.own(terms))  # type: ignore[no-untyped-call]
    return (result, indices) if "_Arg" in reduction.name else result


def _kernel(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Any:
    """One kernel, with derivatives if these are sums that take no more than its results."""
    if is_traced(args) and not is_transformed():
        return compute(reduction, args, place)  # the operator has the rules
    return _function(args).apply(reduction, False, place, *args)


def _function(args: Sequence[Any]) -> Any:
    return _PlainKernel if is_ordinary(args) else _Kernel


def saved_for(reduction: Reduction, args: Sequence[Tensor], rows: Any) -> list[Tensor]:
    """The tensors its derivatives take, of which `rows` are those that the kernel gave."""
    if not reduction.has_terms:
        return []
    return [*args, rows] if reduction.takes_rows else list(args)


# Gradients in parameters, for each row, that are there at once.
_SLAB = 1 << 16


def _in_columns(
    total: Reduction, dims: list[int], few: int, args: tuple[Tensor, ...], place: Place
) -> list[Tensor]:
    """Gradients of these dimensions; those in parameters, the last `few` columns, have one row."""
    if not few:
        return list(_value(total, args, place).split(dims, -1))  # type: ignore[no-untyped-call]
    category = total.result_category
    counts = zip(args, batch_dims(total, args), strict=True)
    batch = torch.broadcast_shapes(*(a.shape[: max(0, n)] for a, n in counts))  # type: ignore[no-untyped-call]
    batches = math.prod(batch)
    length, step = size(total, args, category), max(1, _SLAB // (few * max(1, batches)))
    own, of_parameters = [], []
    for begin in range(0, max(length, 1), step):
        some = args
        if length > step:
            some = tuple(
                a.narrow(-2, begin, min(step, length - begin)) if c == category else a
                for a, c in zip(args, total.categories, strict=True)
            )
        rows, parameters = _value(total, some, place).tensor_split([-few], -1)
        own.append(rows.clone() if length > step else rows)  # without the columns beside them
        of_parameters.append(parameters.sum(-2, keepdim=True))
    rows = own[0] if len(own) == 1 else torch.cat(own, -2)
    count = [0, *itertools.accumulate(dims)].index(rows.shape[-1])
    parameters = sum(of_parameters[1:], of_parameters[0])
    return [*rows.split(dims[:count], -1), *parameters.split(dims[count:], -1)]  # type: ignore[no-untyped-call]


def _split(columns: Tensor, dims: list[int]) -> list[Tensor]:
    if len(dims) == 1:
        return [columns]
    return list(columns.split(dims, -1))  # type: ignore[no-untyped-call]


# With its sums, as the module would make these objects anew.
_sums = functools.lru_cache(4096)(Reduction.gradients)


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
    args = tuple(saved[:count])
    joined = (
        place.ranges is None
        and not place.symbolic_ranges
        and not reduction.compensated
        and e.dtype.itemsize > 2
        and is_ordinary((*args, e))
    )
    given = (*args, *as_inputs(reduction.axis, [*saved[count:], e]))
    for total, positions, dims, few in _sums(reduction, needed, joined):
        found = _in_columns(total, dims, few, given, place)
        for k, gradient in zip(positions, found, strict=True):
            if total.categories[k] == 2:
                gradient = gradient.squeeze(-2)
            shape = args[k].shape
            if gradient.shape != shape:  # over the batches that share an argument
                gradient = gradient.sum_to_size(shape or (1,)).reshape(shape)
            device = args[k].device
            results[k] = gradient if gradient.device == device else gradient.to(device)
    return results


def pushforward(
    reduction: Reduction, place: Place, saved: Sequence[Tensor], tangents: Sequence[Tensor | None]
) -> Tensor:
    """The derivative of the result along the tangents of the arguments that have one."""
    count = len(tangents)
    tangent = reduction.tangent(tuple(t is not None for t in tangents))
    rows = as_inputs(reduction.axis, saved[count:])
    along = [t for t in tangents if t is not None]
    return _value(tangent, (*saved[:count], *rows, *along), place)


def _whole(reduction: Reduction, e: Tensor | None, e_rows: Tensor) -> Tensor:
    """The gradient of the rows of which the result is the first columns."""
    if e is None:
        return e_rows
    return e_rows + torch.nn.functional.pad(e, (0, e_rows.shape[-1] - reduction.out_dim))


class _Kernel(torch.autograd.Function):
    """One kernel: its result and, if it keeps something, rows of which that is the beginning."""

    @staticmethod
    def forward(reduction: Reduction, keeps: bool, place: Place, *args: Tensor) -> Any:
        if not keeps:
            return compute(reduction, args, place)
        rows = compute(reduction.kept, args, place)
        return rows[..., : reduction.out_dim].clone(), rows

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        reduction, ctx.keeps, ctx.place, *args = inputs
        ctx.reduction, ctx.count = reduction, len(args)
        ctx.set_materialize_grads(False)
        if not reduction.has_terms:
            ctx.mark_non_differentiable(*(output if isinstance(output, tuple) else (output,)))
            ctx.none = (None,) * len(output) if isinstance(output, tuple) else None
        saved = saved_for(reduction, args, output[1] if ctx.keeps else output)
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    @staticmethod
    @boundary
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Tensor | None, ...]:
        reduction = ctx.reduction
        if not reduction.has_terms:
            return (None, None, None, *[None] * ctx.count)
        e = gradients[0]
        if ctx.keeps and gradients[1] is not None:
            e, reduction = _whole(reduction, e, gradients[1]), reduction.kept
        needed: tuple[bool, ...] = ctx.needs_input_grad[3:]
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        return None, None, None, *pullback(reduction, ctx.place, needed, saved, e)

    @staticmethod
    @boundary
    def jvp(ctx: Any, *tangents: Tensor | None) -> Any:
        reduction = ctx.reduction
        if not reduction.has_terms:
            return ctx.none
        with in_forward_mode(ctx.saved_tensors) as saved:
            if not ctx.keeps:
                return pushforward(reduction, ctx.place, saved, tangents[3:])
            rows = pushforward(reduction.kept, ctx.place, saved, tangents[3:])
            return rows[..., : reduction.out_dim].clone(), rows

    @staticmethod
    def vmap(
        info: Any,  # noqa: ARG004
        in_dims: tuple[int | None, ...],
        reduction: Reduction,
        keeps: bool,
        place: Place,
        *args: Tensor,
    ) -> tuple[Any, Any]:
        moved = with_batch_first(reduction, args, in_dims[3:])
        result = _function(moved).apply(reduction, keeps, place, *moved)
        return result, (0,) * len(result) if isinstance(result, tuple) else 0


class _PlainKernel(torch.autograd.Function):
    """The same outside of transforms: torch calls functions of this older form much faster."""

    @classmethod
    def apply(cls, *args: Any) -> Any:
        # Without what Function.apply does for transforms, which there are none of.
        return super(torch.autograd.Function, cls).apply(*args)  # type: ignore[misc]

    @staticmethod
    def forward(ctx: Any, reduction: Reduction, keeps: bool, place: Place, *args: Tensor) -> Any:
        ctx.reduction, ctx.keeps, ctx.place, ctx.count = reduction, keeps, place, len(args)
        ctx.set_materialize_grads(False)
        if keeps:
            rows = compute_now(reduction.kept, args, None, place)
            result = rows[..., : reduction.out_dim].clone(), rows
        else:
            result = rows = compute_now(reduction, args, None, place)
        if not reduction.has_terms:
            ctx.mark_non_differentiable(*(result if isinstance(result, tuple) else (result,)))
        ctx.save_for_backward(*saved_for(reduction, args, rows))
        return result

    backward = staticmethod(_Kernel.backward)
