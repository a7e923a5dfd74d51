"""The derivatives of reductions, as the catalogue states them.

A law is text over the formula `F`, the weights `G` (1 where there are none), the number `N` of
reduced indices and opt_arg `n`; `[Op: f]` is the reduction Op of f, with a value for each output:

    "S | C"      the gradient in v is the Sum of Grad(S, v, C). In S and C, which is E where it is
                 left out, E is the gradient of the result and A the result itself; A, N and
                 reductions are held fixed.
    "= expr"     the reduction, which has no kernel, is this expression of others, whose laws then
                 say the rest.
    "F at Op"    the result is F at the indices that Op gives beside it.
    ""           the result has no derivative: it is made of integers or truth values.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Pullback:
    """The law "S | C"."""

    function: str
    cotangent: str


@dataclass(frozen=True)
class Composition:
    """The law "= expr"."""

    expression: str


@dataclass(frozen=True)
class Gathering:
    """The law "F at Op"."""

    operation: str


Law = Pullback | Composition | Gathering | None


def law_of(text: str) -> Law:
    """Read a law."""
    if not text:
        return None
    if text.startswith("= "):
        return Composition(text[2:])
    if match := re.fullmatch(r"F at (\w+)", text):
        return Gathering(match[1])
    function, _, cotangent = text.partition(" | ")
    return Pullback(function, cotangent or "E")


def _standing_alone(names: Iterable[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w.])({'|'.join(names)})(?![\w(])")


def substitute(text: str, names: dict[str, str]) -> str:
    """The text with each name that stands alone replaced, in parentheses."""
    return _standing_alone(names).sub(lambda match: f"({names[match[1]]})", text)


def mentions(text: str, name: str) -> bool:
    """Whether a name stands alone in the text."""
    return _standing_alone([name]).search(text) is not None


def replace_reductions(text: str, make: Callable[[str, str], str]) -> str:
    """The text with each outermost `[Op: f]` replaced by what `make(Op, f)` gives."""
    parts: list[str] = []
    begin = depth = 0
    for k, c in enumerate(text):
        if c == "[":
            if depth == 0:
                parts.append(text[begin:k])
                begin = k + 1
            depth += 1
        elif c == "]":
            depth -= 1
            if depth == 0:
                operation, _, formula = text[begin:k].partition(": ")
                parts.append(make(operation, formula))
                begin = k + 1
    return "".join([*parts, text[begin:]])
