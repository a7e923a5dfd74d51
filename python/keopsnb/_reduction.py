"""Reductions and their derivatives, which are `_core.Reduction`s, of the arrays of a call."""

from __future__ import annotations

import copyreg
import functools
from collections.abc import Sequence
from typing import Any

from keopsnb._core import Reduction as Reduction
from keopsnb._options import I_AND_J


@functools.lru_cache(4096)
def reduction_of(key: str) -> Reduction:
    """The reduction with this key."""
    import json

    return Reduction(*json.loads(key))


@functools.lru_cache(4096)
def key_of(reduction: Reduction) -> str:
    """Its key, written once."""
    return reduction.key


copyreg.pickle(Reduction, lambda reduction: (reduction_of, (reduction.key,)))


def as_inputs(axis: int, values: Sequence[Any]) -> list[Any]:
    """Values for each output of a reduction over `axis`, as its formulas take them.

    A reduction over both indices has one row of them: a parameter.
    """
    return [v[..., 0, :] for v in values] if axis == I_AND_J else list(values)


def size(reduction: Reduction, args: Sequence[Any], category: int) -> int:
    """The number of rows of the variables of a category; a symbol where the shape has one."""
    for c, argument in zip(reduction.categories, args, strict=True):
        if c == category:
            rows: int = argument.shape[-2]
            return rows
    return 1
