"""Proves keopsnb on a GPU: right first, then fast, against pykeops in the same run.

    OUT=logs python bench/gpu.py              everything, in less than 25 minutes
    python bench/gpu.py --only tests,first    some parts
    python bench/gpu.py --save                everything, also written to bench/results/gpu.md

Each part runs in processes of its own under a time limit of its own, so that one that hangs or dies
costs no other; what they print is in the folder OUT, and the table of all results comes last. A
part that cannot run here is NOT TESTED, and the table says why.
"""

import argparse
import contextlib
import datetime
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import gpu_parts
import measure

HERE = Path(__file__).parent
ROOT = HERE.parent
RESULTS = HERE / "results" / "gpu.md"
WORKERS = min(16, os.cpu_count() or 1)

Command = tuple[str, ...]


@dataclass(frozen=True)
class Part:
    title: str
    limit: float  # seconds
    commands: tuple[Command, ...] = ()  # side by side; none: a function of gpu_parts.py


def pytest(markers: str, shard: str = "0/1") -> Command:
    command = (sys.executable, "-m", "pytest", "-q", "-m", markers, "--shard", shard)
    return (*command, "-p", "no:cacheprovider", str(ROOT / "tests" / "python"))


def sanitizer(tool: str) -> Command:
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


SHARDS = tuple(pytest("gpu and not alone", f"{k}/{WORKERS}") for k in range(WORKERS))
PARTS = {
    "reference": Part("reference formulas", 150),
    "tests": Part(f"tests with CUDA tensors, {WORKERS} processes", 420, SHARDS),
    "alone": Part("tests that want the GPU to themselves", 90, (pytest("gpu and alone"),)),
    "memcheck": Part("memcheck of the reference formulas", 150, (sanitizer("memcheck"),)),
    "racecheck": Part("racecheck of the reference formulas", 150, (sanitizer("racecheck"),)),
    "gaussian": Part("Gaussian D=3", 120),
    "wide": Part("long vectors", 200),
    "few": Part("few outputs", 60),
    "first": Part("first call", 60),
    "calls": Part("call overhead", 60),
}


def run(name: str, part: Part, logs: Path) -> list[measure.Measure]:
    """The rows of a part: its own, or one that says whether its commands ended well."""
    commands = part.commands or ((sys.executable, str(HERE / "gpu_parts.py"), name),)
    if shutil.which(commands[0][0]) is None:
        return [not_tested(part, f"no {commands[0][0]}")]
    environment = dict(os.environ)
    if len(commands) > 1:  # a core each
        environment |= {"KEOPSNB_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    files = [logs / f"{name}{f'-{k}' if len(commands) > 1 else ''}.log" for k in range(WORKERS)]
    processes = []
    for command, file in zip(commands, files, strict=False):
        with file.open("w") as log:
            processes.append(
                subprocess.Popen(
                    command,
                    cwd=ROOT,
                    env=environment,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )
    start = time.monotonic()
    late = [not ended(process, start + part.limit) for process in processes]
    texts = [file.read_text(errors="replace") for file in files[: len(processes)]]
    rows = [
        measure.Measure(**json.loads(line.removeprefix(gpu_parts.MARK)))
        for line in "".join(texts).splitlines()
        if line.startswith(gpu_parts.MARK)
    ]
    if any(late):
        return [*rows, measure.Measure(part.title, f"over {part.limit:g} s", met=False)]
    # 5: pytest found no test in its shard.
    wrong = [p.returncode for p in processes if p.returncode not in (0, 5)]
    outcome = summary(texts)
    if wrong:
        return [*rows, measure.Measure(part.title, outcome or f"ended with {wrong[0]}", met=False)]
    if not outcome:
        return rows or [measure.Measure(part.title, "clean", met=True)]
    if "passed" not in outcome:
        return [not_tested(part, outcome)]
    took = f"{time.monotonic() - start:.0f} s"
    return [measure.Measure(part.title, f"{outcome}, {took}", met=True)]


def ended(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Whether the process ended by then; if not, it is ended."""
    try:
        process.wait(max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return False
    return True


def summary(texts: list[str]) -> str:
    """The sum of pytest's processes: "3 failed, 120 passed"; "" of other programs."""
    counts = dict.fromkeys(("failed", "passed", "skipped", "error"), 0)
    for text in texts:
        last = text.rstrip().rpartition("\n")[2]
        for count, outcome in re.findall(r"(\d+) (failed|passed|skipped|error)", last):
            counts[outcome] += int(count)
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.items() if count)


def not_tested(part: Part, why: str) -> measure.Measure:
    return measure.Measure(part.title, "NOT TESTED", why)


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(PARTS), help="parts, as in 'tests,first'")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    parser.add_argument("--without-gpu", action="store_true", help="try the commands where none is")
    options = parser.parse_args()
    only = options.only.split(",")
    if unknown := [name for name in only if name not in PARTS]:
        parser.error(f"there is no part {unknown[0]!r}; they are {', '.join(PARTS)}")
    if options.save and len(only) < len(PARTS):
        parser.error("--save writes every part; leave --only out")

    gpu = gpu_parts.gpu()
    about = {"date": datetime.date.today().isoformat(), "GPU": str(gpu)} | gpu_parts.versions()
    for name, value in about.items():
        print(f"{name}: {value}")
    rows: list[measure.Measure] = []
    with tempfile.TemporaryDirectory() as folder:
        logs = Path(os.environ.get("OUT") or folder)
        logs.mkdir(parents=True, exist_ok=True)
        os.environ.setdefault("KEOPSNB_CACHE_DIR", folder)
        os.environ.setdefault("KEOPS_CACHE_FOLDER", folder)
        os.environ["PYKEOPS_VERBOSE"] = "0"
        for name in only:
            part = PARTS[name]
            if gpu is None and not (options.without_gpu and part.commands):
                rows.append(not_tested(part, "no NVIDIA GPU"))
                continue
            print(f"\n{name}: {part.title}, at most {part.limit:g} s", flush=True)
            for row in run(name, part, logs):
                print(measure.body(row), flush=True)
                rows.append(row)
        table = "\n".join([measure.head(), *map(measure.body, rows)])
        (logs / "table.md").write_text(table + "\n")
    print(f"\n{table}")
    if options.save and gpu is not None:
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
