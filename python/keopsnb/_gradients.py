"""Reductions, and which reductions their derivatives are: the laws (`keopsnb._laws`) made work.

For a gradient e of the result a, with <.,.> the inner product,

    a_i = Sum_j F               <e, da> = Sum_ij <Grad(F, v, e_i), dv>
    a_i = log Sum_j exp(F) G    the same, with exp(F - a_i) G in place of F and a_i held fixed

so the gradient in v is a Sum of another formula: over j for an i-variable, over i for a j-variable,
over both for a parameter. Gradients over the same index come from one kernel; those in few
parameters may join it, and are then summed over its rows. Read the other way,
along tangents u,

    da_i = Sum_j Diff(F, v, u)

is one Sum over the index of the reduction itself.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from keopsnb import _core
from keopsnb._derivatives import OTHER, Group, Related, Run, Tangent
from keopsnb._laws import (
    Composition,
    Gathering,
    Pullback,
    law_of,
    replace_reductions,
    substitute,
)

if TYPE_CHECKING:  # importing keopsnb alone does not import NumPy
    import numpy as np
    from numpy.typing import NDArray

    from keopsnb._ranges import Ranges

    Counts = NDArray[np.float64]

Formula = str | _core.Expr

ROWS = {row.name: row for row in _core.reductions()}

# Components of parameters whose gradients may share the pass of another category.
_FEW = 64


@dataclass(frozen=True)
class Options:
    """How a reduction is computed; its derivatives are computed likewise."""

    compensated: bool = False
    fast_math: bool = False
    # Row k of all i- and j-variables belongs together, so that no index is left to reduce over.
    rowwise: bool = False
    header: str = ""  # C++ that defines operations and reductions of the user's


class Reduction:
    """A formula, how it is reduced, and the reductions that its derivatives are."""

    def __init__(
        self,
        formula: Formula,
        aliases: Sequence[str],
        reduction_op: str,
        axis: int,
        weight: Formula | None = None,
        option: int | None = None,
        options: Options = Options(),
        names: Mapping[str, _core.Expr] = MappingProxyType({}),
    ) -> None:
        option = None if option is None else operator.index(option)
        self.formula = formula
        self.axis = axis
        self.weight = weight
        self.option = option
        self.options = options
        self.routine = _core.Routine(
            formula,
            list(aliases),
            reduction_op,
            axis,
            weight,
            option,
            options.compensated,
            options.fast_math,
            options.rowwise,
            options.header,
            dict(names),
        )
        if names:  # a text of names alone says nothing
            self.formula = self.routine.formula
        self.name = reduction_op
        row = ROWS.get(reduction_op)  # none, if it is the user's
        self.law = law_of(row.derivative) if row else None
        # Whether it is a kernel; if not, it is a composition of others.
        self.compiled = row is None or bool(row.call)
        number = row.fallback if row and option is None else option
        self.names = {"n": str(number)} if weight else {"n": str(number), "G": "1"}
        self.bound = {"F": self.routine.formula}
        if self.routine.weight is not None:
            self.bound["G"] = self.routine.weight
        self.aliases = [
            f"{name}=Var({k},{dim},{c})" if name else f"Var({k},{dim},{c})"
            for k, (name, dim, c) in enumerate(self.routine.variables)
        ]
        self._parameters = [k for k, (_, _, c) in enumerate(self.routine.variables) if c == 2]
        self._groups: dict[tuple[tuple[bool, ...], bool], list[Group]] = {}
        self._tangents: dict[tuple[bool, ...], Tangent] = {}
        self._composed: tuple[list[Related], Reduction | None] | None = None
        self._rowwise: Reduction | None = None
        self._picking: Reduction | None = None

    @functools.cached_property
    def key(self) -> str:
        """All that it is made of, as text: `reduction_of` makes an equal one."""
        import json

        options = (self.options.compensated, self.options.fast_math, self.options.rowwise)
        texts = [f.source if isinstance(f, _core.Expr) else f for f in (self.formula, self.weight)]
        made_of = (texts[0], self.aliases, self.name, self.axis, texts[1], self.option)
        return json.dumps([*made_of, *options, self.options.header])

    def __reduce__(self) -> tuple[Any, ...]:
        return reduction_of, (self.key,)

    def another(
        self, formula: str, aliases: Sequence[str], reduction_op: str, axis: int
    ) -> Reduction:
        """A reduction of another formula, computed likewise."""
        return Reduction(
            formula, aliases, reduction_op, axis, options=self.options, names=self.bound
        )

    def expanded(self, text: str, aliases: list[str], inputs: list[Related]) -> str:
        """A law's text with a variable for each reduction in it, appended to `aliases`."""
        first = len(aliases) - len(inputs)

        def make(operation: str, formula: str) -> str:
            key = (operation, formula)
            for k, related in enumerate(inputs):
                if related.key == key:
                    return f"({aliases[first + k]})"
            related = self.related(operation, formula)
            inputs.append(related)
            dim = related.reduction.routine.out_dim
            aliases.append(f"Var({len(aliases)},{dim},{OTHER[self.axis]})")
            return f"({aliases[-1]})"

        return replace_reductions(text, make)

    def related(self, operation: str, text: str) -> Related:
        """The reduction `[operation: text]` of a law."""
        aliases, inputs = list(self.aliases), list[Related]()
        formula = substitute(self.expanded(text, aliases, inputs), self.names)
        reduction = self.another(formula, aliases, operation, self.axis)
        return Related((operation, text), reduction, inputs)

    def groups(
        self, law: Pullback, needed: tuple[bool, ...], *, joined: bool = False
    ) -> list[Group]:
        """The reductions that give the gradients in the variables that need them.

        If `joined`, those in few parameters join another category, which saves a pass.
        """
        joined = joined and any(needed[k] for k in self._parameters)
        key = (needed, joined)
        groups = self._groups.get(key)
        if groups is None:
            variables = self.routine.variables
            by_category: list[list[int]] = [[], [], []]
            for k, (_, _, category) in enumerate(variables):
                if needed[k]:
                    by_category[category].append(k)
            rows, columns, parameters = by_category
            if self.options.rowwise:
                kinds = [(sorted(rows + columns), 1), (parameters, 2)]
            elif joined and (rows or columns) and self._few(parameters):
                first, second = (rows, columns) if rows else (columns, [])
                kinds = [(first + parameters, 1 if rows else 0), (second, 0)]
            else:
                kinds = [(rows, OTHER[0]), (columns, OTHER[1]), (parameters, OTHER[2])]
            groups = [Group(self, law, some, axis) for some, axis in kinds if some]
            self._groups[key] = groups
        return groups

    def _few(self, parameters: Sequence[int]) -> bool:
        return sum(self.routine.variables[k][1] for k in parameters) <= _FEW

    def tangent(self, law: Pullback, given: tuple[bool, ...]) -> Tangent:
        """The reduction that gives the derivative along tangents of the variables given."""
        if given not in self._tangents:
            positions = [k for k, tangent in enumerate(given) if tangent]
            self._tangents[given] = Tangent(self, law, positions)
        return self._tangents[given]

    def composed(self, args: tuple[Any, ...], run: Run) -> Any:
        """The value by the law "= expr"."""
        parts, combined = self.composition()
        known: dict[tuple[str, str], Any] = {}
        values = [part.value(args, run, known) for part in parts]
        if combined is None:
            return values[0]
        return run(combined, tuple(values))

    def composition(self) -> tuple[list[Related], Reduction | None]:
        """What the law "= expr" is made of: reductions and, if need be, a formula of these."""
        assert isinstance(self.law, Composition)
        if self._composed is None:
            parts = list[Related]()
            aliases = list(self.aliases)
            expression = self.expanded(self.law.expression, aliases, parts)
            alone = len(parts) == 1 and expression == f"({aliases[-1]})"
            self._composed = parts, None if alone else self._combination(parts)
        return self._composed

    def _combination(self, parts: list[Related]) -> Reduction:
        """The law's expression, as a formula of the values of its reductions, row by row."""
        assert isinstance(self.law, Composition)
        places = {part.key: k for k, part in enumerate(parts)}
        aliases = [f"Var({k},{p.reduction.routine.out_dim},0)" for k, p in enumerate(parts)]
        text = replace_reductions(
            self.law.expression, lambda operation, formula: aliases[places[operation, formula]]
        )
        formula = substitute(text, {"n": self.names["n"]})
        options = replace(self.options, compensated=False, rowwise=True)
        return Reduction(formula, aliases, "Sum", 1, options=options)

    def size(self, args: tuple[Any, ...], category: int) -> int:
        """The number of rows of the variables of a category; a symbol where the shape has one."""
        for (_, _, c), argument in zip(self.routine.variables, args, strict=True):
            if c == category:
                rows: int = argument.shape[-2]
                return rows
        return 1

    def outputs(self, args: tuple[Any, ...]) -> int:
        """The number of rows of the result."""
        return 1 if self.axis == 2 else self.size(args, OTHER[self.axis])

    def reduced(self, args: tuple[Any, ...]) -> int:
        """The number of reduced indices; of a reduction over both, of pairs."""
        if self.axis == 2:
            return self.size(args, 0) * self.size(args, 1)
        return self.size(args, self.axis)

    def counts(self, args: tuple[Any, ...], ranges: Ranges | None) -> Counts:
        """How many indices each output is reduced over: (outputs, 1)."""
        import numpy as np

        if ranges is None:
            return np.full((self.outputs(args), 1), float(self.reduced(args)))
        rows = self.size(args, 0 if self.axis == 2 else OTHER[self.axis])
        counts = ranges.of_axis(self.axis).counts(rows)[:, None].astype(np.float64)
        return counts.sum(0, keepdims=True) if self.axis == 2 else counts

    def clusters(self, args: tuple[Any, ...], ranges: Ranges | None) -> tuple[Any, Any, Any] | None:
        """The ranges that its kernel takes, checked."""
        if ranges is None or self.options.rowwise:
            return None
        clusters = ranges.of_axis(self.axis)
        by_j = self.axis == 0
        clusters.check(self.size(args, int(by_j)), self.size(args, int(not by_j)))
        return clusters.outputs, clusters.slices, clusters.ascending()

    def rowwise(self) -> Reduction:
        """The formula at rows of all variables that belong together."""
        if self._rowwise is None:
            options = replace(self.options, compensated=False, rowwise=True)
            self._rowwise = Reduction(self.formula, self.aliases, "Sum", 1, options=options)
        return self._rowwise

    @functools.cached_property
    def counting(self) -> Reduction:
        """How many indices each output is reduced over, as numbers."""
        return Reduction("1", self.aliases, "Sum", self.axis, options=Options())

    def picking(self, operation: str) -> Reduction:
        """The reduction that gives the values and the indices, for the law "F at Op"."""
        if self._picking is None:
            self._picking = Reduction(
                self.formula,
                self.aliases,
                operation,
                self.axis,
                option=self.option,
                options=self.options,
            )
        return self._picking

    def kernels(self, needed: tuple[bool, ...]) -> list[Reduction]:
        """The reductions compiled for a value and its gradients in the variables that need them."""
        own = [self] if self.compiled else []
        match self.law:
            case Pullback() as law if any(needed):
                groups = self.groups(law, needed, joined=True)
                if any(group.of_parameters for group in groups):
                    groups = [*groups, *self.groups(law, needed)]  # with ranges, or in graphs
                for group in groups:
                    own += [k for r in group.inputs for k in r.kernels(needed)]
                    own.append(group.reduction)
            case Composition():
                parts, combined = self.composition()
                own += [k for part in parts for k in part.kernels(needed)]
                if combined is not None:
                    own += combined.kernels(tuple(any(needed) for _ in parts))
            case Gathering(operation) if any(needed):
                own += [self.picking(operation), *self.rowwise().kernels(needed)]
        return own


@functools.lru_cache(4096)
def reduction_of(key: str) -> Reduction:
    """The reduction with this key."""
    import json

    formula, aliases, name, axis, weight, option, compensated, fast, rowwise, header = json.loads(
        key
    )
    options = Options(compensated, fast, rowwise, header)
    return Reduction(formula, aliases, name, axis, weight, option, options)
