"""The headers under every compiler there is: NVRTC and nvcc, without a GPU, and C++ compilers."""

import multiprocessing
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from keopsnb import _core

sys.path.append(str(Path(__file__).parents[3] / "bench"))

import cubin

ROOT = Path(__file__).parents[3]
HEADERS = ROOT / "cpp" / "include"
SOURCE = Path(__file__).parents[1] / "every_operation.cu"
REDUCTIONS = Path(__file__).parents[1] / "every_reduction.cu"
LONG = ["-DKEOPSNB_DIM=40"]
# Architecture, type in memory, more options. All operations take half a minute to compile, so that
# types take turns; nvcc has float32. Kernels for long vectors are those of test_gpu_operations.py
# and test_sass.py.
BUILDS: list[tuple[str, str, list[str]]] = [
    ("sm_75", "keopsnb::float16", []),
    ("sm_100", "double", []),
]
# Every reduction in the kernels for short and long vectors and for long results.
REDUCTION_BUILDS: list[tuple[str, str, list[str]]] = [
    ("sm_75", "float", []),
    ("sm_80", "double", LONG),
    ("sm_90", "keopsnb::float16", [*LONG, "-DKEOPSNB_LONG_RESULT"]),
    ("sm_100", "keopsnb::bfloat16", []),
]


def text_of(source: Path) -> str:
    """A source with the rows that it includes, which NVRTC would not find."""
    rows = source.with_suffix(".inc")
    text = source.read_text()
    assert f'#include "{rows.name}"\n' in text
    return text.replace(f'#include "{rows.name}"\n', rows.read_text())


def name(build: tuple[str, str, list[str]]) -> str:
    arch, number, options = build
    long = "results" if "-DKEOPSNB_LONG_RESULT" in options else "vectors"
    return f"{arch}, {number}{f', long {long}' if options else ''}"


@pytest.fixture(scope="module")
def nvrtc() -> None:
    try:
        cubin.nvrtc()
    except cubin.MissingError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def cubins(nvrtc: None) -> Iterator[dict[str, Future[tuple[bytes, str]]]]:
    # Processes, as NVRTC compiles one program at a time.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield {
            source.stem + name(build): pool.submit(
                cubin.compile_cubin,
                text_of(source),
                build[0],
                [f"-DKEOPSNB_NUMBER={build[1]}", *build[2]],
            )
            for source, builds in ((SOURCE, BUILDS), (REDUCTIONS, REDUCTION_BUILDS))
            for build in builds
        }


def compiled(future: Future[tuple[bytes, str]]) -> bytes:
    code, log = future.result()
    assert code[:4] == b"\x7fELF", log
    assert not re.search("error|warning", log), log
    for symbol in ("keopsnb_reduce", "keopsnb_merge", "keopsnb_fill", "keopsnb_traits"):
        assert symbol.encode() in code
    return code


# Law: what is compiled here is every row.


def test_rows() -> None:
    script = SOURCE.with_name("every_row.py")
    subprocess.run([sys.executable, str(script), "--check"], check=True)


# Law: every operation with its first derivatives is a GPU kernel, as the headers stand.


@pytest.mark.parametrize("build", BUILDS, ids=name)
def test_nvrtc(
    build: tuple[str, str, list[str]], cubins: dict[str, Future[tuple[bytes, str]]]
) -> None:
    code = compiled(cubins[SOURCE.stem + name(build)])
    for row in _core.catalogue():
        # That elementwise operations are in the kernels of their groups, test_rows says.
        assert row.partials or f"{row.name}_reduce".encode() in code, row.name
    groups = re.findall(r"KEOPSNB_GROUP\((\w+),", SOURCE.with_suffix(".inc").read_text())
    for group in groups:
        assert f"{group}_reduce".encode() in code


# Law: so is every reduction, of numbers of each type.


@pytest.mark.parametrize("build", REDUCTION_BUILDS, ids=name)
def test_nvrtc_reductions(
    build: tuple[str, str, list[str]], cubins: dict[str, Future[tuple[bytes, str]]]
) -> None:
    code = compiled(cubins[REDUCTIONS.stem + name(build)])
    for row in _core.reductions():
        # Max_SumShiftExp and its like are made of others.
        assert not row.call or f"{row.name}_reduce".encode() in code, row.name


def test_nvrtc_refuses_what_is_wrong(nvrtc: None) -> None:
    source = text_of(SOURCE) + "\nconstexpr auto wrong = vi<0, 2> + vi<0, 3>;\n"
    code, log = cubin.compile_cubin(source, "sm_90", ["-DKEOPSNB_STRUCTURAL"])
    assert not code
    assert "the operands' dimensions do not fit this operation" in log


# Law: and C++ without a warning.


def compiles(*command: str | Path) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_host_compilers(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    source = tmp_path / "every_operation.cpp"
    source.write_text(f"#include <keopsnb/keopsnb.hpp>\n{text_of(SOURCE)}")
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-psabi", f"-I{HEADERS}"]
    compiles(compiler, *flags, "-fsyntax-only", source)


# Law: nvcc takes the headers with no flag but the language, and its host compiler warns of nothing.


def test_nvcc(tmp_path: Path) -> None:
    if not shutil.which("nvcc"):
        pytest.skip("nvcc is not installed")
    flags = ["-std=c++20", "-arch=sm_90", "-Xcompiler=-Wall,-Wextra", "-Werror=all-warnings"]
    source = ROOT / "examples" / "cpp" / "gpu.cu"
    compiles("nvcc", *flags, f"-I{HEADERS}", source, "-o", tmp_path / "gpu")
    done = subprocess.run([tmp_path / "gpu"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.search("There is no GPU here|relative error", done.stdout)
