"""Block-sparse reductions: which pairs (i, j) a reduction takes.

Six arrays of integers say so, KeOps' `ranges`. A reduction over j takes for the rows
`ranges_i[c, 0] <= i < ranges_i[c, 1]` of cluster c the columns of the intervals `redranges_j[k]`,
for k from `slices_i[c - 1]` (0 for the first) up to `slices_i[c]`, left out; a reduction over i
does the same with the last three.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb._core import Ranges as Ranges

_NAMES = ("ranges_i", "slices_i", "redranges_j", "ranges_j", "slices_j", "redranges_i")


def ranges_of(ranges: object) -> Ranges | None:
    """Read the `ranges` of a call.

    Raises:
        TypeError: if they are not six arrays of integers.
        ValueError: if an array has not the shape it should have.
    """
    if ranges is None:
        return None
    if not isinstance(ranges, Sequence) or len(ranges) != len(_NAMES):
        raise TypeError(f"ranges is {type(ranges).__name__}; write a tuple of {', '.join(_NAMES)}.")
    return Ranges(tuple(map(_integers, _NAMES, ranges)))


def _integers(name: str, given: Any) -> NDArray[np.int64]:
    array = np.asarray(given.cpu() if hasattr(given, "cpu") else given)
    ndim = 1 if name.startswith("slices") else 2
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} is {array.dtype}; write integers.")
    if array.ndim != ndim or (ndim == 2 and array.shape[1] != 2):
        wanted = "(clusters,)" if ndim == 1 else "(intervals, 2)"
        raise ValueError(f"{name} has shape {array.shape}, and should have shape {wanted}.")
    return np.ascontiguousarray(array, np.int64)
