"""The variables of a symbolic matrix, and its text, in which each is a token.

A variable is an array and the index it hangs on. Two formulas that are joined share the variables
that are one array with one index, so that the kernel reads it once.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOKEN = re.compile(r"@(\d+)@")
NAMES = ("Vi", "Vj", "Pm")


@dataclass(frozen=True, eq=False)
class Variable:
    """An argument of a formula: rows of dimension `dim` over i (0) or j (1), or a parameter (2)."""

    data: Any  # (..., M, D), (..., N, D) or (..., D); None for a symbolic variable
    dim: int
    category: int
    position: int | None = None  # of a symbolic variable, among the arguments of the call
    # A Python number, which takes the dtype of the others.
    number: bool = False

    def same(self, other: "Variable") -> bool:
        """Whether both are one argument."""
        if (self.category, self.position) != (other.category, other.position):
            return False
        return self.position is not None or self.data is other.data


@dataclass(frozen=True)
class Text:
    """A formula with a token `@k@` for variable k."""

    formula: str
    variables: tuple[Variable, ...]

    def renamed(self, names: Sequence[str]) -> str:
        """The formula with these names for its variables."""
        return TOKEN.sub(lambda match: names[int(match[1])], self.formula)

    def with_categories(self, swap: dict[int, int]) -> "Text":
        """The same with other indices for its variables."""
        variables = (
            Variable(v.data, v.dim, swap.get(v.category, v.category), v.position, v.number)
            for v in self.variables
        )
        return Text(self.formula, tuple(variables))


def join(template: str, parts: Sequence[Text]) -> Text:
    """`template.format(...)` of several formulas, over the variables of all."""
    variables: list[Variable] = []
    formulas = []
    for part in parts:
        tokens = []
        for variable in part.variables:
            for k, known in enumerate(variables):
                if known.same(variable):
                    tokens.append(f"@{k}@")
                    break
            else:
                tokens.append(f"@{len(variables)}@")
                variables.append(variable)
        formulas.append(part.renamed(tokens))
    return Text(template.format(*formulas), tuple(variables))


def variable_text(variable: Variable) -> Text:
    """A formula that is one variable."""
    return Text("@0@", (variable,))
