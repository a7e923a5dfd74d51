"""Rows that measure waiting: compilation and imports. Caches start empty."""

import importlib.util
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import peers
from measure import Measure, at_most, cost, skipped, versus

ORDERS = ("value", "gradient", "Hessian-vector product")


def fresh(arguments: Sequence[str], folder: str) -> Any:
    """The last line that a new interpreter prints, as JSON; its kernels go to `folder`."""
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


def first_call() -> Iterator[Measure]:
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


def imports() -> Iterator[Measure]:
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
