"""Clusters of points, and the `ranges` of block-sparse reductions over them, for NumPy arrays."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from keopsnb._paths import moved

Floats = NDArray[np.floating[Any]]
Integers = NDArray[np.int64]
Labels = NDArray[np.integer[Any]]
Ranges = tuple[Integers, Integers, Integers, Integers, Integers, Integers]
Points = TypeVar("Points", bound=Any)  # an array, or a tuple or list of arrays

__path__ = [moved("numpy/cluster")]


def grid_cluster(x: Floats, size: float) -> Integers:
    """Labels of the cubic bins that points fall in.

    Args:
        x: (M, D), points of any dimension.
        size: the side of the cubes.

    Returns:
        (M,), from 0 up to the number of bins that hold a point.

    Raises:
        ValueError: if x is not two-dimensional, or size not positive.

    Example:
        >>> import numpy as np
        >>> grid_cluster(np.array([[0.1, 0.0], [5.0, 5.0], [0.2, 0.3]]), 1.0)
        array([0, 1, 0])
    """
    if x.ndim != 2:
        raise ValueError(f"x has shape {x.shape}, and should have shape (M, D).")
    if not size > 0:
        raise ValueError(f"size is {size!r}; write a positive number.")
    if len(x) == 0:
        return np.zeros(0, np.int64)
    cells = np.floor((x - x.min(0)) / size).astype(np.int64)
    labels: Integers = np.unique(cells, axis=0, return_inverse=True)[1]
    return labels.reshape(-1).astype(np.int64)


def cluster_ranges(lab: Labels, Nlab: Integers | None = None) -> Integers:
    """The first row of each cluster and the one behind its last, in points sorted by label.

    Args:
        lab: (M,), labels from 0 on.
        Nlab: (C,), how many points each label has; counted by default.

    Returns:
        (C, 2), as `ranges_i` of `Genred`.
    """
    sizes = np.bincount(lab) if Nlab is None else np.asarray(Nlab)
    ends = np.cumsum(sizes.astype(np.int64))
    return np.stack([ends - sizes, ends], 1).astype(np.int64)


def _sums(values: Floats, lab: Labels, count: int) -> Floats:
    sums: Floats = np.zeros((count, values.shape[1]), values.dtype)
    np.add.at(sums, lab, values)
    return sums


def cluster_centroids(
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
        sizes = np.bincount(lab) if Nlab is None else np.asarray(Nlab)
        centroids: Floats = _sums(x, lab, len(sizes)) / sizes[:, None].astype(x.dtype)
        return centroids
    if weights_c is None:
        weights_c = _sums(weights[:, None], lab, int(lab.max(initial=-1)) + 1)[:, 0]
    weighted: Floats = _sums(weights[:, None] * x, lab, len(weights_c)) / weights_c[:, None]
    return weighted


def cluster_ranges_centroids(
    x: Floats, lab: Labels, weights: Floats | None = None, min_weight: float = 1e-9
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
        weights = np.ones(len(x), x.dtype)
    held = np.maximum(weights, np.asarray(min_weight, weights.dtype))
    sizes = np.bincount(lab)
    held_c = _sums(held[:, None], lab, len(sizes))[:, 0]
    centroids = cluster_centroids(x, lab, sizes, held, held_c)
    return cluster_ranges(lab, sizes), centroids, _sums(weights[:, None], lab, len(sizes))[:, 0]


def sort_clusters(x: Points, lab: Labels) -> tuple[Points, Labels]:
    """Points, and any other arrays that go with them, sorted by their labels.

    Args:
        x: (M, ...), or a tuple or list of such arrays.
        lab: (M,), labels.

    Returns:
        The same sorted, stably, and the sorted labels.
    """
    order = np.argsort(lab, kind="stable")
    if isinstance(x, tuple | list):
        return type(x)(a[order] for a in x), lab[order]
    return x[order], lab[order]


def from_matrix(ranges_i: Labels, ranges_j: Labels, keep: NDArray[np.bool_]) -> Ranges:
    """The `ranges` of the pairs of clusters that a matrix names.

    Args:
        ranges_i: (C, 2), the rows i of each cluster, as `cluster_ranges` gives them.
        ranges_j: (E, 2), the rows j of each cluster.
        keep: (C, E), whether the pairs of two clusters are to be taken.

    Returns:
        The argument `ranges` of `Genred`.

    Raises:
        ValueError: if a shape is wrong.

    Example:
        >>> import numpy as np
        >>> halves = np.array([[0, 2], [2, 4]])
        >>> from_matrix(halves, halves, np.eye(2, dtype=bool))[2]
        array([[0, 2],
               [2, 4]])
    """
    keep = np.asarray(keep, bool)
    for name, ranges, size in (("ranges_i", ranges_i, 0), ("ranges_j", ranges_j, 1)):
        if np.shape(ranges) != (keep.shape[size] if keep.ndim == 2 else -1, 2):
            raise ValueError(
                f"{name} has shape {np.shape(ranges)} and keep {keep.shape}; keep has a row for "
                "each row of ranges_i, and a column for each row of ranges_j."
            )
    halves = []
    for mask, own, other in ((keep, ranges_i, ranges_j), (keep.T, ranges_j, ranges_i)):
        halves += [
            np.asarray(own, np.int64),
            np.cumsum(mask.sum(1)).astype(np.int64),
            np.asarray(other, np.int64)[np.nonzero(mask)[1]],
        ]
    return tuple(halves)  # type: ignore[return-value]


def swap_axes(ranges: Ranges | None) -> Ranges | None:
    """The ranges of the transposed reduction; None stays None."""
    return None if ranges is None else (*ranges[3:6], *ranges[:3])


def from_neighbors(indices: Labels, columns: int) -> Ranges:
    """The `ranges` of given pairs: row i with each of the columns `indices[i]`.

    Args:
        indices: (M, K), such as the K nearest neighbours of each row.
        columns: N, the number of columns j.

    Returns:
        The argument `ranges` of `Genred`.

    Raises:
        ValueError: if an index is not a column.
    """
    indices = np.asarray(indices, np.int64)
    if indices.ndim != 2 or (indices < 0).any() or (indices >= columns).any():
        raise ValueError(
            f"indices has shape {indices.shape} and values from {indices.min(initial=0)} to "
            f"{indices.max(initial=0)}; write (M, K) indices from 0 to {columns - 1}."
        )
    rows, ranks = indices.shape
    halves = []
    order = np.argsort(indices.reshape(-1), kind="stable")
    back = np.repeat(np.arange(rows), ranks)[order]
    uses = np.bincount(indices.reshape(-1), minlength=columns)
    ordered = np.sort(indices, 1).reshape(-1)
    for size, ends, picked in (
        (rows, np.full(rows, ranks).cumsum(), ordered),
        (columns, uses.cumsum(), back),
    ):
        each = np.arange(size)
        halves += [
            np.stack([each, each + 1], 1),
            ends.astype(np.int64),
            np.stack([picked, picked + 1], 1),
        ]
    return tuple(halves)  # type: ignore[return-value]
