"""Checks and measures keopsnb on a GPU, against pykeops in the same run.

    python bench/gpu.py                       everything
    python bench/gpu.py --only tests,first    some parts
    python bench/gpu.py --save                everything, also written to bench/results/gpu.md

Each part runs in a process of its own under a time limit of its own, so that one that hangs or dies
costs no other. The table of all results comes last. Where there is no GPU it says so, and ends.
"""

import argparse
import contextlib
import datetime
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import gpu_parts
import measure

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "gpu.md"


@dataclass(frozen=True)
class Part:
    title: str
    limit: float  # seconds
    command: tuple[str, ...] | None = None  # where it is no function of gpu_parts.py


def sanitizer(tool: str) -> tuple[str, ...]:
    """The command that runs the reference formulas under compute-sanitizer."""
    return (
        "compute-sanitizer",
        f"--tool={tool}",
        "--error-exitcode=1",
        "--target-processes=application-only",
        sys.executable,
        str(HERE / "gpu_parts.py"),
        "reference",
    )


PARTS = {
    "tests": Part(
        "tests with CUDA tensors", 900, (sys.executable, "-m", "pytest", "-q", "-m", "gpu")
    ),
    "memcheck": Part("memcheck of the reference formulas", 600, sanitizer("memcheck")),
    "racecheck": Part("racecheck of the reference formulas", 600, sanitizer("racecheck")),
    "gaussian": Part("Gaussian D=3", 300),
    "wide": Part("long vectors", 600),
    "few": Part("few outputs", 120),
    "first": Part("first call", 120),
    "calls": Part("call overhead", 120),
}


def run(name: str, part: Part) -> list[measure.Row]:
    """The rows of a part: its own, or one that says whether its command ended well."""
    command = part.command or (sys.executable, str(HERE / "gpu_parts.py"), name)
    if shutil.which(command[0]) is None:
        return [measure.skipped(part.title, f"no {command[0]}")]
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=part.limit)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate()
        print(output)
        return [measure.Row(part.title, "", f"over {part.limit:g} s", met=False)]
    rows = [
        measure.Row(**json.loads(line.removeprefix(gpu_parts.MARK)))
        for line in output.splitlines()
        if line.startswith(gpu_parts.MARK)
    ]
    if process.returncode != 0:
        print(output)
        rows.append(measure.Row(part.title, "", f"ended with {process.returncode}", met=False))
    elif not rows:
        rows.append(measure.Row(part.title, "clean", met=True))
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS), help="parts, as in 'tests,first'")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    options = parser.parse_args()
    only = options.only.split(",")
    if unknown := [name for name in only if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; they are {', '.join(PARTS)}")
    if options.save and len(only) < len(PARTS):
        parser.error("--save writes every part; leave --only out")

    gpu = gpu_parts.gpu()
    if gpu is None:
        print("There is no NVIDIA GPU here, or no driver for it: nothing was run.")
        return 0
    about = {"date": datetime.date.today().isoformat(), "GPU": str(gpu)} | gpu_parts.versions()
    for name, value in about.items():
        print(f"{name}: {value}")
    rows: list[measure.Row] = []
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("KEOPSNB_CACHE_DIR", folder)
        os.environ.setdefault("KEOPS_CACHE_FOLDER", folder)
        os.environ["PYKEOPS_VERBOSE"] = "0"
        for name in only:
            print(f"\n{name}: {PARTS[name].title}, at most {PARTS[name].limit:g} s", flush=True)
            for row in run(name, PARTS[name]):
                print(measure.body(row), flush=True)
                rows.append(row)
    table = "\n".join([measure.head(), *map(measure.body, rows)])
    print(f"\n{table}")
    if options.save:
        text = "# Measured on a GPU\n\n"
        text += "".join(f"- {name}: {value}\n" for name, value in about.items())
        text += "- command: `python bench/gpu.py --save`\n\n"
        text += "Candidates take turns and wait for the GPU after each call; a time is the median\n"
        text += f"over rounds, and a ratio that of the ratios in each round.\n\n{table}\n"
        RESULTS.write_text(text)
        print(f"Written to {RESULTS}.")
    return 0 if all(row.met is not False for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
