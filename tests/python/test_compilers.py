"""The headers under every compiler there is: NVRTC, without a GPU, and C++ compilers."""

import ctypes
import functools
import importlib.metadata
import multiprocessing
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path

import pytest

from keopsnb import _core

HEADERS = Path(__file__).parents[2] / "cpp" / "include"
SOURCE = Path(__file__).with_name("every_operation.cu")
ARCHITECTURES = ["sm_75", "sm_80", "sm_90", "sm_100"]


@functools.cache
def nvrtc() -> ctypes.CDLL:
    try:
        files = importlib.metadata.files("nvidia-cuda-nvrtc") or []
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("no NVRTC: pip install nvidia-cuda-nvrtc")
    paths = {f.name: f.locate() for f in files if ".so" in f.name and "alt" not in f.name}
    for start in ("libnvrtc-builtins.so", "libnvrtc.so"):
        (path,) = (p for name, p in paths.items() if name.startswith(start))
        library = ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
    return library


def text(size: Callable[..., int], get: Callable[..., int], program: ctypes.c_void_p) -> bytes:
    count = ctypes.c_size_t()
    assert size(program, ctypes.byref(count)) == 0
    buffer = ctypes.create_string_buffer(count.value)
    assert get(program, buffer) == 0
    return buffer.raw


def compile_cubin(source: str, architecture: str) -> tuple[bytes, str]:
    """Machine code, empty where there was an error, and the log."""
    library = nvrtc()
    program = ctypes.c_void_p()
    library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"k.cu", 0, None, None)
    options = ["--std=c++20", "-default-device", f"-I{HEADERS}", f"-arch={architecture}"]
    array = (ctypes.c_char_p * len(options))(*(o.encode() for o in options))
    failed = library.nvrtcCompileProgram(program, len(options), array)
    log = text(library.nvrtcGetProgramLogSize, library.nvrtcGetProgramLog, program).decode()
    sizes = (library.nvrtcGetCUBINSize, library.nvrtcGetCUBIN)
    cubin = b"" if failed else text(*sizes, program)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return cubin, log.rstrip("\0")


@pytest.fixture(scope="module")
def cubins() -> Iterator[dict[str, Future[tuple[bytes, str]]]]:
    """By architecture; double is compiled for the last one only, as it takes as long again."""
    nvrtc()
    source = SOURCE.read_text()
    float_only = f"#define KEOPSNB_FLOAT_ONLY\n{source}"
    # Processes, as NVRTC compiles one program at a time.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        yield {
            a: pool.submit(compile_cubin, source if a == ARCHITECTURES[-1] else float_only, a)
            for a in reversed(ARCHITECTURES)
        }


# Law: every operation and its first derivatives are device code, as the headers stand.


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_nvrtc(architecture: str, cubins: dict[str, Future[tuple[bytes, str]]]) -> None:
    cubin, log = cubins[architecture].result()
    assert cubin[:4] == b"\x7fELF", log
    assert not re.search("error|warning", log), log
    for row in _core.catalogue():
        assert f"{row.name}_float".encode() in cubin
        double = f"{row.name}_double".encode() in cubin
        assert double == (architecture == ARCHITECTURES[-1])


def test_nvrtc_refuses_what_is_wrong() -> None:
    source = SOURCE.read_text() + "\nconstexpr auto wrong = vi<0, 2> + vi<0, 3>;\n"
    cubin, log = compile_cubin(source, "sm_90")
    assert not cubin
    assert "the operands' dimensions do not fit this operation" in log


# Law: and C++ without a warning.


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
def test_host_compilers(compiler: str, tmp_path: Path) -> None:
    if not shutil.which(compiler):
        pytest.skip(f"{compiler} is not installed")
    source = tmp_path / "every_operation.cpp"
    source.write_text(f"#include <keopsnb/keopsnb.hpp>\n{SOURCE.read_text()}")
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-Wno-psabi", f"-I{HEADERS}"]
    done = subprocess.run(
        [compiler, *flags, "-c", source, "-o", tmp_path / "every_operation.o"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
