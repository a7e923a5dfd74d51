"""Indices of components."""

from __future__ import annotations

import operator
from typing import Any


def component_range(key: Any, dim: int) -> tuple[int, int]:
    """The first component that an index names, and how many, of `dim`.

    Raises:
        IndexError: if it is no integer and no slice of steps of 1, or names no component.
    """
    if isinstance(key, slice):
        if key.step not in (None, 1):
            raise IndexError(f"The components are indexed by an integer or a slice, not {key!r}.")
        begin, end, _ = key.indices(dim)
        if end <= begin:
            raise IndexError(f"No component is in {_text(key)}: there are {dim}, from 0 on.")
        return begin, end - begin
    place = _integer(key)
    if not -dim <= place < dim:
        raise IndexError(f"The component is {place}, and there are {dim}, from 0 on.")
    return (place + dim if place < 0 else place), 1


def _integer(key: Any) -> int:
    shape, dtype = getattr(key, "shape", None), str(getattr(key, "dtype", ""))
    if not shape and not isinstance(key, bool) and "bool" not in dtype:
        try:
            return operator.index(key)
        except TypeError:
            pass
    found = repr(key)
    if shape is not None:
        found = f"an array of {dtype.removeprefix('torch.')} of shape {tuple(shape)}"
    raise IndexError(f"The components are indexed by an integer or a slice, not {found}.")


def _text(key: slice) -> str:
    return f"[{'' if key.start is None else key.start}:{'' if key.stop is None else key.stop}]"
