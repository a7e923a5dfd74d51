"""Reductions of symbolic matrices: found again by their structure, and called with arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from keopsnb._core import Graph, with_argument_names
from keopsnb._lazy.variables import (
    REMEMBERED,
    Kind,
    Variable,
    constant_in_graphs,
    text_of,
)
from keopsnb._options import BOTH, I_AND_J

# Options that LazyTensor methods pass on to the constructor of Genred, and to its call.
CONSTRUCTOR = frozenset(
    (
        "dtype_acc",
        "use_double_acc",
        "sum_scheme",
        "enable_chunks",
        "rec_multVar_highdim",
        "use_fast_math",
        "header",
    )
)
CALL = frozenset(("backend", "device_id", "ranges", "out"))


class Layout(NamedTuple):
    """The forms of a reduction, and where its arguments come from."""

    formulas: tuple[int, ...]  # the one that is reduced, and that of weights
    aliases: tuple[str, ...]
    order: tuple[int, ...]  # of variables, as arguments: the symbolic ones at their positions first
    symbolic: int
    kinds: tuple[Kind, ...]  # of the variables
    numbers: tuple[bool, ...]  # which arguments are Python numbers; () if none is


@constant_in_graphs
def layout_of(forms: tuple[int, ...], places: tuple[int, ...] = ()) -> Layout:
    """The layout of a reduction of a form, or of a form and its weights."""
    formulas, aliases, order, symbolic, kinds = Graph.layout(forms, places)
    known = tuple(Kind(*kind) for kind in kinds)
    numbers = tuple(known[k].number for k in order)
    return Layout(formulas, aliases, order, symbolic, known, numbers if any(numbers) else ())


# A reduction of forms: what to call, and with what.
Planned = tuple[Callable[..., Any], Layout]


def plan(
    genred: Callable[..., Any],
    forms: tuple[int, ...],
    places: tuple[int, ...],
    op: str,
    axis: int,
    opt_arg: Any,
    options: tuple[tuple[str, Any], ...],
) -> Planned:
    """The reduction of forms by `genred`; axis is an index, or I_AND_J."""
    found = layout_of(forms, places)
    formula, *weights = map(Graph.expr, found.formulas)
    made = genred(
        formula,
        list(found.aliases),
        op,
        BOTH if axis == I_AND_J else axis,
        opt_arg=opt_arg,
        formula2=weights[0] if weights else None,
        **dict(options),
    )
    return made, found


_known_plan = functools.lru_cache(REMEMBERED)(plan)


def known_plan(
    genred: Callable[..., Any],
    forms: tuple[int, ...],
    places: tuple[int, ...],
    op: str,
    axis: int,
    opt_arg: Any,
    options: tuple[tuple[str, Any], ...],
) -> Planned:
    """The same, made once for each structure."""
    if options or opt_arg is not None or type(op) is not str:
        try:
            hash((op, opt_arg, options))
        except TypeError:
            # An option that is no key; Genred says what is wrong with it.
            return plan(genred, forms, places, op, axis, opt_arg, options)
    return _known_plan(genred, forms, places, op, axis, opt_arg, options)


def quick_plan(
    genred: Callable[..., Any], bound: Callable[[Any], Callable[..., Any]]
) -> Callable[[int, str, int], tuple[Callable[..., Any], tuple[int, ...] | None] | None]:
    """A search for the kernel of a form, a reduction and an axis, and the order of its arguments.

    `bound` makes of a Genred a function of its arguments, as a tuple. The order is None if it is
    that of the form; there is no kernel where arguments are no arrays or there are several.
    """

    @functools.lru_cache(REMEMBERED)
    def found(
        form: int, op: str, axis: int
    ) -> tuple[Callable[..., Any], tuple[int, ...] | None] | None:
        made, layout = known_plan(genred, (form,), (), op, axis, None, ())
        if layout.numbers or layout.symbolic:
            return None
        given = tuple(range(len(layout.order)))
        return bound(made), None if layout.order == given else layout.order

    return found


def at_once(matrix: Any, op: str, axis: int) -> Any:
    """The reduction of a matrix by its kernel alone."""
    found = matrix.quick(matrix.form, op, axis)
    if found is not None:
        call, order = found
        data = matrix.args.data
        try:
            return call(data if order is None else tuple([data[k] for k in order]))
        except (TypeError, ValueError):
            pass  # what follows says what is wrong
    return computed((matrix,), op, axis)


def computed(
    parts: Sequence[Any],
    op: str,
    axis: int,
    opt_arg: Any = None,
    options: tuple[tuple[str, Any], ...] = (),
    given: Mapping[str, Any] = MappingProxyType({}),
    args: Sequence[Any] = (),
) -> Any:
    """The reduction of matrices, `args` being the values of symbolic variables."""
    kind = type(parts[0])
    forms = tuple([p.form for p in parts])
    places, merged = kind.arrays.merge(forms, [p.args for p in parts])
    call, layout = kind.planned(forms, places, op, axis, opt_arg, options)
    if len(args) != layout.symbolic:
        raise TypeError(
            f"This reduction has {layout.symbolic} symbolic variables, and {len(args)} were given."
        )
    order = layout.order[layout.symbolic :] if args else layout.order
    data = [*args, *[merged.data[k] for k in order]]
    if layout.numbers:
        call = functools.partial(_among_numbers, kind.arrays, call, layout.numbers)
    try:
        return call(*data, **given)
    except (TypeError, ValueError) as error:
        again = functools.partial(call, *data, **given)
        raise _of_operands(error, again, layout, merged.data) from None


def _of_operands(
    error: Exception, call: Callable[[], Any], layout: Layout, data: Sequence[Any]
) -> Exception:
    """The error of a call, in terms of operands if it speaks of arguments: it is called again."""
    named = False

    def name(place: int) -> str:
        nonlocal named
        named = True
        if place < layout.symbolic:
            return f"the value of symbolic variable {place}"
        k = layout.order[place]
        return f"the operand {Variable(data[k], layout.kinds[k])!r}"

    try:
        with_argument_names(name, call)
    except (TypeError, ValueError) as again:
        if named:
            text = str(again)
            return type(error)(text[:1].upper() + text[1:])
    return error


def _among_numbers(
    arrays: Any, call: Callable[..., Any], numbers: Sequence[bool], *args: Any, **given: Any
) -> Any:
    """A call with Python's numbers among its arguments."""
    data, narrow = arrays.alike(args, numbers)
    if narrow is None:
        return call(*data, **given)
    out = given.get("out")
    result = call(*data, **{k: v for k, v in given.items() if k != "out"})
    if isinstance(result, tuple):
        return tuple(arrays.narrowed(r, narrow) for r in result)
    result = arrays.narrowed(result, narrow)
    if out is None:
        return result
    out[...] = result
    return out


@dataclass
class Deferred:
    """A reduction of symbolic matrices. It is called with the values of symbolic variables."""

    parts: Sequence[Any]
    op: str
    axis: int
    opt_arg: Any
    options: dict[str, Any]
    given: dict[str, Any]
    is_complex: bool
    keepdim: bool

    def __call__(self, *args: Any, **more: Any) -> Any:
        """Compute it."""
        options = tuple(self.options.items()) if self.options else ()
        given = self.given | more if more else self.given
        result = computed(self.parts, self.op, self.axis, self.opt_arg, options, given, args)
        if self.is_complex:
            result = self.parts[0].arrays.as_complex(result)
        if self.keepdim:
            return self._with_axis(result)
        return result[..., 0, :] if self.axis == I_AND_J else result

    def check(self) -> None:
        """Raise ValueError if the symbolic variables are not numbered from 0 on."""
        forms = tuple([p.form for p in self.parts])
        places, _ = self.parts[0].arrays.merge(forms, [p.args for p in self.parts])
        layout_of(forms, places)

    def _with_axis(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(self._with_axis, result))
        return result[..., None, :] if self.axis else result[..., None, :, :]

    def __repr__(self) -> str:
        formulas = [text_of(part.form) for part in self.parts]
        over = ("i", "j", "i and j")[self.axis]
        return f"{self.op} over {over} of {', with weights '.join(formulas)}"
