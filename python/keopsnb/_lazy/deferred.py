"""Reductions of symbolic matrices: found again by their structure, and called with arrays."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from keopsnb._core import Graph, with_argument_names
from keopsnb._lazy.variables import (
    NAMES,
    REMEMBERED,
    Expression,
    Kind,
    Variable,
    constant_in_graphs,
    merge,
    placed,
    text_of,
)
from keopsnb._options import BOTH

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


def layout(kinds: Sequence[Kind]) -> tuple[tuple[int, ...], int]:
    """The order of variables as arguments, and how many are symbolic."""
    symbolic = [k for k, kind in enumerate(kinds) if kind.position is not None]
    symbolic.sort(key=lambda k: kinds[k].position or 0)
    positions = [kinds[k].position for k in symbolic]
    if positions != list(range(len(symbolic))):
        raise ValueError(
            f"The symbolic variables have the positions {positions}; number them from 0 on."
        )
    fixed = [k for k, kind in enumerate(kinds) if kind.position is None]
    return (*symbolic, *fixed), len(symbolic)


def as_arguments(
    forms: Sequence[int], kinds: Sequence[Kind], order: Sequence[int]
) -> tuple[list[int], list[str]]:
    """The forms over arguments in this order of the variables, and the aliases of these."""
    numbers = [0] * len(kinds)
    for place, k in enumerate(order):
        numbers[k] = place
    aliases = [
        f"v{place}={NAMES[kinds[k].category]}({kinds[k].dim})" for place, k in enumerate(order)
    ]
    return [Graph.numbered(form, numbers) for form in forms], aliases


class Layout(NamedTuple):
    """The form of a reduction, and where its arguments come from."""

    formula: int
    weight: int | None
    aliases: tuple[str, ...]
    order: tuple[int, ...]  # of variables, as arguments: the symbolic ones at their positions first
    symbolic: int
    numbers: bool  # whether there are Python numbers among them


@constant_in_graphs
def layout_of(forms: tuple[int, ...], places: tuple[int, ...]) -> Layout:
    """The layout of a reduction of a form, or of a form and its weights."""
    moved, kinds = placed(forms, places)
    order, symbolic = layout(kinds)
    (formula, *weights), aliases = as_arguments(moved, kinds, order)
    weight = weights[0] if weights else None
    numbers = any(kind.number for kind in kinds)
    return Layout(formula, weight, tuple(aliases), order, symbolic, numbers)


class Plan(NamedTuple):
    """A reduction of forms: what to call, and with what."""

    call: Callable[..., Any]
    layout: Layout


def plan(
    genred: Callable[..., Any],
    forms: tuple[int, ...],
    places: tuple[int, ...],
    op: str,
    axis: int,
    opt_arg: Any,
    options: tuple[tuple[str, Any], ...],
) -> Plan:
    """The reduction of forms by `genred`; axis 2 is both."""
    found = layout_of(forms, places)
    made = genred(
        Graph.expr(found.formula),
        list(found.aliases),
        op,
        BOTH if axis == 2 else axis,
        opt_arg=opt_arg,
        formula2=None if found.weight is None else Graph.expr(found.weight),
        **dict(options),
    )
    return Plan(made, found)


_known_plan = functools.lru_cache(REMEMBERED)(plan)


def known_plan(
    genred: Callable[..., Any],
    forms: tuple[int, ...],
    places: tuple[int, ...],
    op: str,
    axis: int,
    opt_arg: Any,
    options: tuple[tuple[str, Any], ...],
) -> Plan:
    """The same, made once for each structure."""
    if options or opt_arg is not None or type(op) is not str:
        try:
            hash((op, opt_arg, options))
        except TypeError:
            # An option that is no key; Genred says what is wrong with it.
            return plan(genred, forms, places, op, axis, opt_arg, options)
    return _known_plan(genred, forms, places, op, axis, opt_arg, options)


def computed(
    kind: Any,
    parts: Sequence[Expression],
    op: str,
    axis: int,
    opt_arg: Any = None,
    options: tuple[tuple[str, Any], ...] = (),
    given: Mapping[str, Any] = MappingProxyType({}),
    args: Sequence[Any] = (),
) -> Any:
    """The reduction of expressions, `args` being the values of symbolic variables."""
    variables, places, _ = merge(parts)
    forms = tuple([p.form for p in parts])
    call, layout = kind.planned(forms, places, op, axis, opt_arg, options)
    if len(args) != layout.symbolic:
        raise TypeError(
            f"This reduction has {layout.symbolic} symbolic variables, and {len(args)} were given."
        )
    order = layout.order[layout.symbolic :] if args else layout.order
    data = [*args, *[variables[k].data for k in order]]
    if layout.numbers:
        numbers = [variables[k].kind.number for k in layout.order]
        call = functools.partial(_among_numbers, kind.arrays, call, numbers)
    try:
        return call(*data, **given)
    except (TypeError, ValueError) as error:
        again = functools.partial(call, *data, **given)
        raise _of_operands(error, again, layout, variables) from None


def _of_operands(
    error: Exception, call: Callable[[], Any], layout: Layout, variables: Sequence[Variable]
) -> Exception:
    """The error of a call, in terms of operands if it speaks of arguments: it is called again."""
    named = False

    def name(place: int) -> str:
        nonlocal named
        named = True
        if place < layout.symbolic:
            return f"the value of symbolic variable {place}"
        return f"the operand {variables[layout.order[place]]!r}"

    try:
        with_argument_names(name, call)
    except (TypeError, ValueError) as again:
        if named:
            text = str(again)
            return type(error)(text[:1].upper() + text[1:])
    return error


def _among_numbers(
    arrays: Any, call: Callable[..., Any], numbers: list[bool], *args: Any, **given: Any
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

    kind: Any
    parts: Sequence[Expression]
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
        result = computed(
            self.kind, self.parts, self.op, self.axis, self.opt_arg, options, given, args
        )
        if self.is_complex:
            result = self.kind.arrays.as_complex(result)
        if self.keepdim:
            return self._with_axis(result)
        return result[..., 0, :] if self.axis == 2 else result

    def check(self) -> None:
        """Raise ValueError if the symbolic variables are not numbered from 0 on."""
        layout([v.kind for v in merge(self.parts)[0]])

    def _with_axis(self, result: Any) -> Any:
        if isinstance(result, tuple):
            return tuple(map(self._with_axis, result))
        return result[..., None, :] if self.axis else result[..., None, :, :]

    def __repr__(self) -> str:
        formulas = [text_of(part.form) for part in self.parts]
        over = ("i", "j", "i and j")[self.axis]
        return f"{self.op} over {over} of {', with weights '.join(formulas)}"
