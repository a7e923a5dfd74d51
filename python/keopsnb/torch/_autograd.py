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
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.overrides import handle_torch_function, has_torch_function

from keopsnb._boundary import boundary, shortened
from keopsnb._core import fitted, wants_graph
from keopsnb._options import PM
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


def reduce(reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place) -> Any:
    """Compute a reduction; where a derivative is wanted, so that it can be had."""
    wanted = None if place.symbolic_ranges else wants_graph(args)
    if wanted is not None:
        try:
            if out is None and not wanted and reduction.compiled:
                return compute_now(reduction, args, None, place)
            if out is None and wanted and reduction.name == "Sum":
                return _plain(reduction, False, place, *args)
            return _in_memory(reduction, args, out, place, wanted)
        except RuntimeError:
            if not is_hollow(args):
                raise
    return _among_others(reduction, args, out, place)


def _in_memory(
    reduction: Reduction, args: tuple[Tensor, ...], out: Any, place: Place, wanted: bool
) -> Any:
    """A result that may have derivatives, is made of several reductions, or goes to `out`."""
    wanted = wanted and reduction.differentiable
    if out is not None:
        graph = isinstance(out, Tensor) and out.requires_grad and torch.is_grad_enabled()
        if not wanted and reduction.compiled and not graph:
            value = compute_now(reduction, args, out, place)
            if not out.is_inference():
                torch.autograd.graph.increment_version(out)  # so that autograd sees the change
            return value
        check_writable(out)
    if not wanted and reduction.compiled:
        result = compute_now(reduction, args, None, place)
    else:
        result = differentiable(reduction, args, place)
    return result if out is None else written(result, out, args)


def _among_others(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Any:
    """The same, of tensors that are more than memory, or under modes and transforms."""
    if not all(isinstance(a, Tensor) for a in args):
        return compute_now(reduction, args, out, place)  # which says what is wrong
    if has_torch_function(args):
        return handle_torch_function(reduce, args, reduction, args, out, place)
    args = as_autocast(alive(args))

    def call(whole: Sequence[Tensor], in_dims: Sequence[int | None]) -> Any:
        return reduce(reduction, tuple(with_batch_first(reduction, whole, in_dims)), None, place)

    batch = over_grads_batch(call, args)
    if batch is not None:
        return batch
    wanted = reduction.differentiable and needs_derivative(args)
    derived = wanted or not reduction.compiled
    value = (differentiable if derived else _kernel)(reduction, args, place)
    return value if out is None else written(value, out, args)


def differentiable(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Any:
    narrow = NARROW_DTYPES.intersection([a.dtype for a in args])
    if narrow and reduction.name != "Sum":
        # Numbers kept between a reduction and its derivatives would be rounded to 16 bits.
        result = reduce(reduction, tuple(map(widened, args)), None, place)
        (dtype,) = narrow
        return result.to(dtype) if isinstance(result, Tensor) else (result[0].to(dtype), result[1])
    if reduction.picks:
        return _gathered(reduction, args, place)
    if not reduction.compiled:
        # The maximum, and the sum of exponentials less that, side by side.
        first, second, both = reduction.parts
        m = reduce(first, args, None, place)
        s = reduce(second, (*args, *as_inputs(reduction.axis, [m])), None, place)
        return reduce(both, (m, s), None, place)
    if not reduction.keeps:
        return _kernel(reduction, args, place)
    if is_traced(args) and not is_transformed():
        rows = compute(reduction.kept, args, place)  # the operator has the rules
        return rows[..., : reduction.out_dim].contiguous()
    return _function(args)(reduction, True, place, *args)[0]


def _gathered(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Result:
    """The values that a kernel picked, which depend on the arguments as F at those indices does."""
    if size(reduction, args, reduction.axis) == 0:
        none: Tensor = _kernel(reduction, args, place)
        return none.detach() + sum(a.reshape(-1)[:0].sum() for a in args if a.is_floating_point())
    values, indices = _kernel(reduction.picked, args, place)
    values = values.detach()
    ranged = place.ranges is not None or bool(place.symbolic_ranges)
    picked = Picked(reduction, args, values, indices, ranged)
    terms = reduce(reduction.at_rows, picked.arguments(), None, place)
    result: Tensor = Valued.apply(values, picked.own(terms))  # type: ignore[no-untyped-call]
    return (result, indices) if "_Arg" in reduction.name else result


def _kernel(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Any:
    """One kernel, with derivatives if these are sums that take no more than its results."""
    if not is_transformed() and (not reduction.has_terms or is_traced(args)):
        return compute(reduction, args, place)  # the operator has the rules
    return _function(args)(reduction, False, place, *args)


def _function(args: Sequence[Any]) -> Callable[..., Any]:
    return _plain if is_ordinary(args) else _Kernel.apply


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
        return list(reduce(total, args, None, place).split(dims, -1))
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
        rows, parameters = reduce(total, some, None, place).tensor_split([-few], -1)
        own.append(rows.clone() if length > step else rows)  # without the columns beside them
        of_parameters.append(parameters.sum(-2, keepdim=True))
    rows = own[0] if len(own) == 1 else torch.cat(own, -2)
    count = [0, *itertools.accumulate(dims)].index(rows.shape[-1])
    parameters = sum(of_parameters[1:], of_parameters[0])
    return [*rows.split(dims[:count], -1), *parameters.split(dims[count:], -1)]


# With its sums, as the module would make these objects anew.
_sums = functools.lru_cache(4096)(Reduction.gradients)


def pullback(
    reduction: Reduction,
    place: Place,
    needed: tuple[bool, ...],
    saved: tuple[Tensor, ...],
    e: Tensor | None,
) -> list[Tensor | None]:
    """The gradients in the arguments that need them, for the gradient e of the result."""
    count = len(needed)
    results: list[Tensor | None] = [None] * count
    if e is None:
        return results
    if place.ranges is None and not place.symbolic_ranges:
        try:
            now: list[Tensor | None] | None = reduction.gradients_now(
                saved, e, needed, place.backend, place.device_id
            )
        except RuntimeError:
            if not is_hollow((*saved, e)):
                raise
            now = None
        if now is not None:
            return now
    joined = (
        place.ranges is None
        and not place.symbolic_ranges
        and not reduction.compensated
        and e.dtype not in NARROW_DTYPES
        and is_ordinary((*saved, e))
    )
    given = (*saved[:count], *as_inputs(reduction.axis, (*saved[count:], e)))
    for total, positions, dims, few in _sums(reduction, needed, joined):
        found = _in_columns(total, dims, few, given, place)
        for k, gradient in zip(positions, found, strict=True):
            results[k] = fitted(gradient, saved[k], reduction.categories[k] == PM)
    return results


def pushforward(
    reduction: Reduction, place: Place, saved: Sequence[Tensor], tangents: Sequence[Tensor | None]
) -> Tensor:
    """The derivative of the result along the tangents of the arguments that have one."""
    count = len(tangents)
    tangent = reduction.tangent(tuple(t is not None for t in tangents))
    rows = as_inputs(reduction.axis, saved[count:])
    along = [t for t in tangents if t is not None]
    value: Tensor = reduce(tangent, (*saved[:count], *rows, *along), None, place)
    return value


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
        reduction, keeps, place, *args = inputs
        ctx.of, ctx.none = (reduction, keeps, place), None
        ctx.set_materialize_grads(False)
        if not reduction.has_terms:
            ctx.mark_non_differentiable(*(output if isinstance(output, tuple) else (output,)))
            ctx.none = (None,) * len(output) if isinstance(output, tuple) else None
        saved = saved_for(reduction, args, output[1] if keeps else output)
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    @staticmethod
    def backward(ctx: Any, e: Tensor | None, e_rows: Tensor | None = None) -> tuple[Any, ...]:
        try:  # without the cost of another call
            reduction, keeps, place = ctx.of
            needed: tuple[bool, ...] = ctx.needs_input_grad[3:]
            if keeps and e_rows is not None:
                e, reduction = _whole(reduction, e, e_rows), reduction.kept
            return None, None, None, *pullback(reduction, place, needed, ctx.saved_tensors, e)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    @staticmethod
    @boundary
    def jvp(ctx: Any, *tangents: Tensor | None) -> Any:
        reduction, keeps, place = ctx.of
        if not reduction.has_terms:
            return ctx.none
        with in_forward_mode(ctx.saved_tensors) as saved:
            if not keeps:
                return pushforward(reduction, place, saved, tangents[3:])
            rows = pushforward(reduction.kept, place, saved, tangents[3:])
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
        result = _function(moved)(reduction, keeps, place, *moved)
        return result, (0,) * len(result) if isinstance(result, tuple) else 0


class _PlainKernel(torch.autograd.Function):
    """The same outside of transforms: torch calls functions of this older form much faster."""

    @staticmethod
    def forward(ctx: Any, reduction: Reduction, keeps: bool, place: Place, *args: Tensor) -> Any:
        ctx.of = reduction, keeps, place
        ctx.set_materialize_grads(False)
        if keeps:
            rows = compute_now(reduction.kept, args, None, place)
            result = rows[..., : reduction.out_dim].clone(), rows
        else:
            result = rows = compute_now(reduction, args, None, place)
        if reduction.takes_rows:
            ctx.save_for_backward(*args, rows)
        else:
            ctx.save_for_backward(*args)
        return result

    backward = staticmethod(_Kernel.backward)


# Without what Function.apply does for transforms, which there are none of.
_plain: Callable[..., Any] = super(torch.autograd.Function, _PlainKernel).apply
