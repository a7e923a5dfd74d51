"""Errors of operands that do not fit, in terms of symbolic matrices."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from keopsnb._core import FormulaError

if TYPE_CHECKING:
    from keopsnb._lazy.base import Lazy

# What the parser says of arguments that are not formulas.
_MORE = re.compile(r"the (integer parameters?|lists?|list parameters?) (is|are) .*")


def misfit(error: FormulaError, parts: Sequence[Lazy]) -> FormulaError:
    """What the parser says, with operands as the user knows them."""
    rule, _, found = str(error).partition("\n")[0].partition(", but here ")
    if not found:
        return FormulaError(rule)
    operands = [
        f"operand {k} ({_described(part)}) has dimension {part.ndim}"
        for k, part in enumerate(parts, 1)
    ]
    more = _MORE.search(found)
    if more:
        operands.append(more[0])
    return FormulaError(f"{rule}, but here {' and '.join(operands).removesuffix('.')}.")


def _described(part: Lazy) -> str:
    if part.text.form.formula == "@0@":
        return repr(part.text.variables[0])
    return f"a matrix of shape {part.shape}"


# The name in a template, or the symbol.
_OPERATION = re.compile(r"\w+(?=\()|[^\w\s(){}]+|\w+$")


def complex_operand(template: str) -> TypeError:
    """What to say of a complex operand of an operation of real numbers."""
    found = _OPERATION.search(template)
    name = found[0] if found else template
    return TypeError(f"{name} has no complex operand; take .real, .imag or abs() of it.")
