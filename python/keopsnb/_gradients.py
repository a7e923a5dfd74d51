"""Which reductions the derivatives of a reduction are.

The laws, for a gradient e of the result a, with <.,.> the inner product:

    a_i = Sum_j F            <e, da> = Sum_ij <Grad(F, v, e_i), dv>
    a_i = log Sum_j exp(F) G    the same, with exp(F - a_i) G in place of F and a_i held fixed

so the gradient in v is a Sum of another formula: over j for an i-variable, over i for a j-variable,
over both for a parameter. Gradients over the same index come from one kernel.
"""

from collections.abc import Sequence

from keopsnb._core import Routine

# Categories are 0: indexed by i, 1: by j, 2: a parameter. Axes are what is reduced: 0: i, 1: j,
# 2: both. The result of a reduction over axis a has category _OTHER[a], and the gradient in a
# variable of category c is a reduction over axis _OTHER[c].
_OTHER = (1, 0, 2)


class Group:
    """The gradients in all variables of one category, side by side in the columns of one Sum."""

    def __init__(self, reduction: "Reduction", positions: Sequence[int], category: int) -> None:
        variables = reduction.routine.variables
        texts = [f"Var({k},{dim},{c})" for k, (_, dim, c) in enumerate(variables)]
        aliases = [
            f"{name}={t}" if name else t for (name, _, _), t in zip(variables, texts, strict=True)
        ]
        formula = reduction.formula
        shape = f"{reduction.routine.out_dim},{_OTHER[reduction.axis]}"
        if reduction.saves_result:
            result = f"Var({len(aliases)},{shape})"
            aliases.append(result)
            weight = f" * ({reduction.weight})" if reduction.weight else ""
            formula = f"Exp(({formula}) - {result}){weight}"
        e = f"Var({len(aliases)},{shape})"
        aliases.append(e)
        gradients = [f"Grad({formula}, {texts[k]}, {e})" for k in positions]
        self.positions = positions
        self.dims = [variables[k][1] for k in positions]
        self.reduction = Reduction(
            f"Concat({', '.join(gradients)})" if len(gradients) > 1 else gradients[0],
            aliases,
            "Sum",
            _OTHER[category],
            None,
            compensated=reduction.compensated,
            fast_math=reduction.fast_math,
        )


class Reduction:
    """A formula, how it is reduced, and the reductions that its derivatives are."""

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        reduction_op: str,
        axis: int,
        weight: str | None,
        *,
        compensated: bool,
        fast_math: bool,
    ) -> None:
        self.formula = formula
        self.axis = axis
        self.weight = weight
        self.compensated = compensated
        self.fast_math = fast_math
        # Whether the gradients depend on the result itself.
        self.saves_result = reduction_op == "LogSumExp"
        self.routine = Routine(
            formula, list(aliases), reduction_op, axis, weight, compensated, fast_math
        )
        self._groups: dict[tuple[bool, ...], list[Group]] = {}

    def groups(self, needed: tuple[bool, ...]) -> list[Group]:
        """The reductions that give the gradients in the variables that need them."""
        groups = self._groups.get(needed)
        if groups is None:
            groups = []
            for category in range(3):
                positions = [
                    k
                    for k, (_, _, c) in enumerate(self.routine.variables)
                    if c == category and needed[k]
                ]
                if positions:
                    groups.append(Group(self, positions, category))
            self._groups[needed] = groups
        return groups
