"""Python processes and compilers for tests of what happens outside this process."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

PREAMBLE = """
import os, signal, sys, threading, time
import numpy as np
import keopsnb
from keopsnb.numpy import Genred

def compute(formula="Exp(-SqDist(x, y)) * b"):
    aliases = ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"]
    return Genred(formula, aliases, axis=1)(np.zeros((3, 2)), np.zeros((4, 2)), np.ones((4, 1)))

def check():
    assert compute().tolist() == [[4.0]] * 3
"""


def compiler() -> str:
    for name in (os.environ.get("KEOPSNB_CXX"), os.environ.get("CXX"), "c++", "g++", "clang++"):
        if name and (path := shutil.which(name)):
            return path
    raise LookupError("no C++ compiler")


def start(code: str, environment: Mapping[str, str | None], *wrapper: str) -> subprocess.Popen[str]:
    """A Python process with these changes to the environment; None removes a variable."""
    changed = {**os.environ, **environment}
    return subprocess.Popen(
        [*wrapper, sys.executable, "-W", "error", "-c", PREAMBLE + code],
        env={name: value for name, value in changed.items() if value is not None},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str], timeout: float = 120) -> str:
    """The text it printed, once it ended well."""
    try:
        out, err = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)  # its children hold the pipes, too
        out, err = process.communicate()
        raise AssertionError(f"still running after {timeout} s\n{out}\n{err}") from None
    assert (process.returncode, err) == (0, ""), f"{process.returncode}\n{out}\n{err}"
    return out


def python(code: str, environment: Mapping[str, str | None], *wrapper: str) -> str:
    return finish(start(code, environment, *wrapper))


class Compiler:
    """A compiler that writes down each kernel's compilation, and may do something else first."""

    def __init__(self, folder: Path, before: str = "") -> None:
        self.path = folder / "logging-c++"
        self.log = folder / "compilations.log"
        self.path.write_text(
            f"""#!/bin/sh
case "$*" in
  *--version*|*c++-header*) ;;
  *) echo "$*" >>'{self.log}'
     {before or ":"} ;;
esac
exec '{compiler()}' "$@"
"""
        )
        self.path.chmod(0o755)

    @property
    def compilations(self) -> Sequence[str]:
        return self.log.read_text().splitlines() if self.log.exists() else []
