"""A machine with GPUs where there is none: scripts run with the driver of gpu/driver.cpp."""

import atexit
import functools
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
INCLUDES = [
    f"-I{folder}"
    for folder in (
        TESTS.parent / "cpp" / "include",
        TESTS.parent / "cpp" / "src",
        TESTS / "cpp",
        TESTS / "cpp" / "cuda",
        TESTS / "cpp" / "gpu",
        TESTS / "python" / "gpu",
    )
]
# The folders that scripts import modules of tests from.
FOLDERS = [str(TESTS / "python"), str(TESTS / "python" / "genred")]

PREAMBLE = """
import ctypes, os, sys
import numpy as np
import keopsnb

fake = ctypes.CDLL(os.environ["KEOPSNB_CUDA_DRIVER"])
fake.fake_log.restype = ctypes.c_char_p

def calls(name):
    lines = fake.fake_log().decode().splitlines()
    return [line.split()[1:] for line in lines if line.split()[0] == name]

def fail(name, result):
    fake.fake_fail(name.encode(), result)

def caught(error, call):
    try:
        call()
    except error as e:
        return e
    raise AssertionError("no error")

GAUSSIAN = "Exp(-SqDist(x, y)) * b"
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
rng = np.random.default_rng(1)

def sample(M, N, dtype="float32"):
    return [rng.random(shape).astype(dtype) for shape in ((M, 3), (N, 3), (N, 1))]
"""


@functools.cache
def environment(level: str = "-O1") -> dict[str, str]:
    """The environment that scripts need, made at the first use; kernels of this level."""
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None or not sys.platform.startswith("linux"):
        pytest.skip("no C++ compiler on Linux")
    place = tempfile.TemporaryDirectory(prefix="keopsnb-gpu-")
    atexit.register(place.cleanup)
    options = ["-std=c++20", "-fPIC", level, f"-I{place.name}", *INCLUDES]
    command = [compiler, "-shared", *options]
    if compiler.endswith("g++"):  # precompiled, what all kernels include takes no time
        header = ["-x", "c++-header", str(TESTS / "python" / "gpu" / "module.hpp")]
        made = ["-o", f"{place.name}/module.hpp.gch"]
        subprocess.run([compiler, *options, *header, *made], check=True)
    paths = {"driver": "python/gpu/driver.cpp", "libnvrtc.so.12": "cpp/cuda/fake_nvrtc.cpp"}
    for name, source in paths.items():
        defines = ['-DFAKE_DRIVER=""', '-DFAKE_NVRTC=""']
        made = ["-o", f"{place.name}/{name}", str(TESTS / source), "-ldl"]
        subprocess.run([*command, *defines, *made], check=True)
    return {
        "KEOPSNB_CUDA_DRIVER": f"{place.name}/driver",
        "KEOPSNB_NVRTC": f"{place.name}/libnvrtc.so.12",
        "FAKE_HOST_CXX": " ".join(command),
        "FAKE_FOLDER": place.name,
    }


def run(script: str, level: str = "-O1", **variables: str) -> None:
    """Run a script in a new process on that machine; its assertions are the test's.

    Kernels compile twice as fast with level="-O0", and run slowly.
    """
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + script],
        env={**os.environ, **environment(level), **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
