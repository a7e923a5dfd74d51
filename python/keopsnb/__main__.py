"""Command line: `python -m keopsnb -h`."""

import argparse
import importlib.util
import platform
import sys
from collections.abc import Mapping, Sequence
from typing import Any

import keopsnb
from keopsnb import _core
from keopsnb._dtypes import NUMBERS, listed

_COLUMNS = 80


def _print_table(rows: Mapping[str, object]) -> None:
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


def _brief(rows: Mapping[str, object]) -> dict[str, str]:
    """The rows that matter to most, a line of the screen each; equal GPUs are one row."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for name, value in rows.items():
        kind, _, number = name.partition(" ") if name.startswith("GPU ") else (name, "", "")
        if name in _DETAILS or " " in number:
            continue
        grouped.setdefault((kind, str(value)), []).append(number)
    brief = {}
    for (kind, value), numbers in grouped.items():
        ends = numbers if len(numbers) == 1 else [numbers[0], numbers[-1]]
        brief[" ".join([kind, " to ".join(ends)]).strip()] = value
    room = _COLUMNS - 2 - max(map(len, brief))
    return {name: _shortened(value, room) for name, value in brief.items()}


# Rows of `info` that only a search for a fault needs.
_DETAILS = ("CPU in keys", "loaded kernels")


def _shortened(value: str, room: int) -> str:
    """The first sentence, without lists of architectures, and without the middle of a path."""
    value = value.partition(". ")[0].partition("\n")[0].partition(", for sm_")[0]
    if len(value) <= room:
        return value
    front = (room - 3) // 3
    return f"{value[:front]}...{value[len(value) - (room - 3 - front) :]}"


def _readable_size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


def _print_info(verbose: bool) -> None:
    torch = importlib.util.find_spec("torch")  # found, not imported: that takes seconds
    rows = {
        "keopsnb": f"{keopsnb.__version__} in {keopsnb.__path__[0]}",
        "Python": f"{platform.python_version()} at {sys.executable}",
        "platform": platform.platform(),
        **_core.info(),
        **_core.cuda_info(),
        "headers": keopsnb.get_include(),
        "PyTorch": torch.origin if torch else "not installed; keopsnb.torch needs it",
    }
    _print_table(rows if verbose else _brief(rows))
    if not verbose:
        print("More, and in full: python -m keopsnb info --verbose")


def _print_cache(clear: bool) -> None:
    if clear:
        print(f"Removed {_core.cache_clear()} kernels.")
    rows = dict(_core.cache_info())
    rows["size"] = _readable_size(int(rows.pop("bytes")))
    _print_table(rows)


# Arguments of `keopsnb.compile`, with what it says of them and what argparse takes.
_COMPILE: list[tuple[str, str, dict[str, Any]]] = [
    ("formula", 'such as "Exp(-SqDist(x, y)) * b"; after -- if it begins with a minus', {}),
    ("aliases", 'such as "x = Vi(3)" "y = Vj(3)" "b = Vj(1)"', {"nargs": "*"}),
    (
        "--reduction",
        "Sum (the default), LogSumExp, KMin ...",
        {"default": "Sum", "dest": "reduction_op"},
    ),
    ("--opt-arg", "the K of KMin and its like", {"type": int}),
    (
        "--axis",
        "the index reduced over: 1 is j, 0 (the default) is i",
        {"default": 0, "type": int},
    ),
    ("--dtype", listed(NUMBERS), {"default": "float32"}),
    (
        "--target",
        "native (this CPU), x86-64-v3, sm_90 (a GPU), compute_80 (GPUs from that one on) ...",
        {"default": "native"},
    ),
    ("--formula2", "the weights of a LogSumExp", {}),
    ("--folder", "where to put them; keopsnb-kernels by default", {}),
    (
        "--gradient",
        "a variable whose gradient is wanted too; may be repeated",
        {"action": "append", "default": [], "dest": "gradients", "metavar": "NAME"},
    ),
    ("--dtype-acc", "as for Genred", {"default": "auto"}),
    ("--sum-scheme", "as for Genred", {"default": "auto"}),
    ("--use-fast-math", "as for Genred", {"action": "store_true"}),
]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m keopsnb",
        description="Show how this keopsnb is set up, and where its parts are.",
        epilog="To build C++ with it: c++ -std=c++20 -O3 $(python -m keopsnb --includes) main.cpp, "
        "or cmake -Dkeopsnb_DIR=$(python -m keopsnb --cmakedir).",
    )
    parser.add_argument("--version", action="version", version=keopsnb.__version__)
    paths = parser.add_mutually_exclusive_group()
    paths.add_argument(
        "--includes", action="store_true", help="print the compiler flag for the C++ headers"
    )
    paths.add_argument(
        "--cmakedir", action="store_true", help="print the folder of keopsnb-config.cmake"
    )
    commands = parser.add_subparsers(dest="command", metavar="command")
    info = commands.add_parser(
        "info", help="show version, compilers, GPUs, cache folder and threads, on one screen"
    )
    info.add_argument("--verbose", "-v", action="store_true", help="show all, in full")
    compile_ = commands.add_parser(
        "compile",
        help="compile the kernels of a reduction for another machine",
        description="Compile the kernels of a reduction into a folder, which KEOPSNB_KERNEL_PATH "
        "names on the machine that runs them. See help(keopsnb.compile).",
    )
    for name, meaning, options in _COMPILE:
        compile_.add_argument(name, help=meaning, **options)
    cache = commands.add_parser("cache", help="show where compiled kernels are kept; remove them")
    cache.add_argument("--clear", action="store_true", help="remove all compiled kernels")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = _parser()
    given = vars(parser.parse_args(arguments))
    includes, cmakedir, command = (given.pop(k) for k in ("includes", "cmakedir", "command"))
    if includes:
        print(f"-I{keopsnb.get_include()}")
    elif cmakedir:
        print(keopsnb.get_cmake_dir())
    elif command == "info":
        _print_info(**given)
    elif command == "cache":
        _print_cache(**given)
    elif command == "compile":
        try:
            print(*keopsnb.compile(**given), sep="\n")
        except (TypeError, ValueError, RuntimeError) as error:
            print(error, file=sys.stderr)
            return 1
    else:
        parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
