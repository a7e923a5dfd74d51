"""A program of a user who checks types strictly; `# type: ignore` marks what has to be refused."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import keopsnb
from keopsnb import numpy as kn
from keopsnb import torch as kt


def gaussian(x: NDArray[np.float64], y: NDArray[np.float64]) -> kn.LazyTensor:
    squares: kn.LazyTensor = ((kn.Vi(x) - kn.Vj(y)) ** 2).sum(-1)
    return (-squares / 0.5).exp()


def smooth(x: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    k = gaussian(x, x)
    kept: kn.LazyTensor = k.tanh().hypot(1.0).clamp(0, 2).logical_not() & ~(k > 0.5)
    assert kept.shape == k.T.shape
    total: NDArray[np.float64] = k @ b + b.T @ k
    total += k.logsumexp(axis=1, keepdim=True)
    solved: NDArray[np.float64] = k.solve(b, alpha=0.1, preconditioner="nystrom", rank=5)
    return total + solved


def loss(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    k: kt.LazyTensor = (-kt.Vi(x).sqdist(kt.Vj(y))).exp().erf().sigmoid()
    z: kt.ComplexLazyTensor = k.exp1j()
    value: torch.Tensor = k.sum(axis=(0, 1)) + abs(z).sum(dim=1).mean()
    return value


def sparse(x: NDArray[np.float64], t: torch.Tensor) -> NDArray[np.int64]:
    lab: NDArray[np.int64] = kn.cluster.grid_cluster(x, 0.5)
    centroids: NDArray[np.floating[Any]] = kn.cluster.cluster_centroids(x, lab)
    keep = centroids @ centroids.T > 0
    ranges = kn.cluster.from_matrix(*2 * (kn.cluster.cluster_ranges(lab),), keep)
    labels: torch.Tensor = kt.cluster.grid_cluster(t, 0.5)
    (t, t), labels = kt.cluster.sort_clusters((t, t), labels)
    return ranges[2]


def systems(x: NDArray[np.float64]) -> int:
    solve = kn.KernelSolve("Exp(-SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)"], "b", axis=1)
    try:
        found = solve(x, x, np.ones((len(x), 1)), alpha=0.1, full=True)
    except kn.ConvergenceError as error:
        return error.found.iterations if error.found else 0
    except keopsnb.FormulaError:
        return -1
    return int(found.iterations)


def mistakes(k: kn.LazyTensor, t: kt.LazyTensor) -> None:
    k.tanhh()  # type: ignore[attr-defined]
    k.hypot()  # type: ignore[call-arg]
    k.elem("1")  # type: ignore[arg-type]
    t.logsumexp(axis="j")  # type: ignore[arg-type]
    kn.cluster.grid_cluster(np.ones((2, 2)), "1")  # type: ignore[arg-type]
    kn.Gendred("x", ["x = Vi(1)"])  # type: ignore[attr-defined]
