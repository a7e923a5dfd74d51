"""Rows that measure computing: everything is compiled before the first of them is timed."""

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import peers
from measure import Measure, cost, interleaved, skipped, versus
from numpy.typing import NDArray

from keopsnb import numpy as keopsnb_numpy

Array = NDArray[np.floating[Any]]
GAUSSIAN = "Exp(-SqDist(x,y))*b"
# Relative to the greatest value. The matrix products of the dense rows lose a few digits.
TOLERANCE = 1e-3


def clouds(M: int, N: int, D: int, dtype: str) -> tuple[Array, Array, Array]:
    """Points at squared distances of about 2, whatever D, so that no term vanishes."""
    random = np.random.default_rng(0)
    x, y = (random.standard_normal((n, D)) / np.sqrt(D) for n in (M, N))
    return x.astype(dtype), y.astype(dtype), random.random((N, 1)).astype(dtype)


def gaussian(module: ModuleType, D: int) -> Callable[..., Any]:
    """The Gaussian sum of a module that has Genred."""
    aliases = [f"x=Vi({D})", f"y=Vj({D})", "b=Vj(1)"]
    return module.Genred(GAUSSIAN, aliases, reduction_op="Sum", axis=1)


def check_agreement(measure: str, name: str, found: Any, expected: Any) -> None:
    """Refuses a candidate that computes something else."""
    found, expected = np.asarray(found), np.asarray(expected)
    error = np.abs(found - expected).max() / np.abs(expected).max()
    if not error < TOLERANCE:
        raise SystemExit(f"{measure}: {name} and keopsnb differ by {error:.1e}.")


def compared(
    measure: str, calls: dict[str, Callable[[], Any] | None], reach: Mapping[str, float]
) -> Iterator[Measure]:
    """Rows of keopsnb against every peer, once all are seen to agree. None: not installed."""
    candidates = {name: call for name, call in calls.items() if call}
    for name, call in candidates.items():
        check_agreement(measure, name, call(), candidates["keopsnb"]())
    times = interleaved(candidates)
    for name, call in calls.items():
        if call is None:
            yield skipped(measure, f"no {name}")
        elif name != "keopsnb":
            yield versus(measure, times, name, reach.get(name))


def gaussian_rows(
    M: int,
    N: int,
    D: int,
    dtype: str = "float32",
    reach: Mapping[str, float] = MappingProxyType({}),
    *,
    dense: bool = True,
) -> Iterator[Measure]:
    """The Gaussian sum of one size against all peers."""
    arrays = clouds(M, N, D, dtype)
    ours = gaussian(keopsnb_numpy, D)
    candidates: dict[str, Callable[[], Any] | None] = {
        "keopsnb": lambda: ours(*arrays),
        "pykeops": None,
    }
    if module := peers.pykeops("numpy"):
        theirs = gaussian(module, D)
        candidates["pykeops"] = peers.quiet(lambda: theirs(*arrays))
    if dense:
        candidates["torch, dense"] = None
        if torch := peers.torch():
            tensors = map(torch.from_numpy, arrays)
            candidates["torch, dense"] = peers.dense_sum(torch, *tensors)
    if "hand-written" in reach:
        candidates["hand-written"] = peers.handwritten(*arrays)
    yield from compared(f"Gaussian, D={D}, {dtype}, {M:,} x {N:,}", candidates, reach)


def low_dimension() -> Iterator[Measure]:
    """(a) The main job."""
    yield from gaussian_rows(20_000, 20_000, 3, reach={"pykeops": 20, "hand-written": 0.9})


def high_dimension() -> Iterator[Measure]:
    """(b) Long vectors."""
    yield from gaussian_rows(10_000, 10_000, 16)
    yield from gaussian_rows(5_000, 5_000, 64, reach={"pykeops": 35, "torch, dense": 1})
    yield from gaussian_rows(3_000, 3_000, 256, reach={"pykeops": 50, "torch, dense": 1.5})


def double_precision() -> Iterator[Measure]:
    """(c) float64."""
    reach = {"pykeops": 10, "hand-written": 0.9}
    yield from gaussian_rows(10_000, 10_000, 3, "float64", reach)


def gradients() -> Iterator[Measure]:
    """(g) The gradients in all arguments, beside the value."""
    measure = "Gaussian, D=3, value and 3 gradients, 10,000^2"
    torch = peers.torch()
    if torch is None:
        yield skipped(measure, "torch is not installed")
        return
    from keopsnb import torch as keopsnb_torch

    arrays = [torch.from_numpy(a).requires_grad_() for a in clouds(10_000, 10_000, 3, "float32")]
    e = torch.rand(10_000, 1)

    def both(routine: Callable[..., Any]) -> Callable[[], Any]:
        return lambda: torch.cat(
            [g.ravel() for g in torch.autograd.grad(routine(*arrays), arrays, e)]
        )

    ours = gaussian(keopsnb_torch, 3)
    constants = [a.detach() for a in arrays]
    candidates = {"value alone": lambda: ours(*constants), "keopsnb": both(ours)}
    if module := peers.pykeops("torch"):
        candidates["pykeops"] = peers.quiet(both(gaussian(module, 3)))
        check_agreement(measure, "pykeops", candidates["pykeops"](), candidates["keopsnb"]())
    times = interleaved(candidates)
    yield cost(measure, times, "keopsnb", "value alone", 3)
    if "pykeops" in times:
        yield versus(measure, times, "pykeops")


def logsumexp() -> Iterator[Measure]:
    """(h) LogSumExp."""
    x, y, _ = clouds(10_000, 10_000, 3, "float32")

    def routine(module: ModuleType) -> Callable[..., Any]:
        return module.Genred("-SqDist(x,y)", ["x=Vi(3)", "y=Vj(3)"], "LogSumExp", axis=1)

    ours = routine(keopsnb_numpy)
    candidates: dict[str, Callable[[], Any] | None] = {
        "keopsnb": lambda: ours(x, y),
        "pykeops": None,
        "torch, dense": None,
    }
    if module := peers.pykeops("numpy"):
        theirs = routine(module)
        candidates["pykeops"] = peers.quiet(lambda: theirs(x, y))
    if torch := peers.torch():
        candidates["torch, dense"] = peers.dense_logsumexp(
            torch, torch.from_numpy(x), torch.from_numpy(y)
        )
    measure = "LogSumExp of -SqDist, D=3, float32, 10,000^2"
    yield from compared(measure, candidates, {"pykeops": 20})


def few_outputs() -> Iterator[Measure]:
    """(i) Few outputs over a long sum."""
    yield from gaussian_rows(100, 1_000_000, 3, dense=False)


def neighbours() -> Iterator[Measure]:
    """(j) The distances of the nearest neighbours."""
    for N, D, K in ((10_000, 3, 10), (5_000, 64, 10)):
        x, y, _ = clouds(N, N, D, "float32")

        def routine(module: ModuleType, D: int = D, K: int = K) -> Callable[..., Any]:
            aliases = [f"x=Vi({D})", f"y=Vj({D})"]
            return module.Genred("SqDist(x,y)", aliases, "KMin", axis=1, opt_arg=K)

        ours = routine(keopsnb_numpy)
        candidates: dict[str, Callable[[], Any] | None] = {
            "keopsnb": lambda ours=ours, x=x, y=y: ours(x, y),
            "pykeops": None,
        }
        if module := peers.pykeops("numpy"):
            theirs = routine(module)
            candidates["pykeops"] = peers.quiet(
                lambda theirs=theirs, x=x, y=y: theirs(x, y).reshape(len(x), -1)
            )
        yield from compared(f"{K} nearest neighbours, D={D}, float32, {N:,}^2", candidates, {})
