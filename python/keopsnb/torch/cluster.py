"""Clusters of points, and the `ranges` of block-sparse reductions over them, for torch tensors."""

from typing import Any

import torch
from torch import Tensor

from keopsnb._cluster import Clusters
from keopsnb._cluster import swap_axes as swap_axes
from keopsnb._paths import moved

__path__ = [moved("torch/cluster")]


class _Clusters(Clusters[Tensor, Tensor, Tensor]):
    xp = torch

    def _integers(self, values: Any, beside: Any = None) -> Any:
        device = None if beside is None else beside.device
        return torch.asarray(values, dtype=torch.int64, device=device)

    def _rows(self, values: Any) -> Any:
        return torch.unique(values, dim=0, return_inverse=True)[1]

    def _sums(self, values: Any, lab: Any, count: int) -> Any:
        return values.new_zeros((count, values.shape[1])).index_add(0, lab.long(), values)

    def _sort(self, values: Any) -> tuple[Any, Any]:
        ordered, order = torch.sort(values, stable=True)
        return ordered, order


_clusters = _Clusters()
grid_cluster = _clusters.grid_cluster
cluster_ranges = _clusters.cluster_ranges
cluster_centroids = _clusters.cluster_centroids
cluster_ranges_centroids = _clusters.cluster_ranges_centroids
sort_clusters = _clusters.sort_clusters
from_matrix = _clusters.from_matrix
from_neighbors = _clusters.from_neighbors
