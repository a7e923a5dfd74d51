"""Measures keopsnb against pykeops, PyTorch, FAISS, scikit-learn and kernels written by hand.

    ./dev bench                 every measure (some minutes)
    ./dev bench --only a,d      some of them
    ./dev bench --peers         those against other libraries, and shares of the machine's limit
    ./dev bench --save          every measure, also written to bench/results/cpu.md

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
# Those against other libraries and the machine's limits.
PEERS = "a,b,c,g,h,i,j,k,l,m,n,o,p,q"
RESULTS = Path(__file__).parent / "results" / "cpu.md"


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


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", default=",".join(MEASURES), help="measures, as in 'a,d'")
    parser.add_argument(
        "--peers", action="store_const", const=PEERS, dest="only", help="all but calls and imports"
    )
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    options = parser.parse_args()
    only = options.only.split(",")
    if unknown := [key for key in only if key not in MEASURES]:
        parser.error(f"there is no measure {unknown[0]!r}; they are {', '.join(MEASURES)}")
    if options.save and len(only) < len(MEASURES):
        parser.error("--save writes every measure; leave --only out")

    with tempfile.TemporaryDirectory() as folder:
        # Before any library that reads them is loaded.
        os.environ.setdefault("KEOPSNB_CACHE_DIR", folder)
        os.environ.setdefault("KEOPS_CACHE_FOLDER", folder)
        os.environ["PYKEOPS_VERBOSE"] = "0"
        for name in ("OMP_NUM_THREADS", "KEOPSNB_NUM_THREADS"):
            os.environ[name] = str(cpu_count())
        about = facts()
        for name, value in about.items():
            print(f"{name}: {value}")
        lines, met = [measure.head()], True
        print(f"\n{lines[0]}", flush=True)
        for row in rows(only):
            lines.append(measure.body(row))
            met = met and row.met is not False
            print(lines[-1], flush=True)
    if options.save:
        text = "# Measured on a CPU\n\n"
        text += "".join(f"- {name}: {value}\n" for name, value in about.items())
        text += "- command: `./dev bench --save`\n\n"
        text += "Candidates take turns; a time is the median over rounds, and a ratio that of the\n"
        text += "ratios in each round. Times of a machine with other work to do are too long.\n\n"
        text += "\n".join(lines) + "\n"
        RESULTS.write_text(text)
        print(f"Written to {RESULTS}.")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
