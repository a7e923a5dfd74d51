"""Reductions as differentiable functions.

The laws, for a gradient e of the result a, with <.,.> the inner product:

    a_i = Sum_j F            <e, da> = Sum_ij <Grad(F, v, e_i), dv>
    a_i = log Sum_j exp(F) G    the same, with exp(F - a_i) G in place of F and a_i held fixed

so the gradient in v is a Sum of another formula: over j for an i-variable, over i for a j-variable,
over both for a parameter. Gradients over the same index come from one kernel.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._core import Routine

# Categories are 0: indexed by i, 1: by j, 2: a parameter. Axes are what is reduced: 0: i, 1: j,
# 2: both. The result of a reduction over axis a has category _OTHER[a], and the gradient in a
# variable of category c is a reduction over axis _OTHER[c].
_OTHER = (1, 0, 2)


class _Group:
    """The gradients in all variables of one category, side by side in the columns of one Sum."""

    def __init__(
        self, reduction: "Reduction", positions: Sequence[int], category: int, with_result: bool
    ) -> None:
        variables = reduction.routine.variables
        texts = [f"Var({k},{dim},{c})" for k, (_, dim, c) in enumerate(variables)]
        aliases = [
            f"{name}={t}" if name else t for (name, _, _), t in zip(variables, texts, strict=True)
        ]
        formula = reduction.formula
        shape = f"{reduction.routine.out_dim},{_OTHER[reduction.axis]}"
        if with_result:
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
            reduction.compensated,
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
        compensated: bool,
    ) -> None:
        self.formula = formula
        self.reduction_op = reduction_op
        self.axis = axis
        self.weight = weight
        self.compensated = compensated
        self.routine = Routine(formula, list(aliases), reduction_op, axis, weight, compensated)
        self._groups: dict[tuple[bool, ...], list[_Group]] = {}

    def groups(self, needed: tuple[bool, ...]) -> list[_Group]:
        """The reductions that give the gradients in the variables that need them."""
        groups = self._groups.get(needed)
        if groups is None:
            with_result = self.reduction_op == "LogSumExp"
            groups = []
            for category in range(3):
                positions = [
                    k
                    for k, (_, _, c) in enumerate(self.routine.variables)
                    if c == category and needed[k]
                ]
                if positions:
                    groups.append(_Group(self, positions, category, with_result))
            self._groups[needed] = groups
        return groups

    def __call__(self, args: tuple[Tensor, ...], out: Tensor | None = None) -> Tensor:
        if torch.is_grad_enabled() and any(
            isinstance(a, Tensor) and a.requires_grad for a in (*args, out)
        ):
            if out is not None:
                raise ValueError(
                    "out was given and an argument requires a gradient, or out does; leave it out."
                )
            result: Tensor = _Function.apply(self, *args)  # type: ignore[no-untyped-call]
            return result
        value: Tensor = self.routine.call_torch(args, out)
        return value


class _Function(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, reduction: Reduction, *args: Tensor) -> Tensor:
        result: Tensor = reduction.routine.call_torch(args, None)
        ctx.reduction = reduction
        saves_result = reduction.reduction_op == "LogSumExp"
        ctx.save_for_backward(*args, *([result] if saves_result else []))
        return result

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        reduction: Reduction = ctx.reduction
        saved: tuple[Tensor, ...] = ctx.saved_tensors
        (e,) = gradients
        needed: tuple[bool, ...] = ctx.needs_input_grad[1:]
        count = len(needed)
        args = saved[:count]
        if len(saved) > count:
            # Where no term counts a = -inf, and any finite value makes all exp(F - a) 0.
            args = (*args, saved[count].nan_to_num(nan=torch.nan, posinf=torch.inf, neginf=0.0))
        if reduction.axis == 2:
            args = (*args[:count], *(a[0] for a in args[count:]))
            e = e[0]
        results: list[Tensor | None] = [None] * count
        for group in reduction.groups(needed):
            columns = group.reduction((*args, e))
            begin = 0
            for k, dim in zip(group.positions, group.dims, strict=True):
                results[k] = columns[:, begin : begin + dim].reshape(args[k].shape)
                begin += dim
        return None, *results
