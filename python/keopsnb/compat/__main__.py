"""Run a program with keopsnb in the place of pykeops: `python -m keopsnb.compat -h`."""

import argparse
import runpy
import sys
from collections.abc import Sequence
from pathlib import Path

from keopsnb.compat.alias import install


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a script or a module as Python itself would, after `install`."""
    parser = argparse.ArgumentParser(
        prog="python -m keopsnb.compat",
        usage="%(prog)s [-h] (script | -m module) [arguments ...]",
        description="Run a program written for pykeops, unchanged: what it imports as pykeops is "
        "keopsnb.",
    )
    parser.add_argument("-m", dest="module", action="store_true", help="run a module, as python -m")
    parser.add_argument("program", help="the path of a script, or the name of a module")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help="handed on to it")
    options = parser.parse_args(arguments)
    install()
    sys.argv = [options.program, *options.arguments]
    if options.module:
        runpy.run_module(options.program, run_name="__main__", alter_sys=True)
    else:
        if not getattr(sys.flags, "safe_path", False):  # python -P puts no folder there
            sys.path[0] = str(Path(options.program).resolve().parent)
        runpy.run_path(options.program, run_name="__main__")


if __name__ == "__main__":
    main()
