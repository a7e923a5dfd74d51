"""Errors of operands that do not fit, in terms of symbolic matrices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from keopsnb._core import FormulaError, Graph
from keopsnb._lazy.variables import is_variable, merge

if TYPE_CHECKING:
    from keopsnb._lazy.base import Lazy


def misfit(
    operation: str,
    parts: Sequence[Lazy],
    ints: tuple[int, ...],
    lists: tuple[tuple[int, ...], ...],
) -> FormulaError:
    """The error of an operation, with operands as the user knows them."""
    expressions = [part.expression for part in parts]
    forms = [expression.form for expression in expressions]
    _, places, _ = merge(expressions)
    try:
        Graph.apply(operation, forms, places, ints, lists, [_described(part) for part in parts])
    except FormulaError as error:
        return error
    raise AssertionError(f"{operation} fits after all")


def _described(part: Lazy) -> str:
    if is_variable(part.expression.form):
        return repr(part.expression.variables[0])
    return f"a matrix of shape {part.shape}"


# Operations as users write them.
_SYMBOLS = {
    "Add": "+", "Subtract": "-", "Mult": "*", "Divide": "/", "Mod": "%", "FloorDivide": "//",
    "Equal": "==", "NotEqual": "!=", "LessThan": "<", "LessOrEqual": "<=", "Scalprod": "|",
}  # fmt: skip


def complex_operand(operation: str) -> TypeError:
    """The error of a complex operand of an operation of real numbers."""
    name = _SYMBOLS.get(operation, operation)
    return TypeError(f"{name} has no complex operand; take .real, .imag or abs() of it.")
