"""Programs as users of pykeops write them: each prints its numbers as JSON.

`python use.py NAME` runs one under pykeops, `python -m keopsnb.compat use.py NAME` under keopsnb.
"""

import json
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

PROGRAMS: dict[str, Callable[[], Any]] = {}


def program(f: Callable[[], Any]) -> Callable[[], Any]:
    PROGRAMS[f.__name__] = f
    return f


def clouds(dtype: torch.dtype = torch.float64, dim: int = 2) -> tuple[torch.Tensor, torch.Tensor]:
    torch.manual_seed(3)
    return torch.rand(60, dim, dtype=dtype), 0.3 + torch.rand(80, dim, dtype=dtype)


# ---- geomloss ----


def samples_loss(loss: str, backend: str, **options: Any) -> None:
    from geomloss import SamplesLoss

    def run() -> Any:
        x, y = clouds()
        x.requires_grad_()
        value = SamplesLoss(loss, blur=0.1, backend=backend, **options)(x, y)
        (gradient,) = torch.autograd.grad(value.sum(), [x])
        return value, gradient

    name = "_".join(["geomloss", loss, backend, *map(str, options)])
    run.__name__ = name
    program(run)


for _backend in ("online", "multiscale"):
    for _loss in ("gaussian", "laplacian", "energy"):
        if (_loss, _backend) != ("energy", "multiscale"):
            samples_loss(_loss, _backend)
    samples_loss("sinkhorn", _backend)
samples_loss("sinkhorn", "online", debias=False)
samples_loss("sinkhorn", "online", reach=0.5)


@program
def geomloss_sinkhorn_potentials() -> Any:
    from geomloss import SamplesLoss

    x, y = clouds()
    return SamplesLoss("sinkhorn", blur=0.1, backend="online", potentials=True)(x, y)


@program
def geomloss_sinkhorn_batch() -> Any:
    from geomloss import SamplesLoss

    x, y = clouds()
    x = torch.stack([x, x * 0.8]).requires_grad_()
    value = SamplesLoss("sinkhorn", blur=0.1, backend="online")(x, torch.stack([y, y]))
    return value, *torch.autograd.grad(value.sum(), [x])


@program
def geomloss_solve_sample() -> Any:
    from geomloss import ot

    x, y = clouds()
    found = ot.solve_sample(x, y, reg=0.1, max_iter=30)
    return found.value, found.potential_a, found.potential_b


# ---- gpytorch ----


def gaussian_process(name: str, **options: Any) -> None:
    def run() -> Any:
        import gpytorch

        torch.manual_seed(0)
        x = torch.rand(120, 2, dtype=torch.float64)
        y = torch.sin(6 * x[:, 0]) + x[:, 1]

        class Model(gpytorch.models.ExactGP):
            def __init__(self, likelihood: Any) -> None:
                super().__init__(x, y, likelihood)
                self.mean_module = gpytorch.means.ConstantMean()
                kernel = getattr(gpytorch.kernels.keops, name)(**options)
                self.covar_module = gpytorch.kernels.ScaleKernel(kernel)

            def forward(self, x: Any) -> Any:
                return gpytorch.distributions.MultivariateNormal(
                    self.mean_module(x), self.covar_module(x)
                )

        likelihood = gpytorch.likelihoods.GaussianLikelihood().double()
        model = Model(likelihood).double()
        loss = gpytorch.mlls.ExactMarginalLogLikelihood(likelihood, model)
        optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
        losses = []
        settings = gpytorch.settings
        with settings.max_cholesky_size(1), settings.cg_tolerance(1e-8), settings.use_keops(True):
            for _ in range(3):
                torch.manual_seed(1)  # of the probe vectors of the determinant
                optimizer.zero_grad()
                value = -loss(model(x), y)
                value.backward()
                optimizer.step()
                losses.append(value.detach())
            model.eval()
            likelihood.eval()
            with (
                torch.no_grad(),
                settings.eval_cg_tolerance(1e-8),
                settings.skip_posterior_variances(),
            ):
                mean = likelihood(model(torch.rand(30, 2, dtype=torch.float64))).mean
        return torch.stack(losses), mean, [p.detach().reshape(-1) for p in model.parameters()]

    run.__name__ = "_".join(["gpytorch", name, *map(str, options.values())])
    program(run)


gaussian_process("RBFKernel")
gaussian_process("RBFKernel", ard_num_dims=2)
for _nu in (0.5, 1.5, 2.5):
    gaussian_process("MaternKernel", nu=_nu)
gaussian_process("PeriodicKernel")


# ---- torchdr ----


def embedding(name: str, **options: Any) -> None:
    def run() -> Any:
        import torchdr

        torch.manual_seed(0)
        x = torch.cat([torch.randn(40, 5) + 6 * k for k in range(2)]).double()
        model = getattr(torchdr, name)(
            n_components=2, backend="keops", max_iter=8, random_state=0, init="pca", **options
        )
        return model.fit_transform(x)

    run.__name__ = f"torchdr_{name}"
    program(run)


embedding("SNE", perplexity=10)
embedding("TSNE", perplexity=10)
embedding("TSNEkhorn", perplexity=10, lr=1.0)
embedding("InfoTSNE", perplexity=10)
embedding("LargeVis", perplexity=10)


@program
def torchdr_affinities() -> Any:
    import torchdr

    torch.manual_seed(0)
    x = torch.randn(50, 4, dtype=torch.float64)
    found = []
    for affinity in (
        torchdr.NormalizedGaussianAffinity(backend="keops", normalization_dim=1),
        torchdr.NormalizedStudentAffinity(backend="keops", normalization_dim=(0, 1)),
        torchdr.SelfTuningAffinity(backend="keops", K=5),
        torchdr.MAGICAffinity(backend="keops", K=5),
        # Not the embedding by UMAP, which turns a change of 1e-15 of its input into another.
        torchdr.UMAPAffinity(backend="keops", n_neighbors=8),
        torchdr.SinkhornAffinity(backend="keops", max_iter=20),
        torchdr.DoublyStochasticQuadraticAffinity(backend="keops", max_iter=20),
        torchdr.EntropicAffinity(backend="keops", perplexity=8, sparsity=False),
    ):
        matrix = affinity(x)
        # Some come with indices.
        found.append((matrix[0] if isinstance(matrix, tuple) else matrix).sum(1))
    return found


@program
def torchdr_nearest() -> Any:
    from torchdr import pairwise_distances

    x, y = clouds(dim=5)
    found = []
    for metric in ("euclidean", "sqeuclidean", "manhattan", "angular"):
        found += pairwise_distances(x, y, metric=metric, backend="keops", k=4, return_indices=True)
    return found


# ---- gudhi ----


@program
def gudhi_nearest() -> Any:
    from gudhi.point_cloud.knn import KNearestNeighbors

    x, y = (c.numpy() for c in clouds(dim=3))
    found = []
    for metric, p in (("euclidean", 2), ("manhattan", 1), ("chebyshev", np.inf), ("minkowski", 3)):
        found += (
            KNearestNeighbors(4, metric=metric, p=p, implementation="keops", return_distance=True)
            .fit(y)
            .transform(x)
        )
    return found


@program
def gudhi_density() -> Any:
    from gudhi.point_cloud.dtm import DistanceToMeasure

    x, _ = (c.numpy() for c in clouds(dim=3))
    return DistanceToMeasure(5, q=2, implementation="keops").fit_transform(x)


# ---- as in pykeops' own documentation ----


@program
def k_means() -> Any:
    from pykeops.torch import LazyTensor

    x, _ = clouds(dim=3)
    centres = x[:4].clone()
    for _ in range(5):
        distances = ((LazyTensor(x[:, None, :]) - LazyTensor(centres[None, :, :])) ** 2).sum(-1)
        labels = distances.argmin(dim=1).long().view(-1)
        centres = torch.stack([x[labels == k].mean(0) for k in range(4)])
    return labels, centres


@program
def interpolation() -> Any:
    from pykeops.torch import KernelSolve

    x, _ = clouds(dim=2)
    b = torch.sin(5 * x[:, :1])
    solve = KernelSolve(
        "Exp(-g * SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "g=Pm(1)"], "b", axis=1
    )
    return solve(x, x, b, torch.tensor([5.0], dtype=torch.float64), alpha=0.1, eps=1e-10)


@program
def spectrum() -> Any:
    from pykeops.numpy import LazyTensor
    from scipy.sparse.linalg import aslinearoperator, eigsh

    x, _ = (c.numpy() for c in clouds(dim=2))
    distances = ((LazyTensor(x[:, None, :]) - LazyTensor(x[None, :, :])) ** 2).sum(-1)
    return eigsh(aslinearoperator((-distances / 0.1).exp()), 5, v0=np.ones(len(x)))[0]


@program
def block_sparse() -> Any:
    from pykeops.torch import LazyTensor
    from pykeops.torch.cluster import (
        cluster_ranges_centroids,
        from_matrix,
        grid_cluster,
        sort_clusters,
    )

    x, y = clouds(dim=2)
    sides = []
    for points in (x, y):
        labels = grid_cluster(points, 0.25)
        ranges, centroids, _ = cluster_ranges_centroids(points, labels)
        points, _ = sort_clusters(points, labels)
        sides.append((points, ranges, centroids))
    (x, of_x, cx), (y, of_y, cy) = sides
    keep = ((cx[:, None, :] - cy[None, :, :]) ** 2).sum(-1) < 0.5
    K = (-((LazyTensor(x[:, None, :]) - LazyTensor(y[None, :, :])) ** 2).sum(-1) / 0.02).exp()
    K.ranges = from_matrix(of_x, of_y, keep)
    order = torch.argsort(x[:, 0])
    return (K @ torch.ones(len(y), 1, dtype=x.dtype))[order]


def numbers(found: Any) -> Any:
    if isinstance(found, tuple | list):
        return [n for part in found for n in numbers(part)]
    if hasattr(found, "detach"):
        found = found.detach().numpy()
    return np.asarray(found, float).ravel().tolist()


if __name__ == "__main__":
    for _name in sys.argv[1:] or PROGRAMS:
        try:
            _line = {"name": _name, "numbers": numbers(PROGRAMS[_name]())}
        except Exception as error:  # what one program does is no matter of the next
            _line = {"name": _name, "error": f"{type(error).__name__}: {error}"[:300]}
        print("RESULT", json.dumps(_line), flush=True)
