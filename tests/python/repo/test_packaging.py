"""The files of an installed keopsnb, and the cost of importing it."""

import importlib.metadata
import importlib.util
import json
import os
import re
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Any

import pytest

import keopsnb
from keopsnb import _core
from keopsnb.__main__ import main

SOURCE = Path(__file__).parents[3]
INSTALLED = Path(_core.__file__).parent


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter, in a folder and with a home of the test's own where one is given."""
    return subprocess.run(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        cwd=environment.get("HOME"),
        capture_output=True,
        text=True,
        check=False,
    )


# Law: importing does nothing but define names.


@pytest.mark.parametrize("module", ["keopsnb", "keopsnb.numpy"])
def test_import_prints_and_creates_nothing(module: str, tmp_path: Path) -> None:
    home = {
        name: str(tmp_path)
        for name in ("HOME", "XDG_CACHE_HOME", "TMPDIR", "KEOPSNB_CACHE_DIR", "PYTHONPYCACHEPREFIX")
    }
    done = run("-B", "-W", "error", "-c", f"import {module}", **home)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        ("keopsnb", {"numpy", "torch", "subprocess", "importlib.metadata"}),
        ("keopsnb.numpy", {"torch", "scipy", "keopsnb.torch"}),
    ],
)
def test_import_loads_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    done = run("-c", f"import {module}, sys, json; print(json.dumps(sorted(sys.modules)))")
    assert absent & set(json.loads(done.stdout)) == set()


# Law: the wheel holds all that C++ users, type checkers and pip need.


def test_all_headers_are_installed_as_they_are() -> None:
    def tree(folder: Path) -> dict[str, bytes]:
        return {
            str(f.relative_to(folder)): f.read_bytes() for f in folder.rglob("*") if f.is_file()
        }

    include = Path(keopsnb.get_include())
    assert (include / "keopsnb" / "config.hpp").is_file()
    assert tree(include) == tree(SOURCE / "cpp" / "include")


def test_type_information_is_installed() -> None:
    package = importlib.util.find_spec("keopsnb")
    assert package is not None
    assert package.origin is not None
    assert (Path(package.origin).parent / "py.typed").is_file()
    stub = (INSTALLED / "_core.pyi").read_text()
    names = [name for name in vars(_core) if not name.startswith("_")] + ["__version__"]
    missing = [name for name in names if not re.search(rf"\b{name}\b", stub)]
    assert missing == []


def test_one_version_everywhere() -> None:
    source = re.search(r"keopsnb\s+VERSION ([0-9.]+)", (SOURCE / "CMakeLists.txt").read_text())
    assert source is not None
    cmake = Path(keopsnb.get_cmake_dir(), "keopsnb-config-version.cmake").read_text()
    assert keopsnb.__version__ == source[1]
    assert importlib.metadata.version("keopsnb") == source[1]
    assert f'set(PACKAGE_VERSION "{source[1]}")' in cmake


def test_numpy_is_the_only_dependency() -> None:
    required = [r for r in importlib.metadata.requires("keopsnb") or [] if "extra ==" not in r]
    assert [re.match(r"[\w-]+", r)[0] for r in required] == ["numpy"]


@pytest.mark.skipif(
    sys.version_info < (3, 12) or bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="the stable ABI starts at Python 3.12, with the GIL",
)
def test_the_module_uses_the_stable_abi() -> None:
    assert ".abi3." in Path(_core.__file__).name
    tag = importlib.metadata.distribution("keopsnb").read_text("WHEEL")
    assert "Tag: cp312-abi3-" in (tag or "")


# Law: each command prints one screen, its help tells of every option, and a wrong one ends with 2.


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--version"], [keopsnb.__version__]),
        (["--includes"], [f"-I{keopsnb.get_include()}"]),
        (["--cmakedir"], [keopsnb.get_cmake_dir()]),
        (["info"], ["keopsnb", keopsnb.__version__, sys.version.split()[0], "PyTorch"]),
        (["cache"], ["folder", "kernels", "size"]),
        (["-h"], ["info", "cache", "--includes", "--cmakedir", "--version"]),
        (["cache", "-h"], ["--clear"]),
        ([], ["info", "cache"]),
    ],
)
def test_command_line(arguments: list[str], expected: list[str]) -> None:
    done = run("-m", "keopsnb", *arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert [word for word in expected if word not in done.stdout] == []
    assert len(done.stdout.splitlines()) <= 40


def test_info_is_one_screen(monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    missing = "No NVIDIA driver was found. Tried: a, b, c. Install NVIDIA's driver."
    gpus = {}
    for k in range(16):
        gpus[f"GPU {k}"] = f"NVIDIA H100 {'SXM' if k < 8 else 'PCIe'}, sm_90, 132 multiprocessors"
        gpus[f"GPU {k} kernels"] = "sm_90"
    nvrtc = {"NVRTC": f"/{'long/' * 30}libnvrtc.so.13, version 13.0, for sm_75, 80, 90"}
    for rows in ({"CUDA driver": missing}, {"CUDA driver": "libcuda.so.1", **gpus, **nvrtc}):
        monkeypatch.setattr(_core, "cuda_info", lambda rows=rows: rows)
        assert main(["info"]) == 0
        brief = capsys.readouterr().out
        lines = brief.splitlines()
        assert len(lines) <= 24
        assert max(map(len, lines)) <= 80
        assert main(["info", "--verbose"]) == 0
        full = capsys.readouterr().out
        assert all(value in full for value in rows.values())
    assert "GPU 0 to 7 " in brief
    assert "GPU 8 to 15 " in brief
    assert "libnvrtc.so.13, version 13.0\n" in brief
    model = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
    names = re.findall(r"^model name\s*: (.*)$", model, re.MULTILINE)
    assert not names or f" {names[0].strip()}\n" in brief
    if "avx2" in model:
        assert " AVX2, FMA" in brief


@pytest.mark.parametrize("arguments", [["nothing"], ["--nothing"], ["--includes", "--cmakedir"]])
def test_command_line_refuses(arguments: list[str]) -> None:
    done = run("-m", "keopsnb", *arguments)
    assert done.returncode == 2
    assert "usage: python -m keopsnb" in done.stderr


def test_info_says_whether_torch_is_there_without_importing_it() -> None:
    code = (
        "import sys; from keopsnb.__main__ import main; main(['info']); "
        "assert 'torch' not in sys.modules"
    )
    done = run("-c", code)
    found = importlib.util.find_spec("torch") is not None
    assert done.returncode == 0, done.stderr
    assert ("not installed" in done.stdout) != found


def test_cache_clear_leaves_none(tmp_path: Path) -> None:
    done = run("-m", "keopsnb", "cache", "--clear", KEOPSNB_CACHE_DIR=str(tmp_path / "cache"))
    assert done.returncode == 0, done.stderr
    assert "Removed 0 kernels." in done.stdout
