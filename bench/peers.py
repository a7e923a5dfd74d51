"""The libraries that keopsnb is measured against, each where it is installed."""

import contextlib
import ctypes
import importlib
import importlib.util
import io
import os
import shlex
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb import _core

Array = NDArray[np.floating[Any]]
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def pykeops(front_end: str) -> ModuleType | None:
    """`pykeops.numpy` or `pykeops.torch`; None where it is not installed. It prints on import."""
    if importlib.util.find_spec("pykeops") is None:
        return None
    with contextlib.redirect_stdout(io.StringIO()):
        return importlib.import_module(f"pykeops.{front_end}")


def torch() -> ModuleType | None:
    """PyTorch on all cores; None where it is not installed."""
    if importlib.util.find_spec("torch") is None:
        return None
    module = importlib.import_module("torch")
    module.set_num_threads(CORES)
    return module


def quiet(call: Callable[[], Array]) -> Callable[[], Array]:
    """The same call, after a first one without its output: pykeops prints when it compiles."""
    with contextlib.redirect_stdout(io.StringIO()):
        call()
    return call


def handwritten(x: Array, y: Array, b: Array) -> Callable[[], Array]:
    """The hand-written Gaussian sum, with the number of packs that is fastest here."""
    a = np.empty((len(x), 1), x.dtype)
    pointers = [ctypes.c_void_p(array.ctypes.data) for array in (x, y, b, a)]

    def bind(library: ctypes.CDLL, rows: int) -> Callable[[], Array]:
        def call() -> Array:
            library.gaussian_sum(
                *pointers, ctypes.c_long(rows), ctypes.c_long(len(y)), ctypes.c_int(CORES)
            )
            return a

        return call

    number = "float" if x.dtype == np.float32 else "double"
    with tempfile.TemporaryDirectory() as folder:
        libraries = [
            _compile(Path(folder), "handwritten", f"-DPACKS={packs}", f"-DNUMBER={number}")
            for packs in (2, 3, 4)
        ]

    def least(library: ctypes.CDLL) -> float:
        call = bind(library, min(len(x), 4096))
        times = []
        for _ in range(7):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)

    return bind(min(libraries, key=least), len(x))


def fma_peak() -> tuple[Callable[[], Any], float]:
    """Multiply-adds in registers on all cores, and how many a call does."""
    with tempfile.TemporaryDirectory() as folder:
        library = _compile(Path(folder), "peak")
    library.fmas_of.restype = ctypes.c_long
    rounds = ctypes.c_long(1_000_000)
    fmas = CORES * library.fmas_of(rounds)
    return lambda: library.fma_peak(rounds, ctypes.c_int(CORES)), fmas


def _compile(folder: Path, name: str, *defines: str) -> ctypes.CDLL:
    compiler = shlex.split(_core.info()["C++ compiler"])
    source = Path(__file__).parent / f"{name}.cpp"
    library = folder / f"{name}{len(list(folder.iterdir()))}.so"
    flags = "-std=c++20 -O3 -march=native -fno-math-errno -fno-trapping-math -fno-signed-zeros"
    command = [*compiler, *flags.split(), "-ffp-contract=fast", *defines]
    subprocess.run(
        [*command, "-shared", "-fPIC", "-pthread", str(source), "-o", str(library)], check=True
    )
    return ctypes.CDLL(str(library))


def dense_sum(torch: ModuleType, x: Any, y: Any, b: Any, rows: int = 512) -> Callable[[], Any]:
    """The Gaussian sum through matrix products, in chunks of rows that stay in the caches."""
    return _dense(torch, x, y, lambda s: s.neg_().exp_() @ b, rows)


def dense_logsumexp(torch: ModuleType, x: Any, y: Any) -> Callable[[], Any]:
    """The same for log Sum exp(-|x - y|^2)."""
    return _dense(torch, x, y, lambda s: torch.logsumexp(s.neg_(), 1, keepdim=True))


def _dense(
    torch: ModuleType,
    x: Any,
    y: Any,
    finish: Callable[[Any], Any],
    rows: int = 512,
) -> Callable[[], Any]:
    def call() -> Any:
        squares = (y * y).sum(1)
        parts = []
        for chunk in x.split(rows):
            s = torch.addmm(squares, chunk, y.T, alpha=-2)
            parts.append(finish(s.add_((chunk * chunk).sum(1, keepdim=True))))
        return torch.cat(parts)

    return call
