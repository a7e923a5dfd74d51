"""Measures keopsnb against pykeops, PyTorch, FAISS, scikit-learn and kernels written by hand.

    ./dev bench                 every measure (some minutes)
    ./dev bench --peers         those against other libraries, and shares of the machine's limit
    ./dev bench --calls         first calls, calls that have next to nothing to compute, imports
    ./dev bench --only a,d      some of them
    ./dev bench --save          also written to bench/results/peers.md and calls.md

Each row is a time of keopsnb, that of a peer, their ratio and what the project wants to reach. The
exit status is 1 if a row says NO, which has not reached that.
"""

import argparse
import datetime
import importlib
import importlib.metadata
import os
import platform
import re
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import measure

MEASURES = {
    "a": ("throughput", "low_dimension"),
    "b": ("throughput", "high_dimension"),
    "c": ("throughput", "double_precision"),
    "d": ("startup", "first_call"),
    "e": ("overhead", "call_overhead"),
    "f": ("startup", "imports"),
    "g": ("throughput", "gradients"),
    "h": ("throughput", "logsumexp"),
    "i": ("throughput", "few_outputs"),
    "j": ("throughput", "neighbours"),
    "k": ("shapes", "long_results"),
    "l": ("shapes", "long_gradients"),
    "m": ("shapes", "attention"),
    "n": ("shapes", "small_batches"),
    "o": ("shapes", "neighbour_indices"),
    "p": ("shapes", "shares"),
    "q": ("shapes", "scaling"),
}
# What is saved together.
GROUPS = {"peers": "a,b,c,g,h,i,j,k,l,m,n,o,p,q", "calls": "d,e,f"}
RESULTS = Path(__file__).parent / "results"


def cpu_count() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    try:
        model = re.search(r"^model name\s*: (.*)$", Path("/proc/cpuinfo").read_text(), re.M)
    except OSError:
        model = None
    return model[1] if model else platform.processor() or platform.machine()


def facts() -> dict[str, str]:
    """The conditions that the numbers depend on."""
    core = importlib.import_module("keopsnb._core")
    installed = {d.name: d.version for d in importlib.metadata.distributions()}
    peers = ("pykeops", "torch", "numpy", "faiss-cpu", "scikit-learn")
    versions = [f"{package} {installed.get(package, '(none)')}" for package in peers]
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{cpu_model()}, {cpu_count()} cores, all used by every candidate",
        "load average": f"{os.getloadavg()[0]:.1f} before the first measure",
        "compiler": core.info()["compiler version"],
        "versions": ", ".join([f"keopsnb {core.__version__}", *versions]),
    }


def rows(only: list[str]) -> Iterator[measure.Measure]:
    for key in only:
        module, function = MEASURES[key]
        yield from getattr(importlib.import_module(module), function)()


def measured(only: list[str]) -> tuple[str, str, bool]:
    """Prints facts and a table of these measures; both as text, and whether every aim is met."""
    about = "".join(f"- {name}: {value}\n" for name, value in facts().items())
    print(f"{about}\n{measure.head()}", flush=True)
    lines, met = [measure.head()], True
    for row in rows(only):
        lines.append(measure.body(row))
        met = met and row.met is not False
        print(lines[-1], flush=True)
    return about, "\n".join(lines) + "\n", met


def save(group: str, about: str, table: str) -> None:
    path = RESULTS / f"{group}.md"
    path.write_text(
        f"# Measured on a CPU\n\n{about}- command: `./dev bench --{group} --save`\n\n{table}\n"
        "Candidates take turns; a time is the median over rounds, and a ratio that of the ratios\n"
        "in each round. Times of a machine with other work to do are too long.\n"
    )
    print(f"Written to {path}.")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--only", help="measures, as in 'a,d'")
    for group in GROUPS:
        chosen.add_argument(f"--{group}", action="store_const", const=[group], dest="groups")
    parser.add_argument("--save", action="store_true", help="write the results, too")
    options = parser.parse_args()
    only = options.only.split(",") if options.only else []
    if unknown := [key for key in only if key not in MEASURES]:
        parser.error(f"there is no measure {unknown[0]!r}; they are {', '.join(MEASURES)}")
    if options.save and only:
        parser.error("--save writes every measure of a group; leave --only out")

    with tempfile.TemporaryDirectory() as folder:
        # Before any library that reads them is loaded.
        os.environ.setdefault("KEOPSNB_CACHE_DIR", folder)
        os.environ.setdefault("KEOPS_CACHE_FOLDER", folder)
        os.environ["PYKEOPS_VERBOSE"] = "0"
        for name in ("OMP_NUM_THREADS", "KEOPSNB_NUM_THREADS"):
            os.environ[name] = str(cpu_count())
        if only:
            return 0 if measured(only)[-1] else 1
        all_met = True
        for group in options.groups or GROUPS:
            about, table, met = measured(GROUPS[group].split(","))
            all_met = all_met and met
            if options.save:
                save(group, about, table)
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
