"""Values that a kernel picked, and the terms that they are."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._options import PM
from keopsnb._reduction import Reduction
from keopsnb.torch._context import in_forward_mode
from keopsnb.torch._operator import batch_dims


def rows_at(argument: Tensor, batch: Sequence[int], rows: Tensor) -> Tensor:
    """The rows of an argument at these indices, (..., R), in all batch dimensions."""
    if argument.dtype in (torch.uint16, torch.uint32):  # which torch gathers none of
        argument = argument.long()
    where = rows[..., None].to(argument.device).expand(*rows.shape, argument.shape[-1])
    return argument.expand(*batch, *argument.shape[-2:]).gather(-2, where)


class Picked:
    """The terms that a kernel picked: values and their indices, for each row of its result."""

    def __init__(
        self,
        reduction: Reduction,
        args: Sequence[Tensor],
        values: Tensor,
        indices: Tensor,
        ranged: bool,
    ) -> None:
        self.reduction, self.args, self.values = reduction, args, values
        self.batch = values.shape[: max(0, *batch_dims(reduction, args))]
        self.rows = values.shape[len(self.batch)]
        # Of the K ranks and D components of a row.
        self.each = math.prod(values.shape[len(self.batch) + 1 :])
        # No term is picked for the value behind every number; a term at the other end is picked.
        self.empty = values == (-torch.inf if "Max" in reduction.name else torch.inf)
        self.indices = indices.reshape(*self.batch, self.rows * self.each)
        self.source: Tensor | None = None
        if ranged:
            # Where a row has no term F is taken where another has one: index 0 may be in no range.
            none = self.empty.reshape(self.indices.shape)
            some = torch.nn.functional.pad(~none, (0, 1)).long().argmax(-1)
            own = torch.arange(self.rows * self.each, device=values.device)
            self.source = torch.where(none, some[..., None], own)
            self.indices = self.indices.gather(-1, self.source)

    def arguments(self) -> tuple[Tensor, ...]:
        """The arguments at the rows that belong to the terms."""
        at = []
        for argument, category in zip(self.args, self.reduction.categories, strict=True):
            if category == PM:
                at.append(argument)
            elif category != self.reduction.result_category:
                at.append(rows_at(argument, self.batch, self.indices))
            elif self.source is None:
                at.append(argument.repeat_interleave(self.each, -2))
            else:
                at.append(rows_at(argument, self.batch, self.source // self.each))
        return tuple(at)

    def own(self, terms: Tensor) -> Tensor:
        """Of the D components of F at a row, the one that was picked for."""
        dim = self.reduction.dim
        terms = terms.reshape(*self.batch, self.rows, self.each // dim, dim, dim)
        terms = terms.diagonal(dim1=-2, dim2=-1).reshape(self.values.shape)
        return terms.masked_fill(self.empty, 0)


class Valued(torch.autograd.Function):
    """The values themselves, with the derivatives of terms that equal them but for rounding."""

    generate_vmap_rule = True

    @staticmethod
    def forward(values: Tensor, terms: Tensor) -> Tensor:  # noqa: ARG004
        return values.clone()

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor], output: Tensor) -> None:
        pass

    @staticmethod
    def backward(ctx: Any, e: Tensor) -> tuple[None, Tensor]:  # noqa: ARG004
        return None, e

    @staticmethod
    def jvp(ctx: Any, values: Tensor, terms: Tensor) -> Tensor:  # noqa: ARG004
        with in_forward_mode(()):
            return terms.clone()
