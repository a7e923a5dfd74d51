"""Kernels made ahead of time, and the machines without a compiler that run them."""

import importlib.util
import os
import platform
import re
import subprocess
import sys
from pathlib import Path

import emulated_gpu
import numpy as np
import pytest

import keopsnb
from keopsnb.numpy import Genred

GAUSSIAN = "Exp(-SqDist(x, y)) * b"
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(1)"]
TORCH = importlib.util.find_spec("torch") is not None


def run(script: str, **variables: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


# A compiler's work on names grows with their length, times their number.
def test_names_in_a_kernel_do_not_grow_with_its_formula(tmp_path: Path) -> None:
    longest = []
    for n in (2, 40):
        formula = " + ".join(f"Sin({k} * x) * y" for k in range(3, 3 + n))
        folder = tmp_path / str(n)
        keopsnb.compile(
            formula, ["x = Vi(1)", "y = Vj(1)"], axis=1, target="native", folder=str(folder)
        )
        names = [
            name
            for file in folder.rglob("*.so")
            for name in re.findall(rb"_Z\w+", file.read_bytes())
        ]
        longest.append(max(map(len, names), default=0))
    assert longest[0] > 0
    assert longest[0] == longest[1], longest


# A machine with no compiler and an empty cache.
def bare(tmp_path: Path, kernels: Path) -> dict[str, str]:
    return {
        "KEOPSNB_CXX": "/nowhere",
        "KEOPSNB_NVRTC": "/nowhere",
        "KEOPSNB_CACHE_DIR": str(tmp_path / "empty"),
        "KEOPSNB_KERNEL_PATH": f"/missing::{kernels}",
    }


# Law: a machine with no compiler runs a kernel that was compiled for it, or for an older one of its
# kind; and no other.

RUN = """
import numpy as np
import keopsnb
from keopsnb.numpy import Genred

rng = np.random.default_rng(1)
p, q, r = (rng.random(s).astype("float32") for s in ((5, 3), (7, 3), (7, 1)))
found = Genred("Exp(-SqDist(p, q)) * r", ["p = Vi(3)", "q = Vj(3)", "r = Vj(1)"], axis=1)(p, q, r)
assert np.allclose(found, np.exp(-((p[:, None] - q) ** 2).sum(-1)) @ r, 1e-5)
for other in ({"axis": 0}, {"axis": 1, "sum_scheme": "kahan_scheme"}):
    try:
        Genred("Exp(-SqDist(p, q)) * r", ["p = Vi(3)", "q = Vj(3)", "r = Vj(1)"], **other)(p, q, r)
    except keopsnb.CompileError as error:
        assert "KEOPSNB_CXX" in str(error)
    else:
        raise AssertionError("compiled by what?")
"""
TARGETS = ["native", "cpu"]
if platform.machine() == "x86_64":
    TARGETS += ["x86-64", "x86-64-v2"]


@pytest.mark.parametrize("target", TARGETS)
def test_for_a_cpu(target: str, tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    (path,) = keopsnb.compile(GAUSSIAN, ALIASES, axis=1, target=target, folder=str(folder))
    assert Path(path).is_relative_to(folder)
    assert Path(path).suffix == ".so"
    run(RUN, **bare(tmp_path, folder))
    assert not (tmp_path / "empty").exists()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="levels of x86-64")
def test_levels_are_told_apart(tmp_path: Path) -> None:
    paths = [
        keopsnb.compile(GAUSSIAN, ALIASES, target=target, folder=str(tmp_path))[0]
        for target in ("x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4", "native")
    ]
    assert len(set(paths)) == 5
    assert len({Path(path).read_bytes() for path in paths[1:4]}) == 3


@pytest.mark.skipif(not TORCH, reason="no torch")
def test_gradients_for_a_cpu(tmp_path: Path) -> None:
    paths = keopsnb.compile(
        "-SqDist(x, y) * p",
        ["x = Vi(3)", "y = Vj(3)", "p = Pm(1)"],
        "LogSumExp",
        1,
        formula2="y",
        dtype="float64",
        folder=str(tmp_path),
        gradients=["x", "y", "p"],
    )
    # A value; gradients of x and p in one pass, and in two for ranges and graphs; of y.
    assert len(set(paths)) == 5
    script = """
import torch
from keopsnb.torch import Genred

x, y, p = (torch.rand(s, dtype=torch.float64, requires_grad=True) for s in ((5, 3), (7, 3), (1,)))
reduction = Genred("-SqDist(x, y) * p", ["x = Vi(3)", "y = Vj(3)", "p = Pm(1)"], "LogSumExp", 1,
                   formula2="y")
wanted = (torch.exp(-torch.cdist(x, y)[..., None] ** 2 * p) * y).sum(1).log().sum()
found = reduction(x, y, p).sum()
for a, b in zip(*(torch.autograd.grad(f, (x, y, p)) for f in (found, wanted))):
    assert torch.allclose(a, b), a - b
"""
    run(script, **bare(tmp_path, tmp_path))


# Law: for a GPU that is not there, NVRTC makes machine code or PTX of every type.


@pytest.mark.skipif(
    importlib.util.find_spec("nvidia") is None, reason="no NVRTC: pip install keopsnb[cuda13]"
)
def test_for_a_gpu(tmp_path: Path) -> None:
    for dtype in ("float32", "float64", "float16", "bfloat16"):
        (path,) = keopsnb.compile(
            GAUSSIAN, ALIASES, axis=1, dtype=dtype, target="sm_90", folder=str(tmp_path)
        )
        assert Path(path).suffix == ".cubin"
        assert Path(path).read_bytes().startswith(b"\x7fELF")
    paths = keopsnb.compile(
        GAUSSIAN,
        ALIASES,
        target="compute_80",
        folder=str(tmp_path),
        gradients=["x", "b"],
        use_fast_math=True,
    )
    assert len(set(paths)) == 3
    for path in paths:
        assert ".target sm_80" in Path(path).read_text()
    with pytest.raises(keopsnb.CudaError, match=r"does not compile for sm_12\. Name one of:.* 90 "):
        keopsnb.compile(GAUSSIAN, ALIASES, target="sm_12", folder=str(tmp_path))


def test_a_gpu_runs_them_without_nvrtc(tmp_path: Path) -> None:
    emulated_gpu.run(
        f"""
keopsnb.compile(GAUSSIAN, ALIASES, axis=1, target="sm_90", folder={str(tmp_path)!r})
keopsnb.compile(GAUSSIAN, ALIASES, target="compute_80", folder={str(tmp_path)!r})
assert calls("cuInit") == []
"""
    )
    variables = bare(tmp_path, tmp_path)
    del variables["KEOPSNB_CXX"]
    emulated_gpu.run(
        """
from keopsnb.numpy import Genred

arrays = sample(5, 7)
for axis in (0, 1):
    reduction = Genred(GAUSSIAN, ALIASES, axis=axis)
    assert np.allclose(reduction(*arrays, backend="GPU"), reduction(*arrays), 1e-5)
fast = Genred(GAUSSIAN, ALIASES, axis=1, use_fast_math=True)
assert "/nowhere" in str(caught(keopsnb.CudaError, lambda: fast(*arrays, backend="GPU")))
""",
        **variables,
    )


# Law: what cannot be compiled is an error that says what to write.


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"target": "sm_"}, ValueError, "target is 'sm_'; write one of 'cpu', 'native'"),
        ({"target": "x86-64-v9"}, ValueError, "'sm_90' (machine code) or 'compute_80'"),
        ({"dtype": "int8"}, ValueError, "dtype is 'int8'; write one of 'float32', 'float64'"),
        ({"gradients": ["z"]}, ValueError, "gradients names 'z', and the variables are 'x', 'y'"),
        ({"gradients": "x"}, TypeError, "gradients is 'x'; write a list of names, as ['x']."),
        ({"axis": 2}, ValueError, "axis is 2; write axis=1"),
        ({"folder": "/proc/nowhere"}, keopsnb.CacheError, "Name a folder that you can write to."),
    ],
    ids=str,
)
def test_errors(options: dict[str, object], error: type, message: str, tmp_path: Path) -> None:
    with pytest.raises(error, match=re.escape(message)):
        keopsnb.compile(GAUSSIAN, ALIASES, **{"folder": str(tmp_path), **options})


def test_a_folder_that_others_can_write_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "kernels"
    keopsnb.compile(GAUSSIAN, ALIASES, folder=str(folder))
    folder.chmod(0o777)
    monkeypatch.setenv("KEOPSNB_KERNEL_PATH", str(folder))
    arrays = (np.ones((2, 3)), np.ones((2, 3)), np.ones((2, 1)))
    with pytest.raises(keopsnb.CacheError, match="which KEOPSNB_KERNEL_PATH names, cannot be used"):
        Genred("Exp(-SqDist(x, y)) * b + 7", ALIASES)(*arrays)


# Law: the command does the same.


def test_command(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "keopsnb", "compile", GAUSSIAN, *ALIASES, "--axis", "1"]
    done = subprocess.run([*words, "--gradient", "x"], cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    value, gradient = (tmp_path / path for path in done.stdout.splitlines())
    assert value.is_file()
    assert gradient.is_file()
    folder = tmp_path / "keopsnb-kernels"
    assert value.is_relative_to(folder)
    (expected,) = keopsnb.compile(GAUSSIAN, ALIASES, axis=1, folder=str(tmp_path / "other"))
    assert value.name.split("-")[0] == Path(expected).name.split("-")[0]
    run(RUN, **bare(tmp_path, folder))

    wrong = subprocess.run([*words, "--target", "sm"], cwd=tmp_path, capture_output=True, text=True)
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert wrong.stderr.startswith("target is 'sm'; write one of ")
