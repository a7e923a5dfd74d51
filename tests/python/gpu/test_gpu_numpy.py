"""NumPy arrays on a GPU: every operation as the CPU computes it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from operations import KERNELS, ROWS, OnGpu, check_close, results, run

from keopsnb.numpy import Genred

BENCH = Path(__file__).parents[3] / "bench"
sys.path.insert(0, str(BENCH))
import gpu  # noqa: E402

NUMBERS = {"float32": np.finfo(np.float32), "float64": np.finfo(np.float64)}


# Law: an operation and its derivatives are on a GPU what they are on the CPU.


@pytest.mark.gpu
@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ROWS)
def test_operation(name: str, kernel: str) -> None:
    on_cpu = results(name, kernel)
    shift = list(KERNELS).index(kernel)
    for case, found in run(list(on_cpu), KERNELS[kernel].dtype, shift, OnGpu).items():
        expected = on_cpu[case]
        tolerance = 32 * float(NUMBERS[found.dtype].eps)
        check_close(case, found.value, expected.value, tolerance)
        for k in expected.first:
            check_close(case, found.first[k], expected.first[k], 8 * tolerance)
            check_close(case, found.forward[k], expected.forward[k], 8 * tolerance)
        for pair in expected.second:
            check_close(case, found.second[pair], expected.second[pair], 64 * tolerance)


# Law: arrays are copied to the GPU and the result back; kind and shape are those of the CPU.


@pytest.mark.parametrize("backend", ["CPU", pytest.param("GPU", marks=pytest.mark.gpu)])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_arrays(backend: str, dtype: str) -> None:
    random = np.random.default_rng(0)
    x, y, b = (random.normal(size=s) for s in ((100, 3), (3, 70_000), (70_000, 2)))
    x, y, b = (a.astype(dtype) for a in (x, y, b))
    aliases = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)"]
    found = Genred("Exp(-SqDist(x, y)) * b", aliases, axis=1)(x, y.T, b, backend=backend)
    squares = sum((x[:, c, None].astype(float) - y[c]) ** 2 for c in range(3))
    expected = np.exp(-squares) @ b.astype(float)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, expected, rtol=0, atol=2e-5 * np.abs(expected).max())


@pytest.mark.gpu
def test_float16() -> None:
    x, y = np.linspace(0, 1, 70, dtype="float16")[:, None], np.ones((33, 1), "float16")
    found = Genred("Exp(-SqDist(x, y))", ["x = Vi(1)", "y = Vj(1)"], axis=1)(x, y, backend="GPU")
    assert found.dtype == np.float16
    expected = 33 * np.exp(-((x.astype(float) - 1) ** 2))
    np.testing.assert_allclose(found.astype(float), expected, rtol=1e-3)


# Law: where there is no GPU, each part of the proof is NOT TESTED; all of them take 25 minutes at
# most; and the shards of the tests are all tests, each in one.


def test_benchmark_without_a_gpu() -> None:
    done = subprocess.run(
        [sys.executable, BENCH / "gpu.py"],
        env=os.environ | {"CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, "")
    rows = [line for line in done.stdout.splitlines() if line.startswith("| ")][2:]
    assert len(rows) == len(gpu.PARTS)
    assert all("NOT TESTED | no NVIDIA GPU" in row for row in rows), rows
    assert sum(part.limit for part in gpu.PARTS.values()) <= 25 * 60


def test_shards() -> None:
    def collected(*options: str) -> list[str]:
        command = [sys.executable, "-m", "pytest", "--collect-only", "-q", *options, __file__]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
        return [line for line in done.stdout.splitlines() if "::" in line]

    shards = [collected("-m", "gpu", "--shard", f"{k}/3") for k in range(3)]
    assert sorted(test for shard in shards for test in shard) == sorted(collected("-m", "gpu"))
    assert max(map(len, shards)) - min(map(len, shards)) <= 3


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["...\n3 passed, 2 skipped in 1.2s\n", "1 failed, 4 passed in 9s"], "1 failed, 7 passed"),
        (["no tests ran in 0.1s", "2 errors in 1s"], "2 error"),
        (["row: {}", ""], ""),
    ],
)
def test_summaries(texts: list[str], expected: str) -> None:
    assert gpu.summary(texts).startswith(expected)
