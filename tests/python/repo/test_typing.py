"""The types that the package ships, seen by a strict checker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import keopsnb

PROGRAM = Path(__file__).parent / "typed_program.py"
# As much of torch as the program names; checking all of it would take most of a minute.
TORCH = """
from typing import Any
class Tensor:
    def __add__(self, other: object) -> Tensor: ...
def __getattr__(name: str) -> Any: ...
"""


# Law: a user's program passes `mypy --strict`, and its mistakes do not.


def test_a_strict_program_passes(tmp_path: Path) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "stubs" / "torch").mkdir(parents=True)
    (tmp_path / "stubs" / "torch" / "__init__.pyi").write_text(TORCH)
    places = [tmp_path / "stubs"]
    package = Path(keopsnb.__file__).parents[1]
    if package.name != "site-packages":  # which mypy knows
        places.append(package)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent"),
            *("--config-file", os.devnull, "--cache-dir", str(tmp_path / "cache"), str(PROGRAM)),
        ],
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, places))},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
