"""Clusters and the ranges made of them: NumPy and torch alike."""

import pickle
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

import keopsnb.numpy.cluster
import keopsnb.torch.cluster
from keopsnb.numpy import Genred

FRONTS: list[tuple[ModuleType, Any]] = [
    (keopsnb.numpy.cluster, np.asarray),
    (keopsnb.torch.cluster, torch.as_tensor),
]


def points(M: int, D: int) -> np.ndarray:
    return np.random.default_rng(M).uniform(-3, 3, (M, D))


def numbers(values: Any) -> list[np.ndarray]:
    return [np.asarray(v) for v in values]


# Law: points share a label if and only if they fall in one cube, in any dimension.


@pytest.mark.parametrize(("cluster", "array"), FRONTS, ids=["numpy", "torch"])
@pytest.mark.parametrize("D", [1, 2, 3, 5])
def test_grid(cluster: ModuleType, array: Any, D: int) -> None:
    x = points(200, D)
    x[7] *= 1e6  # beyond 2^10 cells along an axis
    labels = np.asarray(cluster.grid_cluster(array(x), 1.5))
    cells = np.floor((x - x.min(0)) / 1.5)
    same = (cells[:, None] == cells[None]).all(-1)
    np.testing.assert_array_equal(labels[:, None] == labels[None], same)
    assert sorted(set(labels.tolist())) == list(range(labels.max() + 1))


# Law: sorted clusters are where their ranges say, and their centroids are means.


@pytest.mark.parametrize(("cluster", "array"), FRONTS, ids=["numpy", "torch"])
def test_ranges_and_centroids(cluster: ModuleType, array: Any) -> None:
    x, w = points(120, 2), np.random.default_rng(0).uniform(0.5, 1, 120)
    lab = np.random.default_rng(1).integers(0, 7, 120)
    (xs, ws), ordered = cluster.sort_clusters((array(x), array(w)), array(lab))
    ranges, centroids, weights = cluster.cluster_ranges_centroids(xs, ordered, ws)
    ranges, centroids, weights = numbers((ranges, centroids, weights))
    assert ranges.dtype == np.int64
    for c, (begin, end) in enumerate(ranges):
        mine = lab == c
        assert end - begin == mine.sum()
        np.testing.assert_array_equal(np.asarray(xs)[begin:end], x[mine])
        np.testing.assert_allclose(centroids[c], np.average(x[mine], 0, w[mine]))
        np.testing.assert_allclose(weights[c], w[mine].sum())
    plain = np.asarray(cluster.cluster_centroids(array(x), array(lab)))
    np.testing.assert_allclose(plain, [x[lab == c].mean(0) for c in range(7)])
    weighted = np.asarray(cluster.cluster_centroids(array(x), array(lab), weights=array(w)))
    np.testing.assert_allclose(weighted, centroids)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1, 12)])
def test_centroids_have_gradients(weights: Any) -> None:
    x = torch.tensor(points(12, 2), requires_grad=True)
    w = None if weights is None else torch.tensor(weights, requires_grad=True)
    lab = torch.arange(12, dtype=torch.int32) % 3
    given = [x] if w is None else [x, w]
    average = keopsnb.torch.cluster.cluster_centroids
    assert torch.autograd.gradcheck(lambda *g: average(g[0], lab, None, *g[1:]), given)


def test_no_points() -> None:
    for cluster, array in FRONTS:
        labels = cluster.grid_cluster(array(np.zeros((0, 2))), 1.0)
        assert labels.tolist() == []
        assert cluster.cluster_ranges(labels).tolist() == []


def test_functions_are_pickled() -> None:
    for cluster, _ in FRONTS:
        assert pickle.loads(pickle.dumps(cluster.from_matrix)) == cluster.from_matrix


def test_ranges_are_integers() -> None:
    sizes = np.array([2**24, 1, 3])
    expected = [[0, 2**24], [2**24, 2**24 + 1], [2**24 + 1, 2**24 + 4]]
    for cluster, array in FRONTS:
        lab = array(np.zeros(1, int))
        assert np.asarray(cluster.cluster_ranges(lab, array(sizes))).tolist() == expected


# Law: a reduction with these ranges takes the pairs that the matrix, or the neighbours, name.


def reduce(ranges: Any, x: np.ndarray, y: np.ndarray, axis: int) -> np.ndarray:
    reduction = Genred("x | y", ["x = Vi(2)", "y = Vj(2)"], axis=axis)
    found: np.ndarray = reduction(x, y, ranges=ranges)[:, 0]
    return found


@pytest.mark.parametrize(("cluster", "array"), FRONTS, ids=["numpy", "torch"])
@pytest.mark.parametrize("axis", [1, 0])
def test_pairs(cluster: ModuleType, array: Any, axis: int) -> None:
    x, y = points(30, 2), points(50, 2)
    i, j = np.array([[0, 10], [10, 18], [18, 30]]), np.array([[0, 1], [1, 50]])
    keep = np.array([[True, False], [False, False], [True, True]])
    pairs = np.zeros((30, 50), bool)
    for a, b in zip(*np.nonzero(keep), strict=True):
        pairs[slice(*i[a]), slice(*j[b])] = True
    dense = np.where(pairs, x @ y.T, 0)
    ranges = cluster.from_matrix(array(i), array(j), array(keep))
    np.testing.assert_allclose(reduce(ranges, x, y, axis), dense.sum(axis), atol=1e-12)
    swapped = cluster.swap_axes(ranges)
    np.testing.assert_allclose(reduce(swapped, y, x, axis), dense.T.sum(axis), atol=1e-12)
    assert cluster.swap_axes(None) is None

    neighbours = np.random.default_rng(2).permuted(np.tile(np.arange(50), (30, 1)), axis=1)[:, :4]
    dense = np.zeros((30, 50))
    np.put_along_axis(dense, neighbours, 1, 1)
    dense *= x @ y.T
    ranges = cluster.from_neighbors(array(neighbours), 50)
    np.testing.assert_allclose(reduce(ranges, x, y, axis), dense.sum(axis), atol=1e-12)


# Law: what is wrong is said.


@pytest.mark.parametrize(("cluster", "array"), FRONTS, ids=["numpy", "torch"])
def test_errors(cluster: ModuleType, array: Any) -> None:
    with pytest.raises(ValueError, match=r"should have shape \(M, D\)"):
        cluster.grid_cluster(array(np.zeros(3)), 1.0)
    with pytest.raises(ValueError, match="size is 0; write a positive number"):
        cluster.grid_cluster(array(np.zeros((3, 1))), 0)
    two = array(np.array([[0, 1], [1, 2]]))
    with pytest.raises(ValueError, match="keep has a row for each row of ranges_i"):
        cluster.from_matrix(two, two, array(np.ones((3, 2), bool)))
    with pytest.raises(ValueError, match="indices from 0 to 3"):
        cluster.from_neighbors(array(np.array([[4]])), 4)
