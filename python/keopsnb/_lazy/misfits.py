"""Errors of operands that do not fit, in terms of symbolic matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keopsnb._core import FormulaError, Graph, described
from keopsnb._lazy.variables import is_variable

if TYPE_CHECKING:
    from keopsnb._lazy.base import Lazy


def misfit(
    operation: str,
    parts: Sequence[Lazy],
    places: tuple[int, ...],
    ints: tuple[int, ...],
    lists: tuple[tuple[int, ...], ...],
    swapped: bool,
) -> FormulaError:
    """The error of an operation, with operands as the user knows them."""
    written = _SWAPPED.get(operation, "") if swapped else ""
    if written:
        parts = parts[::-1]
        places, _ = parts[0].arrays.merge(
            tuple([part.form for part in parts]), [part.args for part in parts]
        )
    forms, names = [part.form for part in parts], [_described(part) for part in parts]
    try:
        Graph.apply(operation, forms, places, ints, lists, names, written)
    except FormulaError as error:
        return error
    raise AssertionError(f"{operation} fits after all")


def _described(part: Lazy) -> str:
    if is_variable(part.form):
        return described(part.form, 0, part.args.data[0])
    return f"a matrix of shape {part.shape}"


# Operations as users write them.
_SYMBOLS = {
    "Add": "+", "Subtract": "-", "Mult": "*", "Divide": "/", "Mod": "%", "FloorDivide": "//",
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessOrEqual": "<=", "Scalprod": "|",
}  # fmt: skip


# a > b is b < a: of comparisons alone, operands fit in both orders or in none.
_SWAPPED = {"LessThan": ">", "LessOrEqual": ">="}


def complex_operand(operation: str, swapped: bool = False) -> TypeError:
    """The error of a complex operand of an operation of real numbers."""
    name = _SYMBOLS.get(operation, operation)
    if swapped:
        name = _SWAPPED.get(operation, name)
    return TypeError(f"{name} has no complex operand; take .real, .imag or abs() of it.")


def check_reduces(op: str) -> None:
    """Raise TypeError if there is no such reduction of complex numbers."""
    if op not in ("Sum", "Mean"):
        raise TypeError(
            f"There is no {op} of complex numbers, which have sums and means; reduce .real, .imag, "
            "abs() or angle()."
        )
