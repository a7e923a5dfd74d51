"""Machine code of GPU kernels, made and taken apart on a machine that need not have a GPU."""

import ctypes
import functools
import importlib.metadata
import re
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

INCLUDE = Path(__file__).parents[1] / "cpp" / "include"
NVRTC_WHEELS = ("nvidia-cuda-nvrtc", "nvidia-cuda-nvrtc-cu12")


class MissingError(Exception):
    """A tool that is not installed; the message says how to get it."""


def _files(wheel: str) -> list[Path]:
    try:
        files = importlib.metadata.files(wheel) or []
    except importlib.metadata.PackageNotFoundError:
        return []
    return [Path(str(f.locate())) for f in files]


def tool(name: str) -> str:
    """The path of cuobjdump or nvdisasm: from its wheel, else from PATH."""
    for path in _files(f"nvidia-cuda-{name}"):
        if path.name == name and path.parent.name == "bin":
            path.chmod(path.stat().st_mode | 0o111)  # not every installer keeps the mode
            return str(path)
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"There is no {name}: pip install nvidia-cuda-{name}")
    return found


@functools.cache
def nvrtc() -> ctypes.CDLL:
    """NVRTC from its wheel."""
    for wheel in NVRTC_WHEELS:
        paths = [p for p in _files(wheel) if ".so" in p.name and "alt" not in p.name]
        if not paths:
            continue
        for start in ("libnvrtc-builtins.so", "libnvrtc.so"):
            (path,) = (p for p in paths if p.name.startswith(start))
            library = ctypes.CDLL(str(path), ctypes.RTLD_GLOBAL)
        return library
    raise MissingError(f"There is no NVRTC: pip install {NVRTC_WHEELS[0]}")


def nvrtc_version() -> str:
    major, minor = ctypes.c_int(), ctypes.c_int()
    nvrtc().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor))
    return f"{major.value}.{minor.value}"


def _text(size: Callable[..., int], get: Callable[..., int], program: ctypes.c_void_p) -> bytes:
    count = ctypes.c_size_t()
    assert size(program, ctypes.byref(count)) == 0
    buffer = ctypes.create_string_buffer(count.value)
    assert get(program, buffer) == 0
    return buffer.raw


def compile_cubin(source: str, arch: str, options: Sequence[str] = ()) -> tuple[bytes, str]:
    """Machine code, empty where there was an error, and the log."""
    library = nvrtc()
    program = ctypes.c_void_p()
    library.nvrtcCreateProgram(ctypes.byref(program), source.encode(), b"k.cu", 0, None, None)
    words = [
        "--std=c++20",
        "--device-as-default-execution-space",
        f"--include-path={INCLUDE}",
        f"--gpu-architecture={arch}",
        *options,
    ]
    array = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
    failed = library.nvrtcCompileProgram(program, len(words), array)
    log = _text(library.nvrtcGetProgramLogSize, library.nvrtcGetProgramLog, program)
    sizes = (library.nvrtcGetCUBINSize, library.nvrtcGetCUBIN)
    cubin = b"" if failed else _text(*sizes, program)
    library.nvrtcDestroyProgram(ctypes.byref(program))
    return cubin, log.decode(errors="replace").rstrip("\0 \n")


def run(name: str, *arguments: str) -> str:
    command = [tool(name), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def version(name: str) -> str:
    found = re.search(r"V([\d.]+)", run(name, "--version"))
    return found[1] if found else "?"


@dataclass(frozen=True)
class Resources:
    """Resources of a function: registers of a thread, and bytes of it that are no registers."""

    registers: int
    stack: int
    local: int
    spills: int


def resources(cubin: Path, log: str, function: str) -> Resources:
    """The figures of cuobjdump, and the spills from NVRTC's log with --ptxas-options=-v."""
    usage = run("cuobjdump", "-res-usage", str(cubin))
    line = re.search(rf"Function {function}:\s*(.*)", usage)
    numbers = dict(re.findall(r"(REG|STACK|LOCAL):(\d+)", line[1])) if line else {}
    spilled = re.search(
        rf"Function properties for {function}\s.*?(\d+) bytes spill stores, (\d+) bytes spill load",
        log,
        re.S,
    )
    if line is None or spilled is None:
        raise ValueError(f"cuobjdump or NVRTC tells nothing of {function}:\n{usage}\n{log}")
    return Resources(
        int(numbers["REG"]),
        int(numbers["STACK"]),
        int(numbers["LOCAL"]),
        int(spilled[1]) + int(spilled[2]),
    )


@dataclass(frozen=True)
class Instruction:
    label: str  # of this place, or ""
    guard: str  # predicate, or ""
    opcode: str
    target: str  # label of a branch, or ""


def disassemble(cubin: Path, function: str) -> list[Instruction]:
    """The instructions of a function, in order."""
    text = run("nvdisasm", "-c", str(cubin))
    begin = text.index(f"\n.text.{function}:")
    end = text.find("\n.text.", begin + 1)
    instructions = []
    label = ""
    for line in text[begin : None if end < 0 else end].splitlines():
        if named := re.match(r"(\.L\w+):", line):
            label = named[1]
        coded = re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+\{?\s*(@!?U?P\w+)?\s*([A-Z][\w.]*)(.*)", line)
        if coded:
            target = re.search(r"`\((\.L\w+)\)", coded[3])
            branch = target[1] if target and coded[2].startswith("BRA") else ""
            instructions.append(Instruction(label, coded[1] or "", coded[2], branch))
            label = ""
    return instructions


def inner_loops(code: Sequence[Instruction]) -> list[list[Instruction]]:
    """The instructions that one round of each innermost loop executes.

    A condition inside a loop is taken to hold when it jumps over code: that is how a compiler
    writes what is rare, such as the slow way of a square root.
    """
    places = {i.label: k for k, i in enumerate(code) if i.label}
    jumps = [(k, places[i.target]) for k, i in enumerate(code) if i.target in places]
    loops = [(to, k) for k, to in jumps if to < k]
    innermost = [
        loop
        for loop in loops
        if not any(loop[0] <= a and b <= loop[1] and loop != (a, b) for a, b in loops)
    ]
    rounds = []
    for first, last in innermost:
        k, executed = first, []
        while k <= last:
            executed.append(code[k])
            to = places.get(code[k].target, k)
            k = to if k < to <= last else k + 1
        rounds.append(executed)
    return rounds
