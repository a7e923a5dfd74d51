"""Values that a kernel picked, and the terms that they are."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb.torch._context import in_forward_mode


def rows_at(argument: Tensor, batch: Sequence[int], rows: Tensor) -> Tensor:
    """The rows of an argument at these indices, (..., R), in all batch dimensions."""
    if argument.dtype in (torch.uint16, torch.uint32):  # which torch gathers none of
        argument = argument.long()
    where = rows[..., None].to(argument.device).expand(*rows.shape, argument.shape[-1])
    return argument.expand(*batch, *argument.shape[-2:]).gather(-2, where)


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
