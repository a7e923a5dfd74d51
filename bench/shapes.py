"""Rows of the shapes beside the main job: long results, attention, small batches, neighbours."""

import functools
import importlib
import importlib.util
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import peers
from measure import Measure, cost, interleaved, share, skipped, versus
from throughput import Array, clouds, compared, gaussian

import keopsnb
from keopsnb import numpy as keopsnb_numpy


def long_results() -> Iterator[Measure]:
    """(k) A kernel matrix times many columns."""
    N = 4_000
    for D, columns, reach in ((3, (16, 64, 128, 256), 3.0), (64, (32, 64), 2.0)):
        x, y, _ = clouds(N, N, D, "float32")
        for E in columns:
            b = np.random.default_rng(1).random((N, E), np.float32)
            aliases = [f"x=Vi({D})", f"y=Vj({D})", f"b=Vj({E})"]
            ours = keopsnb_numpy.Genred("Exp(-SqDist(x,y))*b", aliases, "Sum", axis=1)
            candidates: dict[str, Callable[[], Any] | None] = {
                "keopsnb": functools.partial(ours, x, y, b),
                "torch, dense": None,
                "torch, chunks": None,
            }
            if torch := peers.torch():
                tensors = [torch.from_numpy(a) for a in (x, y, b)]
                candidates["torch, dense"] = peers.dense_sum(torch, *tensors, rows=N)
                candidates["torch, chunks"] = peers.dense_sum(torch, *tensors)
            measure = f"Gaussian, D={D}, float32, {E} columns, {N:,}^2"
            yield from compared(measure, candidates, {"torch, dense": reach})


# In multiply-adds: an exponential; and of a block of 128 terms, whose sum is added to twice the
# precision, the share of each.
EXPONENTIAL, BLOCK_SUM = 12, 1 / 8


def shares() -> Iterator[Measure]:
    """(p) What the kernel makes of the machine: multiply-adds, of those it could do in registers.

    A component of a squared distance is two, a column one.
    """
    peak, fmas = peers.fma_peak()
    N = 4_000
    for D, E, reach in (
        (3, 16, 0.7),
        (3, 64, 0.7),
        (3, 128, 0.7),
        (3, 256, 0.7),
        (64, 1, 0.85),
        (64, 64, 0.7),
        (256, 1, 0.85),
    ):
        x, y, _ = clouds(N, N, D, "float32")
        b = np.random.default_rng(1).random((N, E), np.float32)
        aliases = [f"x=Vi({D})", f"y=Vj({D})", f"b=Vj({E})"]
        ours = keopsnb_numpy.Genred("Exp(-SqDist(x,y))*b", aliases, "Sum", axis=1)
        times = interleaved({"keopsnb": functools.partial(ours, x, y, b), "peak": peak})
        measure = f"Gaussian, D={D}, float32, {E} columns: share of the peak"
        work = 2 * D + EXPONENTIAL + (1 + BLOCK_SUM) * E
        yield share(measure, times, N * N * work, fmas, reach)


def scaling() -> Iterator[Measure]:
    """(q) All cores, beside one."""
    for M, N in ((20_000, 20_000), (100, 2_000_000), (2_000_000, 100)):
        x, y, b = clouds(M, N, 3, "float32")
        ours = gaussian(keopsnb_numpy, 3)

        def on(threads: int, call: Callable[[], Any]) -> Callable[[], Any]:
            def called() -> Any:
                keopsnb.set_num_threads(threads)
                return call()

            return called

        call = functools.partial(ours, x, y, b)
        times = interleaved({"keopsnb": on(peers.CORES, call), "one thread": on(1, call)})
        keopsnb.set_num_threads(peers.CORES)
        measure = f"Gaussian, D=3, float32, {M:,} x {N:,}: {peers.CORES} threads"
        yield versus(measure, times, "one thread", 0.9 * peers.CORES)


def long_gradients() -> Iterator[Measure]:
    """(l) The gradients in all points of long vectors, beside the value."""
    torch = peers.torch()
    if torch is None:
        yield skipped("Gaussian, D=64, value and gradients", "torch is not installed")
        return
    from keopsnb import torch as keopsnb_torch

    x, y, b = map(torch.from_numpy, clouds(4_000, 4_000, 64, "float32"))
    ours, e = gaussian(keopsnb_torch, 64), torch.rand(4_000, 1)
    of = [x.clone().requires_grad_(), y.clone().requires_grad_()]
    times = interleaved(
        {
            "value alone": lambda: ours(x, y, b),
            "keopsnb": lambda: torch.autograd.grad(ours(*of, b), of, e),
        }
    )
    measure = "Gaussian, D=64, value and gradients in x, y, 4,000^2"
    yield cost(measure, times, "keopsnb", "value alone", 4)


def attention() -> Iterator[Measure]:
    """(m) Attention: scaled dot products."""
    torch = peers.torch()
    if torch is None:
        yield skipped("attention", "torch is not installed")
        return
    from keopsnb import torch as keopsnb_torch

    N, D = 2_048, 64
    q, k, v, e = torch.randn(4, N, D)
    aliases = [f"q=Vi({D})", f"k=Vj({D})", f"v=Vj({D})"]
    scores = f"(q|k)/{D**0.5}"
    ours = keopsnb_torch.Genred(scores, aliases, "SumSoftMaxWeight", axis=1, formula2="v")
    theirs = torch.nn.functional.scaled_dot_product_attention
    measure = f"attention, D={D}, float32, {N:,}^2"
    candidates = {
        "keopsnb": lambda: ours(q, k, v),
        "torch, SDPA": lambda: theirs(q[None], k[None], v[None])[0],
    }
    yield from compared(measure, candidates, {"torch, SDPA": 1})
    given = [a.clone().requires_grad_() for a in (q, k, v)]

    def gradients(call: Callable[..., Any]) -> Callable[[], Any]:
        return lambda: torch.cat(torch.autograd.grad(call(*given), given, e))

    candidates = {
        "keopsnb": gradients(ours),
        "torch, SDPA": gradients(lambda q, k, v: theirs(q[None], k[None], v[None])[0]),
    }
    yield from compared(f"{measure}, and gradients", candidates, {"torch, SDPA": 1})


def small_batches() -> Iterator[Measure]:
    """(n) Many small problems."""
    torch = peers.torch()
    if torch is None:
        yield skipped("small batches", "torch is not installed")
        return
    from keopsnb import torch as keopsnb_torch

    B, N, D = 1_200, 8, 16
    x, y = torch.randn(2, B, N, D) / D**0.5
    b, e = torch.rand(2, B, N, 1)
    ours = gaussian(keopsnb_torch, D)

    def dense(x: Any, y: Any, b: Any) -> Any:
        squares = (x * x).sum(-1)[:, :, None] + (y * y).sum(-1)[:, None]
        return torch.exp(2 * x @ y.mT - squares) @ b

    measure = f"Gaussian, D={D}, float32, {B:,} batches of {N} x {N}"
    candidates = {"keopsnb": lambda: ours(x, y, b), "torch, dense": lambda: dense(x, y, b)}
    yield from compared(measure, candidates, {"torch, dense": 1})
    given = [a.clone().requires_grad_() for a in (x, y, b)]

    def gradients(call: Callable[..., Any]) -> Callable[[], Any]:
        return lambda: torch.cat([g.ravel() for g in torch.autograd.grad(call(*given), given, e)])

    candidates = {"keopsnb": gradients(ours), "torch, dense": gradients(dense)}
    yield from compared(f"{measure}, and gradients", candidates, {"torch, dense": 1})


def _faiss(module: ModuleType, x: Array, y: Array, K: int) -> Callable[[], Any]:
    module.omp_set_num_threads(peers.CORES)
    index = module.IndexFlatL2(y.shape[1])
    index.add(y)
    return lambda: index.search(x, K)


def _sklearn(module: ModuleType, x: Array, y: Array, K: int) -> Callable[[], Any]:
    searched = module.NearestNeighbors(n_neighbors=K, algorithm="brute").fit(y)
    return lambda: searched.kneighbors(x)


def neighbour_indices() -> Iterator[Measure]:
    """(o) The indices of the nearest neighbours, against the libraries for that."""
    found = {
        name: importlib.import_module(path)
        for name, path in (("faiss", "faiss"), ("scikit-learn", "sklearn.neighbors"))
        if importlib.util.find_spec(path.split(".")[0])
    }
    for N, D, reach in (
        (20_000, 3, {"faiss": 5, "scikit-learn": 5}),
        (10_000, 64, {"faiss": 1.5, "scikit-learn": 1.5}),
        (4_000, 784, {"faiss": 1.2, "scikit-learn": 2}),
    ):
        x, y, _ = clouds(N, N, D, "float32")
        for K in (1, 10, 100):
            aliases = [f"x=Vi({D})", f"y=Vj({D})"]
            ours = keopsnb_numpy.Genred("SqDist(x,y)", aliases, "ArgKMin", axis=1, opt_arg=K)
            candidates: dict[str, Callable[[], Any]] = {"keopsnb": functools.partial(ours, x, y)}
            if "faiss" in found:
                candidates["faiss"] = _faiss(found["faiss"], x, y, K)
            if "scikit-learn" in found:
                candidates["scikit-learn"] = _sklearn(found["scikit-learn"], x, y, K)
            measure = f"indices of {K} nearest, D={D}, float32, {N:,}^2"
            times = interleaved(candidates)
            for name in ("faiss", "scikit-learn"):
                if name in times:
                    yield versus(measure, times, name, reach.get(name))
                else:
                    yield skipped(measure, f"no {name}")
