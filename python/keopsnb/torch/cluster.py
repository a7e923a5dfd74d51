"""Clusters of points, and the `ranges` of block-sparse reductions over them, for torch tensors."""

from typing import Any, TypeVar

import torch
from torch import Tensor

from keopsnb._paths import moved

Ranges = tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Tensor]
Points = TypeVar("Points", bound=Any)  # a tensor, or a tuple or list of tensors

__path__ = [moved("torch/cluster")]


def grid_cluster(x: Tensor, size: float) -> Tensor:
    """Labels of the cubic bins that points fall in.

    Args:
        x: (M, D), points of any dimension.
        size: the side of the cubes.

    Returns:
        (M,), int64, from 0 up to the number of bins that hold a point.

    Raises:
        ValueError: if x is not two-dimensional, or size not positive.

    Example:
        >>> import torch
        >>> grid_cluster(torch.tensor([[0.1, 0.0], [5.0, 5.0], [0.2, 0.3]]), 1.0)
        tensor([0, 1, 0])
    """
    if x.ndim != 2:
        raise ValueError(f"x has shape {tuple(x.shape)}, and should have shape (M, D).")
    if not size > 0:
        raise ValueError(f"size is {size!r}; write a positive number.")
    if len(x) == 0:
        return torch.zeros(0, dtype=torch.int64, device=x.device)
    cells = ((x - x.amin(0)) / size).floor().long()
    labels: Tensor = torch.unique(cells, dim=0, return_inverse=True)[1]
    return labels


def cluster_ranges(lab: Tensor, Nlab: Tensor | None = None) -> Tensor:
    """The first row of each cluster and the one behind its last, in points sorted by label.

    Args:
        lab: (M,), labels from 0 on.
        Nlab: (C,), how many points each label has; counted by default.

    Returns:
        (C, 2), int64, as `ranges_i` of `Genred`.
    """
    sizes = (torch.bincount(lab.long()) if Nlab is None else Nlab).long()
    ends = sizes.cumsum(0)
    return torch.stack([ends - sizes, ends], 1)


def _sums(values: Tensor, lab: Tensor, count: int) -> Tensor:
    zeros = values.new_zeros((count, values.shape[1]))
    return zeros.index_add(0, lab.long(), values)


def cluster_centroids(
    x: Tensor,
    lab: Tensor,
    Nlab: Tensor | None = None,
    weights: Tensor | None = None,
    weights_c: Tensor | None = None,
) -> Tensor:
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
        sizes = torch.bincount(lab.long()) if Nlab is None else Nlab
        return _sums(x, lab, len(sizes)) / sizes[:, None].to(x.dtype)
    if weights_c is None:
        weights_c = _sums(weights[:, None], lab, int(lab.max()) + 1)[:, 0]
    return _sums(weights[:, None] * x, lab, len(weights_c)) / weights_c[:, None]


def cluster_ranges_centroids(
    x: Tensor, lab: Tensor, weights: Tensor | None = None, min_weight: float = 1e-9
) -> tuple[Tensor, Tensor, Tensor]:
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
        weights = x.new_ones(len(x))
    held = weights.clamp(min=min_weight)
    sizes = torch.bincount(lab.long())
    held_c = _sums(held[:, None], lab, len(sizes))[:, 0]
    centroids = cluster_centroids(x, lab, sizes, held, held_c)
    return cluster_ranges(lab, sizes), centroids, _sums(weights[:, None], lab, len(sizes))[:, 0]


def sort_clusters(x: Points, lab: Tensor) -> tuple[Points, Tensor]:
    """Points, and any other tensors that go with them, sorted by their labels.

    Args:
        x: (M, ...), or a tuple or list of such tensors.
        lab: (M,), labels.

    Returns:
        The same sorted, stably, and the sorted labels.
    """
    ordered, order = torch.sort(lab.reshape(-1), stable=True)
    if isinstance(x, Tensor):
        return x[order], ordered  # type: ignore[return-value]
    return type(x)(a[order] for a in x), ordered


def from_matrix(ranges_i: Tensor, ranges_j: Tensor, keep: Tensor) -> Ranges:
    """The `ranges` of the pairs of clusters that a matrix names.

    Args:
        ranges_i: (C, 2), the rows i of each cluster, as `cluster_ranges` gives them.
        ranges_j: (E, 2), the rows j of each cluster.
        keep: (C, E), whether the pairs of two clusters are to be taken.

    Returns:
        The argument `ranges` of `Genred`, on the device of keep.

    Raises:
        ValueError: if a shape is wrong.
    """
    for name, ranges, size in (("ranges_i", ranges_i, 0), ("ranges_j", ranges_j, 1)):
        if tuple(ranges.shape) != (keep.shape[size] if keep.ndim == 2 else -1, 2):
            raise ValueError(
                f"{name} has shape {tuple(ranges.shape)} and keep {tuple(keep.shape)}; keep has a "
                "row for each row of ranges_i, and a column for each row of ranges_j."
            )
    i, j = (r.to(keep.device).long() for r in (ranges_i, ranges_j))
    halves = []
    for mask, own, other in ((keep.bool(), i, j), (keep.bool().t(), j, i)):
        halves += [own, mask.sum(1).cumsum(0), other[mask.nonzero()[:, 1]]]
    return tuple(halves)  # type: ignore[return-value]


def swap_axes(ranges: Ranges | None) -> Ranges | None:
    """The ranges of the transposed reduction; None stays None."""
    return None if ranges is None else (*ranges[3:6], *ranges[:3])


def from_neighbors(indices: Tensor, columns: int) -> Ranges:
    """The `ranges` of given pairs: row i with each of the columns `indices[i]`.

    Args:
        indices: (M, K), such as the K nearest neighbours of each row.
        columns: N, the number of columns j.

    Returns:
        The argument `ranges` of `Genred`.

    Raises:
        ValueError: if an index is not a column.
    """
    if indices.ndim != 2 or ((indices < 0) | (indices >= columns)).any():
        raise ValueError(
            f"indices has shape {tuple(indices.shape)} and holds values beyond columns={columns}; "
            f"write (M, K) indices from 0 to {columns - 1}."
        )
    rows, ranks = indices.shape
    flat = indices.long().reshape(-1)
    each = torch.arange(max(rows, columns), device=flat.device)
    back = each[:rows].repeat_interleave(ranks)[torch.argsort(flat, stable=True)]
    uses = torch.bincount(flat, minlength=columns)
    halves = []
    for size, ends, picked in (
        (rows, ranks * (each[:rows] + 1), indices.long().sort(1).values.reshape(-1)),
        (columns, uses.cumsum(0), back),
    ):
        halves += [
            torch.stack([each[:size], each[:size] + 1], 1),
            ends,
            torch.stack([picked, picked + 1], 1),
        ]
    return tuple(halves)  # type: ignore[return-value]
