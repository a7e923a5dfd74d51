"""The reductions that derivatives are made of, from the texts of a law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from keopsnb._laws import Pullback, mentions, substitute

if TYPE_CHECKING:
    from keopsnb._gradients import Reduction

# Categories are 0: indexed by i, 1: by j, 2: a parameter. Axes are what is reduced: 0: i, 1: j,
# 2: both. The result of a reduction over axis a has category OTHER[a], and the gradient in a
# variable of category c is a reduction over axis OTHER[c].
OTHER = (1, 0, 2)

Run = Callable[["Reduction", tuple[Any, ...]], Any]


def as_inputs(axis: int, values: Sequence[Any]) -> list[Any]:
    """Values for each output of a reduction over `axis`, as its formulas take them.

    A reduction over both indices has one row of them: a parameter.
    """
    return [v[..., 0, :] for v in values] if axis == 2 else list(values)


@dataclass
class Related:
    """A reduction that a law names. It takes the arguments, then the values of its inputs."""

    key: tuple[str, str]
    reduction: Reduction
    inputs: list[Related] = field(default_factory=list)

    def value(self, args: tuple[Any, ...], run: Run, known: dict[tuple[str, str], Any]) -> Any:
        """Its value for these arguments; `known` are those computed already."""
        if self.key not in known:
            inputs = [related.value(args, run, known) for related in self.inputs]
            inputs = as_inputs(self.reduction.axis, inputs)
            known[self.key] = run(self.reduction, (*args, *inputs))
        return known[self.key]

    def kernels(self, needed: tuple[bool, ...]) -> list[Reduction]:
        """The reductions compiled for its value and gradients."""
        inputs = [k for related in self.inputs for k in related.kernels(needed)]
        return [*inputs, *self.reduction.kernels((*needed, *(any(needed) for _ in self.inputs)))]


class _Linear:
    """The texts S and C of a law, over the arguments of a reduction, related values and the result.

    Attributes:
        inputs: the reductions that the law names.
        takes_result: whether it names the result.
        takes_number: whether it names the number of reduced indices.
    """

    def __init__(self, reduction: Reduction, law: Pullback) -> None:
        self.aliases = list(reduction.aliases)
        self.inputs: list[Related] = []
        self._texts = [
            reduction.expanded(text, self.aliases, self.inputs)
            for text in (law.function, law.cotangent)
        ]
        self._names = dict(reduction.names)
        self.row = reduction.routine.out_dim, OTHER[reduction.axis]
        self.takes_result = any(mentions(text, "A") for text in self._texts)
        if self.takes_result:
            self._names["A"] = self.variable(*self.row)
        self.takes_number = any(mentions(text, "N") for text in self._texts)
        if self.takes_number:
            self._names["N"] = self.variable(1, self.row[1])

    def variable(self, dim: int, category: int) -> str:
        """One more variable."""
        self.aliases.append(f"Var({len(self.aliases)},{dim},{category})")
        return self.aliases[-1]

    @property
    def function(self) -> str:
        """S, a formula."""
        return substitute(self._texts[0], self._names)

    def cotangent(self, e: str) -> str:
        """C, a formula, for the formula E."""
        return substitute(self._texts[1], self._names | {"E": e})


class Group:
    """The gradients in all variables of one category, side by side in the columns of one Sum.

    The Sum takes the arguments, the values of `inputs`, the result if `takes_result`, the number of
    reduced indices if `takes_number`, and e. Where parameters joined in, the last `of_parameters`
    columns are still to be summed over the rows.
    """

    def __init__(
        self, reduction: Reduction, law: Pullback, positions: Sequence[int], axis: int
    ) -> None:
        variables = reduction.routine.variables
        linear = _Linear(reduction, law)
        self.inputs, self.takes_result = linear.inputs, linear.takes_result
        self.takes_number = linear.takes_number
        s, c = linear.function, linear.cotangent(linear.variable(*linear.row))
        gradients = [
            f"Grad({s}, Var({k},{variables[k][1]},{variables[k][2]}), {c})" for k in positions
        ]
        self.positions = positions
        self.dims = [variables[k][1] for k in positions]
        self.of_parameters = sum(variables[k][1] for k in positions if variables[k][2] == 2)
        self.of_parameters *= axis != 2
        formula = f"Concat({', '.join(gradients)})" if len(gradients) > 1 else gradients[0]
        self.reduction = reduction.another(formula, linear.aliases, "Sum", axis)


class Tangent:
    """The derivative of a result along tangents of some variables, one Sum.

    The Sum takes the arguments, the values of `inputs`, the result if `takes_result`, the number of
    reduced indices if `takes_number`, and the tangents. C multiplies E component by component in
    every law, so that it is its own transpose.
    """

    def __init__(self, reduction: Reduction, law: Pullback, positions: Sequence[int]) -> None:
        variables = reduction.routine.variables
        linear = _Linear(reduction, law)
        self.inputs, self.takes_result = linear.inputs, linear.takes_result
        self.takes_number = linear.takes_number
        along = []
        for k in positions:
            _, dim, category = variables[k]
            u = linear.variable(dim, category)
            along.append(f"Diff({linear.function}, Var({k},{dim},{category}), {u})")
        formula = linear.cotangent(" + ".join(along))
        self.reduction = reduction.another(formula, linear.aliases, "Sum", reduction.axis)
