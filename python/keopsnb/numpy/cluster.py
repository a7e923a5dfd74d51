"""Clusters of points, and the `ranges` of block-sparse reductions over them, for NumPy arrays."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb._cluster import Clusters
from keopsnb._cluster import swap_axes as swap_axes
from keopsnb._paths import moved

__path__ = [moved("numpy/cluster")]


class _Clusters(Clusters[NDArray[np.floating[Any]], NDArray[np.int64], NDArray[np.integer[Any]]]):
    xp = np

    def _integers(self, values: Any, beside: Any = None) -> Any:  # noqa: ARG002
        return np.asarray(values).astype(np.int64, copy=False)

    def _rows(self, values: Any) -> Any:
        return np.unique(values, axis=0, return_inverse=True)[1].reshape(-1)

    def _sums(self, values: Any, lab: Any, count: int) -> Any:
        sums = np.zeros((count, values.shape[1]), values.dtype)
        np.add.at(sums, lab, values)
        return sums

    def _sort(self, values: Any) -> tuple[Any, Any]:
        order = np.argsort(values, -1, kind="stable")
        return np.take_along_axis(values, order, -1), order


_clusters = _Clusters()
grid_cluster = _clusters.grid_cluster
cluster_ranges = _clusters.cluster_ranges
cluster_centroids = _clusters.cluster_centroids
cluster_ranges_centroids = _clusters.cluster_ranges_centroids
sort_clusters = _clusters.sort_clusters
from_matrix = _clusters.from_matrix
from_neighbors = _clusters.from_neighbors
