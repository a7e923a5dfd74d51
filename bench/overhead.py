"""Rows that measure calls that have next to nothing to compute."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from types import ModuleType
from typing import Any

import numpy as np
import peers
from measure import Measure, at_most, interleaved, versus
from throughput import clouds, gaussian

from keopsnb import numpy as keopsnb_numpy


def call_overhead() -> Iterator[Measure]:
    """(e) Calls that have next to nothing to compute."""
    arrays = clouds(10, 10, 3, "float32")
    yield from _overhead("NumPy", keopsnb_numpy, peers.pykeops("numpy"), arrays, 15e-6)
    more = clouds(100, 100, 3, "float32")
    yield from _lazy_overhead("NumPy", keopsnb_numpy, peers.pykeops("numpy"), more)
    if torch := peers.torch():
        from keopsnb import torch as keopsnb_torch

        theirs = peers.pykeops("torch")
        yield from _overhead(
            "torch", keopsnb_torch, theirs, [torch.from_numpy(a) for a in arrays], 30e-6
        )
        yield from _lazy_overhead(
            "torch", keopsnb_torch, theirs, [torch.from_numpy(a) for a in more]
        )
        yield from _gradients(torch, keopsnb_torch)
    yield from _making()
    yield from _shared()


def _overhead(
    name: str, ours: ModuleType, theirs: ModuleType | None, arrays: Sequence[Any], limit: float
) -> Iterator[Measure]:
    measure = f"call at M = N = 10, {name}"

    def bound(module: ModuleType) -> Callable[[], Any]:
        routine = gaussian(module, 3)
        return lambda: routine(*arrays)

    candidates = {"keopsnb": bound(ours)}
    if theirs:
        candidates["pykeops"] = peers.quiet(bound(theirs))
    times = interleaved(candidates)
    yield at_most(measure, statistics.median(times["keopsnb"]), limit)
    if theirs:
        yield versus(measure, times, "pykeops")


def _lazy_overhead(
    name: str, ours: ModuleType, theirs: ModuleType | None, arrays: Sequence[Any]
) -> Iterator[Measure]:
    measure = f"LazyTensor, M = N = 100, {name}"
    x, y, b = arrays

    def bound(module: ModuleType) -> Callable[[], Any]:
        vi, vj = module.Vi, module.Vj
        return lambda: (-((vi(x) - vj(y)) ** 2).sum(-1)).exp() @ b

    routine = gaussian(ours, 3)
    candidates = {"keopsnb": bound(ours), "Genred": lambda: routine(*arrays)}
    if theirs:
        candidates["pykeops"] = peers.quiet(bound(theirs))
    times = interleaved(candidates)
    above = (a - b for a, b in zip(times["keopsnb"], times["Genred"], strict=True))
    yield at_most(f"{measure}: above Genred", statistics.median(above), 60e-6)
    if theirs:
        yield versus(measure, times, "pykeops")


def kernel_product(module: ModuleType, x: Any, y: Any, b: Any) -> Any:
    """A Gaussian kernel's, as symbolic matrices have it."""
    return (-((module.Vi(x) - module.Vj(y)) ** 2).sum(-1)).exp() @ b


def _gradients(torch: Any, ours: ModuleType) -> Iterator[Measure]:
    """Values with a gradient, beside torch's own graph of one product and one sum."""
    x, y, b = (torch.from_numpy(a) for a in clouds(8, 8, 3, "float64"))
    leaf = x.clone().requires_grad_()
    routine = gaussian(ours, 3)

    def gradient(value: Callable[[], Any]) -> Callable[[], Any]:
        return lambda: torch.autograd.grad(value().sum(), leaf)

    times = interleaved(
        {
            "Genred": gradient(lambda: routine(leaf, y, b)),
            "LazyTensor": gradient(lambda: kernel_product(ours, leaf, y, b)),
            "torch": gradient(lambda: leaf * leaf),
        }
    )
    own = statistics.median(times["torch"]) * 1e6
    for name, limit in (("Genred", 60e-6), ("LazyTensor", 90e-6)):
        measure = f"{name}, value and gradient, M = N = 8 (of which torch's own: {own:.0f} us)"
        yield at_most(measure, statistics.median(times[name]), limit)
    for name, module, arrays, limit in (
        ("NumPy", keopsnb_numpy, [a.numpy() for a in (x, y, b)], 12e-6),
        ("torch", ours, [x, y, b], 15e-6),
    ):
        t = interleaved({name: lambda m=module, a=arrays: kernel_product(m, *a)})[name]
        yield at_most(f"LazyTensor, M = N = 8, {name}", statistics.median(t), limit)


def _making() -> Iterator[Measure]:
    times = interleaved({"Genred": lambda: gaussian(keopsnb_numpy, 3)})["Genred"]
    yield at_most("making a Genred known before", statistics.median(times), 5e-6)


def _shared() -> Iterator[Measure]:
    """Sub-expressions that are used again and again."""
    x, y = (np.random.default_rng(0).random((n, 2)) * 0.1 for n in (50, 60))
    for steps in (4, 8, 12, 40):
        start = time.perf_counter()
        K = (keopsnb_numpy.Vi(x) - keopsnb_numpy.Vj(y)).sum(-1)
        for _ in range(steps):
            K = K + K.sin() * K
        characters = len(K.formula)
        K.sum(1)
        seconds = time.perf_counter() - start
        measure = f"K = K + K.sin() * K, {steps} times ({characters} characters): first call"
        yield at_most(measure, seconds, 1.0)
