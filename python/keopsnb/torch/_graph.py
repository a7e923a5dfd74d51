"""Reductions in the graphs of torch.compile and torch.export.

Dynamo, which reads the Python that torch.compile compiles, is not to read ours: a reduction is one
call in its graph. The tracers behind it run that call, and find the operator of `_operator.py`.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb import _core
from keopsnb._lazy.variables import Arguments, Kind, constant_in_graphs, is_floating, kinds_of
from keopsnb._options import PM
from keopsnb._reduction import reduction_of
from keopsnb.torch import _rules as _rules
from keopsnb.torch._autograd import reduce
from keopsnb.torch._operator import place_of
from keopsnb.torch._out import written

# While Dynamo reads a function it takes this to be true, at no cost for those that it does not.
is_read = torch.compiler.is_dynamo_compiling


def reduce_by_key(
    key: str, backend: str, device_id: int, ranges: Sequence[Any] | None, *args: Tensor
) -> Any:
    """The reduction that has this key; it stands in graphs."""
    return reduce(reduction_of(key), args, None, place_of(args, backend, device_id, ranges))


def admission(function: Callable[..., Any]) -> Callable[[], bool]:
    """Tells Dynamo, as it comes there, that a function may stand in its graphs."""

    # The decorator allow_in_graph would import Dynamo at once, which takes more than a second.
    @constant_in_graphs
    def admit() -> bool:
        torch.compiler.allow_in_graph(function)  # type: ignore[no-untyped-call]
        return True

    return admit


_admit = admission(reduce_by_key)


@constant_in_graphs
def tell_products_apart() -> bool | None:
    """Have Dynamo hand over K @ v as Tensor.__rmatmul__(v, K); whether it did so before.

    Where the first operand is no tensor, torch 2.13 swaps the two and calls the reflected method,
    which it has in a table; of all operators the matrix product alone is missing there. None if
    there is no such table.
    """
    try:
        from torch._dynamo.variables import builtin

        builtin.populate_builtin_to_tensor_fn_map()
        table = builtin.BUILTIN_TO_TENSOR_RFN_MAP
    except (ImportError, AttributeError):
        return None
    before = operator.matmul in table
    table.setdefault(operator.matmul, Tensor.__rmatmul__)
    return before


@constant_in_graphs
def check_told_apart() -> None:
    """Of a product whose operands Dynamo may have swapped: have it read the function anew.

    Raises:
        TypeError: if Dynamo cannot be told.
    """
    match tell_products_apart():
        case None:
            raise TypeError(
                "torch.compile gives K @ v and v @ K as the same call where K was made outside of "
                "the function; write K.matvec(v), or K.rmatvec(v) for K.T @ v."
            )
        case False:
            from torch._dynamo.exc import UnspecializeRestartAnalysis

            raise UnspecializeRestartAnalysis  # which forgets what was read


def call(
    key: str,
    args: Sequence[Tensor],
    backend: str = "auto",
    device_id: int = -1,
    ranges: Sequence[Any] | None = None,
    out: Tensor | None = None,
) -> Any:
    """`Genred.__call__` while a graph is made."""
    _admit()
    result = reduce_by_key(key, backend, device_id, ranges, *args)
    return result if out is None else written(result, out)


# Dynamo cannot look into `_core`'s ways of joining the arguments of symbolic matrices; these are
# the same but for their checks, which the reduction makes too.


def merge(
    forms: Sequence[int], arguments: Sequence[Arguments]
) -> tuple[tuple[int, ...], Arguments]:
    """The same as `_core.merge`."""
    if not is_read():
        return _core.merge(forms, arguments)
    places: list[int] = []
    known: list[tuple[Kind, Any]] = []
    for form, own in zip(forms, arguments, strict=True):
        for kind, x in zip(kinds_of(form), own.data, strict=True):
            at = next((k for k, one in enumerate(known) if _same(*one, kind, x)), len(known))
            places.append(at)
            if at == len(known):
                known.append((kind, x))
    first = len(arguments[0].data)
    return tuple(places[first:]), _of_kinds([k for k, _ in known], tuple([x for _, x in known]))


def arguments(form: int, data: tuple[Any, ...]) -> Arguments:
    """The same as `_core.arguments`."""
    return _of_kinds(kinds_of(form), data) if is_read() else _core.arguments(form, data)


def _same(kind: Kind, x: Any, other: Kind, y: Any) -> bool:
    if kind.number or kind.position is not None:
        return kind == other and repr(x) == repr(y)  # 0.0 and -0.0 are two
    return kind.category == other.category and x is y


def _of_kinds(kinds: Sequence[Kind], data: tuple[Any, ...]) -> Arguments:
    rows: list[Any] = [None, None]
    batch: tuple[int, ...] = ()
    dtype = None
    for kind, x in zip(kinds, data, strict=True):
        if x is None or kind.number:
            continue
        own = 1 if kind.category == PM else 2
        if kind.category != PM:
            rows[kind.category] = x.shape[-2]
        batch = torch.broadcast_shapes(batch, tuple(x.shape)[:-own])  # type: ignore[no-untyped-call]
        if is_floating(x.dtype):
            dtype = x.dtype
    return Arguments(data, rows[0], rows[1], tuple(batch), dtype)
