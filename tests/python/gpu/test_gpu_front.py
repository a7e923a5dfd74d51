"""Host arrays on a GPU, with an emulated one: what is launched, copied and said."""

import os
from pathlib import Path

import emulated_gpu
import pytest

# Law: backend="GPU" computes what the CPU does, in the same shape and dtype, and leaves no memory
# of the GPU in use.


@pytest.mark.parametrize(
    ("reduction", "formula", "options"),
    [
        ("Sum", "Exp(-SqDist(x, y)) * b", {}),
        ("Sum", "IntCst(1)", {}),
        ("LogSumExp", "-SqDist(x, y) + Log(b)", {}),
        ("LogSumExp", "-SqDist(x, y)", {"formula2": "y * b"}),
    ],
    ids=["sum", "no variable", "logsumexp", "weighted"],
)
def test_results(reduction: str, formula: str, options: dict[str, str]) -> None:
    emulated_gpu.run(f"""
from keopsnb.numpy import Genred

TOLERANCES = (("float32", 1e-5), ("float64", 1e-12), ("float16", 2e-3))
for axis in (0, 1):
    reduction = Genred({formula!r}, ALIASES, {reduction!r}, axis, **{options!r})
    for dtype, tolerance in TOLERANCES[: 3 if axis else 1]:
        for M, N in ((1, 1), (5, 7), (70, 300), (0, 4), (4, 0)):
            arrays = sample(M, N, dtype)
            found = reduction(*arrays, backend="GPU")
            wanted = reduction(*(a.astype("float64") for a in arrays), backend="CPU")
            assert found.dtype == dtype and found.shape == wanted.shape
            assert np.allclose(found, wanted, tolerance, tolerance), (axis, dtype, M, N)
assert fake.fake_allocations() == 0
""")


# Law: a call makes one launch, or two where the reduced index is split; each array goes to the GPU
# once; and `out` is where the result goes.


def test_what_is_launched() -> None:
    emulated_gpu.run("""
from keopsnb.numpy import Genred

gaussian = Genred(GAUSSIAN, ALIASES, axis=1)
x, y, b = sample(5, 7)
gaussian(x, y, b, backend="GPU_1D_host")
(launch,) = calls("cuLaunchKernel")
blocks, threads, shared, stream = launch
assert (blocks, stream) == ("1", "own") and int(threads) % 32 == 0, launch
sent = [int(n) for n, in calls("cuMemcpyHtoDAsync")]
assert sent == [x.nbytes, y.nbytes, b.nbytes], sent
assert calls("cuMemcpyDtoHAsync")[-1] == ["20"]

x, y, b = sample(5, 60000)
out = np.empty((5, 1), "float32")
assert gaussian(x, y, b, backend="GPU_2D", out=out) is out
first, second = calls("cuLaunchKernel")[1:]
assert int(first[0]) > 100 and second[1] == "128", (first, second)
assert np.allclose(out, gaussian(x, y, b), 1e-5)

before = len(calls("cuMemcpyHtoDAsync"))
gaussian(y[:9], y[:9], b[:9], backend="GPU")
assert len(calls("cuMemcpyHtoDAsync")) - before == 2
assert len(calls("cuModuleLoadDataEx")) == 1
""")


# Law: what would take long is several launches, in graphs too, and the result is the same.


def test_long_work_is_divided() -> None:
    emulated_gpu.run("""
from keopsnb.numpy import Genred

fake.fake_device(1, 10**9)  # on one multiprocessor, and float64 is slow
arrays = sample(5000, 40, "float64")
for reduction in ("Sum", "LogSumExp"):
    for axis in (0, 1):
        call = Genred(GAUSSIAN, ALIASES, reduction, axis)
        before = len(calls("cuLaunchKernel"))
        found = call(*arrays, backend="GPU")
        rounds = [int(blocks) for blocks, *_ in calls("cuLaunchKernel")[before:]]
        assert len(rounds) > 1 and max(rounds) <= 32, rounds
        assert np.allclose(found, call(*arrays), 1e-12)
""")


def test_the_kernel_of_each_option_is_compiled_once(tmp_path: Path) -> None:
    count = tmp_path / "compilations"
    emulated_gpu.run(
        """
from keopsnb.numpy import Genred

def compilations():
    return os.path.getsize(os.environ["FAKE_NVRTC_CALLS"])

arrays = sample(4, 4)
for fast, expected in ((False, 1), (False, 1), (True, 2), (True, 2)):
    Genred(GAUSSIAN, ALIASES, axis=1, use_fast_math=fast)(*arrays, backend="GPU")
    assert compilations() == expected, (fast, compilations())
Genred(GAUSSIAN, ALIASES, axis=1)(*sample(4, 4, "float64"), backend="GPU")
assert compilations() == 3
""",
        FAKE_NVRTC_CALLS=str(count),
        KEOPSNB_CACHE_DIR=str(tmp_path / "cache"),
    )


def test_another_gpu_and_many_threads() -> None:
    emulated_gpu.run("""
from concurrent.futures import ThreadPoolExecutor
from keopsnb.numpy import Genred

fake.fake_devices(2)
gaussian = Genred(GAUSSIAN, ALIASES, axis=1)
arrays = sample(6, 8)
wanted = gaussian(*arrays)
assert np.allclose(gaussian(*arrays, backend="GPU", device_id=1), wanted, 1e-5)
assert calls("cuDevicePrimaryCtxRetain") == [["1"]]
with ThreadPoolExecutor(4) as pool:
    each = [pool.submit(gaussian, *arrays, backend="GPU", device_id=k % 2) for k in range(16)]
    for result in each:
        assert np.allclose(result.result(), wanted, 1e-5)
assert sorted(calls("cuDevicePrimaryCtxRetain")) == [["0"], ["1"]]
assert fake.fake_allocations() == 0
""")


# Law: what fails is an error that says what to do; what can be mended works afterwards.


def test_errors() -> None:
    emulated_gpu.run("""
from keopsnb.numpy import Genred

gaussian = Genred(GAUSSIAN, ALIASES, axis=1)
arrays = sample(6, 8)
call = lambda **options: gaussian(*arrays, backend="GPU", **options)

e = caught(keopsnb.CudaError, lambda: call(device_id=3))
assert isinstance(e, RuntimeError) and (e.code, e.name) == (101, "CUDA_ERROR_INVALID_DEVICE")
assert "There is no CUDA device 3: this process has one, number 0." in str(e), e

fail("cuMemAllocFromPoolAsync", 2)
e = caught(keopsnb.CudaError, call)
assert (e.code, e.name) == (2, "CUDA_ERROR_OUT_OF_MEMORY")
assert "on device 0 (Fake GPU 0)" in str(e) and "72 bytes were asked for" in str(e), e
fail("cuMemAllocFromPoolAsync", 0)
assert np.allclose(call(), gaussian(*arrays), 1e-5)
assert fake.fake_allocations() == 0

fail("cuLaunchKernel", 719)
e = caught(keopsnb.CudaError, call)
assert (e.code, e.name) == (719, "CUDA_ERROR_LAUNCH_FAILED")
assert "could not launch a kernel" in str(e) and "process must be restarted" in str(e), e
assert caught(keopsnb.CudaError, call).code == 719
assert gaussian(*arrays).shape == (6, 1)
""")


@pytest.mark.parametrize("variable", ["KEOPSNB_CUDA_DRIVER", "KEOPSNB_NVRTC"])
def test_no_driver_and_no_compiler(variable: str, tmp_path: Path) -> None:
    emulated_gpu.run(
        f"""
from keopsnb.numpy import Genred

os.environ[{variable!r}] = "/nowhere"
gaussian = Genred(GAUSSIAN, ALIASES, axis=1)
arrays = sample(6, 8)
e = caught(keopsnb.CudaError, lambda: gaussian(*arrays, backend="GPU"))
assert (e.code, e.name) == (0, "") and "{variable}" in str(e) and "/nowhere" in str(e), e
assert gaussian(*arrays).shape == (6, 1)
""",
        KEOPSNB_CACHE_DIR=str(tmp_path),
    )


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
def test_fork() -> None:
    emulated_gpu.run("""
from keopsnb.numpy import Genred

gaussian = Genred(GAUSSIAN, ALIASES, axis=1)
arrays = sample(6, 8)
wanted = gaussian(*arrays, backend="GPU")
if os.fork() == 0:
    e = caught(keopsnb.CudaError, lambda: gaussian(*arrays, backend="GPU"))
    os._exit(0 if e.name == "CUDA_ERROR_NOT_INITIALIZED" and "'spawn'" in str(e) else 1)
assert os.wait()[1] == 0
assert (gaussian(*arrays, backend="GPU") == wanted).all()
""")


# Law: `info` tells what there is, or what is wrong, and makes no context.


def test_info() -> None:
    emulated_gpu.run("""
from keopsnb.__main__ import main
import contextlib, io

text = io.StringIO()
with contextlib.redirect_stdout(text):
    assert main(["info"]) == 0
text = text.getvalue()
assert "driver, for CUDA 12.8" in text and "GPU 0" in text, text
assert "Fake GPU 0, sm_90, 132 multiprocessors" in text and "version 12.1" in text, text
assert calls("cuDevicePrimaryCtxRetain") == []
""")
