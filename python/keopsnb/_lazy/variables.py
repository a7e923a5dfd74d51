"""Parts of a symbolic matrix: a formula, by its number, and the arguments it is over.

Equal formulas have one number, so that what depends on formulas alone, and not on arrays, is
computed once for each structure. Two that are joined share the variables that are one array with
one index, which the kernel then reads once.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NamedTuple, ParamSpec, TypeVar

from keopsnb._core import MAX_DIM, FormulaError, Graph, described

# What makes a variable of each category.
NAMES = ("Vi", "Vj", "Pm")
# So many structures are remembered; a program has tens.
REMEMBERED = 4096


class Kind(NamedTuple):
    """A variable, as a formula knows it."""

    category: int  # VI, VJ or PM
    dim: int
    position: int | None = None  # of a symbolic variable, among the arguments of the call
    number: bool = False  # a Python number, which takes the dtype of the others


class Variable(NamedTuple):
    """An argument of a formula: (..., M, D), (..., N, D) or (..., D).

    None if it is symbolic; the tuple of Python numbers if it is made of these.
    """

    data: Any
    kind: Kind

    def __repr__(self) -> str:
        return described(form_of(*self.kind), 0, self.data)


class Arguments(NamedTuple):
    """The arguments of a formula, and what they have in common."""

    data: tuple[Any, ...] = ()
    ni: int | None = None
    nj: int | None = None
    batch: tuple[int, ...] = ()
    dtype: Any = None  # that of real numbers


Function = TypeVar("Function", bound=Callable[..., Any])
P = ParamSpec("P")
R = TypeVar("R")


def constant_in_graphs(function: Function) -> Function:
    """Of a function of texts and numbers: torch's Dynamo calls it, and does not read it.

    It is what torch.compiler.assume_constant_result sets, without importing Dynamo.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


_applied = functools.lru_cache(REMEMBERED)(Graph.apply)


@constant_in_graphs
def applied(
    operation: str,
    forms: tuple[int, ...],
    places: tuple[int, ...] = (),
    ints: tuple[int, ...] = (),
    lists: tuple[tuple[int, ...], ...] = (),
) -> int:
    """The form of an operation: the graph knows what fits, and says what does not."""
    return _applied(operation, forms, places, ints, lists)


def _bound(function: Callable[P, R]) -> Callable[P, R]:
    """A function of the graph, for Dynamo to call."""
    return constant_in_graphs(lambda *args, **kwargs: function(*args, **kwargs))


# The dimension of a form, its text over v0, v1, ..., and whether it is a variable alone.
dim_of, text_of, is_variable = _bound(Graph.dim), _bound(Graph.text), _bound(Graph.is_variable)
# The form of a constant, and a form over variables of other kinds.
literal, form_over = _bound(Graph.literal), _bound(Graph.over)


@constant_in_graphs
def form_of(category: int, dim: int, position: int | None, number: bool) -> int:
    """The form that is one variable of a kind.

    Raises:
        FormulaError: if its dimension is greater than formulas have.
    """
    if dim > MAX_DIM:
        raise FormulaError(
            f"The dimension of a variable lies between 1 and {MAX_DIM}, but this one is {dim}."
        )
    return Graph.variable(category, dim, position, number)


@constant_in_graphs
def kinds_of(form: int) -> tuple[Kind, ...]:
    """The variables of a form, as it knows them."""
    return tuple(Kind(*kind) for kind in Graph.kinds(form))


@constant_in_graphs
def is_symbolic(form: int) -> bool:
    """Whether a call gives the value of a variable."""
    return any(kind.position is not None for kind in kinds_of(form))


def is_floating(dtype: Any) -> bool:
    """Whether a dtype is one of real numbers, NumPy's or torch's."""
    kind = getattr(dtype, "kind", None)
    return bool(dtype.is_floating_point if kind is None else kind == "f")


def last_dim(data: Any) -> int:
    """The dimension of vectors, as a number: Dynamo may have it as a symbol."""
    return len(range(data.shape[-1]))


def as_float(x: int) -> float:
    """An integer as a float.

    Raises:
        ValueError: if it is too large.
    """
    try:
        return float(x)
    except OverflowError:
        raise ValueError(
            f"An integer has {x.bit_length()} bits, and the greatest float 1024; write a smaller "
            "number."
        ) from None
