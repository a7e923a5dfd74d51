"""One kernel as an operator of torch, `torch.ops.keopsnb.kernel`, for graphs and their tracers.

Its arguments are tensors and text, so that a graph that holds it can be saved and loaded: the text
is the reduction's key, from which any process makes the reduction again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keopsnb import _core
from keopsnb._dtypes import name_of
from keopsnb._options import PM
from keopsnb._ranges import Ranges
from keopsnb._reduction import Reduction, reduction_of
from keopsnb.torch._context import device_of, is_traced
from keopsnb.torch._ranges import ranges_of

Result = Tensor | tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Place:
    """The device that computes a reduction, and the pairs it is over."""

    backend: str = "auto"
    device_id: int = -1
    ranges: Ranges | None = None
    # In a graph, the ranges as tensors, which nobody can read yet.
    symbolic_ranges: tuple[Tensor, ...] = ()

    def tensors(self) -> list[Tensor]:
        """The ranges as tensors; none if all pairs are taken."""
        if self.ranges is None:
            return list(self.symbolic_ranges)
        return list(map(torch.from_numpy, self.ranges.arrays))


ANYWHERE = Place()


def place_of(args: Sequence[Any], backend: str, device_id: int, ranges: Any) -> Place:
    """The place of a call, with the ranges read if they can be."""
    if ranges is None:
        return ANYWHERE if backend == "auto" and device_id == -1 else Place(backend, device_id)
    if isinstance(ranges, Sequence) and is_traced((*args, *ranges)):
        return Place(backend, device_id, None, tuple(torch.as_tensor(r) for r in ranges))
    return Place(backend, device_id, ranges_of(ranges))


def compute_now(
    reduction: Reduction, args: tuple[Tensor, ...], out: Tensor | None, place: Place
) -> Any:
    """The values of one kernel, of tensors in memory."""
    return reduction(_core.TORCH, args, out, place.backend, place.device_id, place.ranges)


def compute(reduction: Reduction, args: tuple[Tensor, ...], place: Place) -> Any:
    """The values of one kernel, at once, or as a node of a graph if the call is traced."""
    if not is_traced(args):
        return compute_now(reduction, args, None, place)
    results = torch.ops.keopsnb.kernel(
        reduction.key, list(args), place.tensors(), place.backend, place.device_id
    )
    return results[0] if len(results) == 1 else tuple(results)


def batch_dims(reduction: Reduction, args: Sequence[Tensor]) -> list[int]:
    """The number of batch dimensions of each argument; -1 for a parameter without any dimension."""
    own = reduction.categories
    return [a.ndim - (1 if c == PM else 2) for a, c in zip(args, own, strict=True)]


def with_batch_first(
    reduction: Reduction, args: Sequence[Tensor], in_dims: Sequence[int | None]
) -> list[Tensor]:
    """The arguments with the dimensions `in_dims`, one of each, as their first batch dimension."""
    dims = zip(batch_dims(reduction, args), in_dims, strict=True)
    logical = [d - (dim is not None) for d, dim in dims]
    most = max([0, *logical])
    moved = []
    for a, dim, batches in zip(args, in_dims, logical, strict=True):
        if dim is None:
            moved.append(a)
            continue
        first = a.movedim(dim, 0)
        moved.append(first.reshape(first.shape[0], *[1] * (most - batches), *first.shape[1:]))
    return moved


# Of the operators of this package.
LIBRARY = torch.library.Library("keopsnb", "DEF")  # type: ignore[no-untyped-call]
LIBRARY.define(  # type: ignore[no-untyped-call]
    "kernel(str reduction, Tensor[] args, Tensor[] ranges, str backend, int device_id) -> Tensor[]"
)


@torch.library.impl(LIBRARY, "kernel", "CompositeExplicitAutograd")
def _kernel(
    reduction: str,
    args: list[Tensor],
    ranges: list[Tensor],
    backend: str,
    device_id: int,
) -> list[Tensor]:
    place = Place(backend, device_id, ranges_of(ranges) if ranges else None)
    result = compute_now(reduction_of(reduction), tuple(args), None, place)
    return list(result) if isinstance(result, tuple) else [result]


@torch.library.register_fake("keopsnb::kernel", lib=LIBRARY)  # type: ignore[untyped-decorator]
def _shapes(
    reduction: str,
    args: list[Tensor],
    ranges: list[Tensor],  # noqa: ARG001
    backend: str,  # noqa: ARG001
    device_id: int,  # noqa: ARG001
) -> list[Tensor]:
    results = reduction_of(reduction).result_shapes(
        [tuple(a.shape) for a in args], [name_of(a.dtype) for a in args]
    )
    return [
        torch.empty(shape, dtype=getattr(torch, dtype), device=device_of(args))
        for shape, dtype in results
    ]
