"""Run the programs of `use.py` under pykeops and under keopsnb, and compare their numbers.

pip install -r tests/peer/programs/requirements.txt && python tests/peer/programs/compare.py
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

USE = str(Path(__file__).with_name("use.py"))
# Relative to the greatest number of a program, whose iterations may amplify roundings.
TOLERANCE = 1e-5


def run(*launch: str, names: list[str]) -> dict[str, dict[str, Any]]:
    """The lines each program printed; minutes under pykeops, which compiles each formula."""
    command = [sys.executable, "-W", "ignore", *launch, USE, *names]
    output = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    return read(output)


def read(output: str) -> dict[str, dict[str, Any]]:
    lines = [line.removeprefix("RESULT ") for line in output.splitlines() if line[:7] == "RESULT "]
    return {result["name"]: result for result in map(json.loads, lines)}


def verdict(ours: dict[str, Any], theirs: dict[str, Any]) -> tuple[bool, str]:
    if "error" in ours or "error" in theirs:
        return False, f"keopsnb: {ours.get('error')}; pykeops: {theirs.get('error')}"
    a, b = np.array(ours["numbers"]), np.array(theirs["numbers"])
    if a.shape != b.shape:
        return False, f"{a.size} numbers, and {b.size} under pykeops"
    apart = float(np.abs(a - b).max() / np.abs(b).max())
    return apart <= TOLERANCE, f"{a.size} numbers, apart by {apart:.1e}"


def main(names: list[str]) -> int:
    ours = run("-m", "keopsnb.compat", names=names)
    theirs = run(names=names)
    same = 0
    for name, result in ours.items():
        good, words = verdict(result, theirs[name])
        same += good
        print(f"{'same     ' if good else 'DIFFERENT'}  {name}: {words}")
    print(f"{same} of {len(ours)} programs give the same numbers.")
    return 0 if same == len(ours) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
