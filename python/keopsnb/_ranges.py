"""Block-sparse reductions: which pairs (i, j) a reduction takes, checked once for all front ends.

Six arrays of integers say so, KeOps' `ranges`. A reduction over j takes for the rows
`ranges_i[c, 0] <= i < ranges_i[c, 1]` of cluster c the columns of the intervals `redranges_j[k]`,
for k from `slices_i[c - 1]` (0 for the first) up to `slices_i[c]`, left out; a reduction over i
does the same with the last three.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]

_NAMES = ("ranges_i", "slices_i", "redranges_j", "ranges_j", "slices_j", "redranges_i")


@dataclass(frozen=True)
class Clusters:
    """Outputs, by clusters, and the intervals of the reduced index for each cluster."""

    outputs: Integers  # (C, 2)
    slices: Integers  # (C,)
    reduced: Integers  # (K, 2)
    names: tuple[str, str, str]

    def ascending(self) -> Integers:
        """The intervals, checked, of each cluster in order: of equal terms the first one counts."""
        cluster = np.searchsorted(self.slices, np.arange(len(self.reduced)), side="right")
        return np.ascontiguousarray(self.reduced[np.lexsort((self.reduced[:, 0], cluster))])

    def counts(self, size: int) -> Integers:
        """The number of indices that each of `size` outputs is reduced over."""
        lengths = np.concatenate([[0], np.cumsum(self.reduced[:, 1] - self.reduced[:, 0])])
        ends = lengths[self.slices]
        each = np.diff(ends, prepend=0)
        counts = np.zeros(size, np.int64)
        for (begin, end), count in zip(self.outputs, each, strict=True):
            counts[begin:end] = count
        return counts

    def check(self, outputs: int, reduced: int) -> None:
        """Check the clusters against the sizes of a call.

        Raises:
            ValueError: if a cluster or an interval is not within them.
        """
        of_outputs, of_slices, of_reduced = self.names
        for name, intervals, size in (
            (of_outputs, self.outputs, outputs),
            (of_reduced, self.reduced, reduced),
        ):
            wrong = (intervals[:, 0] < 0) | (intervals[:, 1] > size)
            wrong |= intervals[:, 0] > intervals[:, 1]
            if wrong.any():
                k = int(np.argmax(wrong))
                raise ValueError(
                    f"{name}[{k}] is {intervals[k].tolist()}; write the first index and the one "
                    f"behind the last, between 0 and {size}."
                )
        order = np.argsort(self.outputs[:, 0], kind="stable")
        ordered = self.outputs[order][np.diff(self.outputs[order], axis=1)[:, 0] > 0]
        if (ordered[1:, 0] < ordered[:-1, 1]).any():
            k = int(np.argmax(ordered[1:, 0] < ordered[:-1, 1]))
            raise ValueError(
                f"{of_outputs} holds {ordered[k].tolist()} and {ordered[k + 1].tolist()}, which "
                "overlap; give each row to one cluster."
            )
        if (np.diff(self.slices, prepend=0) < 0).any() or (self.slices > len(self.reduced)).any():
            raise ValueError(
                f"{of_slices} is {self.slices.tolist()[:8]}...; write, for each cluster, the "
                f"number of rows of {of_reduced} up to and with its own: they do not decrease, and "
                f"there are {len(self.reduced)}."
            )


@dataclass(frozen=True)
class Ranges:
    """The pairs of a call, for reductions over j and over i."""

    over_j: Clusters
    over_i: Clusters

    def of_axis(self, axis: int) -> Clusters:
        """The clusters of a reduction over i (0), over j (1) or over both (2)."""
        return self.over_i if axis == 0 else self.over_j


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
    arrays = [_integers(name, a) for name, a in zip(_NAMES, ranges, strict=True)]
    over_j = Clusters(arrays[0], arrays[1], arrays[2], _NAMES[:3])
    over_i = Clusters(arrays[3], arrays[4], arrays[5], _NAMES[3:])
    for half in (over_j, over_i):
        if len(half.slices) != len(half.outputs):
            raise ValueError(
                f"{half.names[1]} has {len(half.slices)} entries, and {half.names[0]} has "
                f"{len(half.outputs)} rows; write one for each cluster."
            )
    return Ranges(over_j, over_i)


def _integers(name: str, given: Any) -> Integers:
    array = np.asarray(given.cpu() if hasattr(given, "cpu") else given)
    ndim = 1 if name.startswith("slices") else 2
    if array.size and array.dtype.kind not in "iu":
        raise TypeError(f"{name} is {array.dtype}; write integers.")
    if array.ndim != ndim or (ndim == 2 and array.shape[1] != 2):
        wanted = "(clusters,)" if ndim == 1 else "(intervals, 2)"
        raise ValueError(f"{name} has shape {array.shape}, and should have shape {wanted}.")
    return np.ascontiguousarray(array, np.int64)
