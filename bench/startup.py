"""Rows that measure waiting: compilation, calls of no size, imports. Caches start empty."""

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import peers
from measure import Row, at_most, cost, interleaved, skipped, versus
from throughput import clouds, gaussian

from keopsnb import numpy as keopsnb_numpy

ORDERS = ("value", "gradient", "Hessian-vector product")


def fresh(arguments: Sequence[str], folder: str) -> Any:
    """What a new interpreter prints in its last line, as JSON; its kernels go to `folder`."""
    environment = {**os.environ, "KEOPSNB_CACHE_DIR": folder, "KEOPS_CACHE_FOLDER": folder}
    done = subprocess.run(
        [sys.executable, *arguments],
        env=environment,
        cwd=Path(__file__).parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def first_calls(library: str, repeats: int, *dims: str) -> dict[str, list[float]]:
    """Times of first_call.py by name, each repeat with an empty cache."""
    times: dict[str, list[float]] = {}
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            for name, t in fresh(["first_call.py", library, *dims], folder).items():
                times.setdefault(name, []).append(t)
    return times


def first_call() -> Iterator[Row]:
    """(d) Formulas that no one has compiled yet."""
    if peers.torch() is None:
        yield skipped("first call", "torch is not installed")
    else:
        ours = first_calls("keopsnb", 5)
        theirs = first_calls("pykeops", 1) if importlib.util.find_spec("pykeops") else None
        for order in ORDERS:
            measure = f"first call of a new formula: {order}"
            t = statistics.median(ours[order])
            yield at_most(measure, t, 0.5)
            if theirs:
                both = {"keopsnb": [t], "pykeops": theirs[order]}
                yield versus(measure, both, "pykeops", 10)
    by_dim = first_calls("keopsnb", 3, "3", "64", "512")
    for D in ("64", "512"):
        times = {"keopsnb": by_dim[D], "D=3": by_dim["3"]}
        yield cost(f"first call, D={D}", times, "keopsnb", "D=3", 1.5)


def call_overhead() -> Iterator[Row]:
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


def _overhead(
    name: str, ours: ModuleType, theirs: ModuleType | None, arrays: Sequence[Any], limit: float
) -> Iterator[Row]:
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
) -> Iterator[Row]:
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


def imports() -> Iterator[Row]:
    """(f) What an import adds to that of NumPy."""
    measure = "import beyond numpy"
    modules = {"keopsnb": "keopsnb.numpy"}
    if importlib.util.find_spec("pykeops"):
        modules["pykeops"] = "pykeops.numpy"
    times: dict[str, list[float]] = {library: [] for library in modules}
    with tempfile.TemporaryDirectory() as folder:
        for repeat in range(6):
            for library, module in modules.items():
                code = (
                    "import numpy, time; start = time.perf_counter(); "
                    f"import {module}; print(); print(time.perf_counter() - start)"
                )
                t = fresh(["-c", code], folder)
                if repeat > 0:  # the first reads the disk, and pykeops compiles
                    times[library].append(t)
    yield at_most(measure, statistics.median(times["keopsnb"]), 0.030)
    if "pykeops" in times:
        yield versus(measure, times, "pykeops")
