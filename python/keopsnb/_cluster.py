"""Clusters of points, and the `ranges` of block-sparse reductions over them, of any arrays."""

from abc import ABC, abstractmethod
from typing import Any, Generic, TypeVar

Floats = TypeVar("Floats", bound=Any)
Integers = TypeVar("Integers", bound=Any)
Labels = TypeVar("Labels", bound=Any)  # integers of any size
Points = TypeVar("Points", bound=Any)  # an array, or a tuple or list of arrays


class Clusters(ABC, Generic[Floats, Integers, Labels]):
    """The functions of a front end's `cluster`, over what array libraries do not call alike."""

    xp: Any

    def __reduce__(self) -> str:
        return "_clusters"  # its name in the module of its class

    @abstractmethod
    def _integers(self, values: Any, beside: Any = None) -> Any:
        """An array as int64, on the device of another one."""

    @abstractmethod
    def _rows(self, values: Any) -> Any:
        """Of each row of an array the number of those that equal it, from 0 on."""

    @abstractmethod
    def _sums(self, values: Any, lab: Any, count: int) -> Any:
        """The sum of the rows of each label, for labels up to a count."""

    @abstractmethod
    def _sort(self, values: Any) -> tuple[Any, Any]:
        """An array sorted along its last axis, stably, and the order."""

    def _sizes(self, lab: Any, sizes: Any) -> Any:
        return self._integers(self.xp.bincount(self._integers(lab)) if sizes is None else sizes)

    def grid_cluster(self, x: Floats, size: float) -> Integers:
        """Labels of the cubic bins that points fall in.

        Args:
            x: (M, D), points of any dimension.
            size: the side of the cubes.

        Returns:
            (M,), int64, from 0 up to the number of bins that hold a point.

        Raises:
            ValueError: if x is not two-dimensional, or size not positive.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy.cluster import grid_cluster
            >>> grid_cluster(np.array([[0.1, 0.0], [5.0, 5.0], [0.2, 0.3]]), 1.0)
            array([0, 1, 0])
        """
        if x.ndim != 2:
            raise ValueError(f"x has shape {tuple(x.shape)}, and should have shape (M, D).")
        if not size > 0:
            raise ValueError(f"size is {size!r}; write a positive number.")
        labels: Integers
        if len(x) == 0:
            labels = self._integers(x.sum(1))
        else:
            cells = self.xp.floor((x - self.xp.amin(x, 0)) / size)
            labels = self._integers(self._rows(self._integers(cells)))
        return labels

    def cluster_ranges(self, lab: Labels, Nlab: Integers | None = None) -> Integers:
        """The first row of each cluster and the one behind its last, in points sorted by label.

        Args:
            lab: (M,), labels from 0 on.
            Nlab: (C,), how many points each label has; counted by default.

        Returns:
            (C, 2), int64, as `ranges_i` of `Genred`.
        """
        sizes = self._sizes(lab, Nlab)
        ends = self.xp.cumsum(sizes, 0)
        ranges: Integers = self.xp.stack([ends - sizes, ends], 1)
        return ranges

    def cluster_centroids(
        self,
        x: Floats,
        lab: Labels,
        Nlab: Integers | None = None,
        weights: Floats | None = None,
        weights_c: Floats | None = None,
    ) -> Floats:
        """The mean of the points of each cluster.

        Args:
            x: (M, D), points.
            lab: (M,), labels from 0 on.
            Nlab: (C,), how many points each label has; counted by default.
            weights: (M,), positive weights of the points; 1 by default.
            weights_c: (C,), the sums of the weights of each cluster; computed by default.

        Returns:
            (C, D).
        """
        if weights is None:
            weights_c = self.xp.asarray(self._sizes(lab, Nlab), dtype=x.dtype)
        else:
            x = weights[:, None] * x
            if weights_c is None:
                weights_c = self._sums(weights[:, None], lab, len(self._sizes(lab, None)))[:, 0]
        centroids: Floats = self._sums(x, lab, len(weights_c)) / weights_c[:, None]
        return centroids

    def cluster_ranges_centroids(
        self, x: Floats, lab: Labels, weights: Floats | None = None, min_weight: float = 1e-9
    ) -> tuple[Integers, Floats, Floats]:
        """Ranges, centroids and weights of clusters.

        Args:
            x: (M, D), points.
            lab: (M,), labels from 0 on.
            weights: (M,), weights of the points; 1 by default.
            min_weight: what the weight of a point counts as least, so that none divides by 0.

        Returns:
            `cluster_ranges(lab)`, the centroids (C, D), and the weights (C,) of the clusters.
        """
        if weights is None:
            weights = self.xp.ones_like(x.sum(1))
        sizes = self._sizes(lab, None)
        centroids = self.cluster_centroids(x, lab, sizes, self.xp.clip(weights, min_weight, None))
        total = self._sums(weights[:, None], lab, len(sizes))[:, 0]
        return self.cluster_ranges(lab, sizes), centroids, total

    def sort_clusters(self, x: Points, lab: Labels) -> tuple[Points, Labels]:
        """Points, and any other arrays that go with them, sorted by their labels.

        Args:
            x: (M, ...), or a tuple or list of such arrays.
            lab: (M,), labels.

        Returns:
            The same sorted, stably, and the sorted labels.
        """
        ordered, order = self._sort(lab.reshape(-1))
        if isinstance(x, tuple | list):
            return type(x)(a[order] for a in x), ordered
        return x[order], ordered

    def from_matrix(
        self, ranges_i: Labels, ranges_j: Labels, keep: Any
    ) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers]:
        """The `ranges` of the pairs of clusters that a matrix names.

        Args:
            ranges_i: (C, 2), the rows i of each cluster, as `cluster_ranges` gives them.
            ranges_j: (E, 2), the rows j of each cluster.
            keep: (C, E), whether the pairs of two clusters are to be taken.

        Returns:
            The argument `ranges` of `Genred`, where keep is.

        Raises:
            ValueError: if a shape is wrong.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy.cluster import from_matrix
            >>> halves = np.array([[0, 2], [2, 4]])
            >>> from_matrix(halves, halves, np.eye(2, dtype=bool))[2]
            array([[0, 2],
                   [2, 4]])
        """
        keep = self.xp.asarray(keep) != 0
        i, j = (self._integers(ranges, keep) for ranges in (ranges_i, ranges_j))
        for name, ranges, size in (("ranges_i", i, 0), ("ranges_j", j, 1)):
            if tuple(ranges.shape) != (keep.shape[size] if keep.ndim == 2 else -1, 2):
                raise ValueError(
                    f"{name} has shape {tuple(ranges.shape)} and keep {tuple(keep.shape)}; keep "
                    "has a row for each row of ranges_i, and a column for each row of ranges_j."
                )
        halves = []
        for mask, own, other in ((keep, i, j), (keep.T, j, i)):
            taken = self.xp.argwhere(mask)[:, 1]
            halves += [own, self._integers(self.xp.cumsum(mask.sum(1), 0)), other[taken]]
        return tuple(halves)

    def from_neighbors(
        self, indices: Labels, columns: int
    ) -> tuple[Integers, Integers, Integers, Integers, Integers, Integers]:
        """The `ranges` of given pairs: row i with each of the columns `indices[i]`.

        Args:
            indices: (M, K), such as the K nearest neighbours of each row.
            columns: N, the number of columns j.

        Returns:
            The argument `ranges` of `Genred`.

        Raises:
            ValueError: if an index is not a column.
        """
        xp, found = self.xp, self._integers(indices)
        if found.ndim != 2 or bool(((found < 0) | (found >= columns)).any()):
            shape = tuple(found.shape)
            values = "" if 0 in shape else f" and values from {found.min()} to {found.max()}"
            raise ValueError(
                f"indices has shape {shape}{values}; write (M, K) indices from 0 to {columns - 1}."
            )
        ranks, flat = found.shape[1], found.reshape(-1)
        uses = self._integers(xp.bincount(flat, minlength=columns))
        halves = []
        for counts, picked in (
            (xp.zeros_like(found.sum(1)) + ranks, self._sort(found)[0].reshape(-1)),
            (uses, self._sort(flat)[1] // max(ranks, 1)),
        ):
            each = xp.cumsum(xp.ones_like(counts), 0)
            halves += [
                xp.stack([each - 1, each], 1),
                xp.cumsum(counts, 0),
                xp.stack([picked, picked + 1], 1),
            ]
        return tuple(halves)


Ranges = TypeVar("Ranges", bound=tuple[Any, Any, Any, Any, Any, Any])


def swap_axes(ranges: Ranges | None) -> Ranges | None:
    """The ranges of the transposed reduction; None stays None."""
    return None if ranges is None else (*ranges[3:6], *ranges[:3])  # type: ignore[return-value]
