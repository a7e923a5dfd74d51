"""Command line: `python -m keopsnb -h`."""

import argparse
import importlib.util
import platform
import sys
from collections.abc import Mapping, Sequence

import keopsnb
from keopsnb import _core


def _print_table(rows: Mapping[str, object]) -> None:
    width = max(map(len, rows))
    for name, value in rows.items():
        print(f"{name:<{width}}  {value}")


def _readable_size(size: float) -> str:
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.4g} {unit}"
        size /= 1024
    return f"{size:.4g} GiB"


def _print_info() -> None:
    torch = importlib.util.find_spec("torch")  # found, not imported: that takes seconds
    _print_table(
        {
            "keopsnb": f"{keopsnb.__version__} in {keopsnb.__path__[0]}",
            "Python": f"{platform.python_version()} at {sys.executable}",
            "platform": platform.platform(),
            **_core.info(),
            "headers": keopsnb.get_include(),
            "PyTorch": torch.origin if torch else "not installed; keopsnb.torch needs it",
        }
    )


def _print_cache(clear: bool) -> None:
    if clear:
        print(f"Removed {_core.cache_clear()} kernels.")
    rows = dict(_core.cache_info())
    rows["size"] = _readable_size(int(rows.pop("bytes")))
    _print_table(rows)


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
    commands.add_parser(
        "info", help="show version, compiler, cache folder, threads and SIMD, on one screen"
    )
    cache = commands.add_parser("cache", help="show where compiled kernels are kept; remove them")
    cache.add_argument("--clear", action="store_true", help="remove all compiled kernels")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.includes:
        print(f"-I{keopsnb.get_include()}")
    elif options.cmakedir:
        print(keopsnb.get_cmake_dir())
    elif options.command == "info":
        _print_info()
    elif options.command == "cache":
        _print_cache(options.clear)
    else:
        parser.print_help()
    return 0


if __name__ == "__main__":
    sys.exit(main())
