"""The time that kernels take to compile, beside an empty one and beside pykeops.

    python bench/compile_time.py          about a minute, and three more where pykeops is installed
    python bench/compile_time.py --save   also written to bench/results/compile_time.md

Times are of the processor, in the compiler and in the process that calls it, as other work on the
machine adds little to them. The kernels are made ahead of time, so that no cache has them.
"""

import argparse
import contextlib
import datetime
import importlib.metadata
import importlib.util
import io
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from run import cpu_model

import keopsnb
from keopsnb import _core

RESULTS = Path(__file__).parent / "results" / "compile_time.md"
ROUNDS = 3
TARGETS = {"CPU": "native", "GPU": "sm_90"}
ORDERS = 6  # of the gradient: 0 to 5
THEIR_ORDERS = 3
AT_MOST = 2.0  # times the order before

ALIASES = ["x=Vi(3)", "y=Vj(3)", "b=Vj(1)", "e=Vi(1)", "u=Vi(3)", "t=Vi(64)", "s=Vj(64)"]
DIMS = [3, 3, 1, 1, 3, 64, 64]

TENSOR = "TensorDot(t, s, [4, 4, 4], [4, 4, 4], [0, 2], [0, 2])"
# Twenty operations, each on top of others, no two of them alike.
TWENTY = (
    "Sqrt(1 + Exp(-SqDist(x, y)) * b) / (2 + Sin(x | y)) * (Cos(b * e) + Abs(x | u))"
    " - Log(3 + Square(Atan(b))) * ReLU((u | y) - e)"
)

LONG_EXP = "Exp(" * 100 + "e - b" + ")" * 100
LONG_SIN = " + ".join(f"Sin({k} * (e - b))" for k in range(1, 51))
LONG_PRODUCTS = " + ".join(f"Elem(t, {k % 64}) * Elem(s, {7 * k % 61})" for k in range(100))


def gradient(order: int) -> str:
    """Of the Gaussian, in x: each of the one before, applied to u."""
    if order == 0:
        return "Exp(-SqDist(x, y)) * b"
    return f"Grad({gradient(order - 1)}, x, {'e' if order == 1 else 'u'})"


@dataclass(frozen=True)
class Formula:
    name: str
    text: str
    before: int = -1  # the line of the order before


EMPTY = Formula("nothing: b", "b")
GRADIENTS = [
    Formula(f"Gaussian, D = 3, gradient of order {k}", gradient(k), k if k > 0 else -1)
    for k in range(ORDERS)
]
OTHERS = [
    Formula("20 operations", TWENTY),
    Formula("TensorDot of 4 x 4 x 4 over 4 x 4", TENSOR),
    Formula("its gradient", f"Grad({TENSOR}, t, Extract(s, 0, 16))"),
    Formula("Laplacian of a Gaussian, D = 3", "Laplacian(Exp(-SqDist(x, y)), x)"),
    Formula("Laplacian of a Gaussian, D = 64", "Laplacian(Exp(-SqDist(t, s)), t)"),
    Formula("100 nested Exp", LONG_EXP),
    Formula("sum of 50 sines", LONG_SIN),
    Formula("sum of 100 products", LONG_PRODUCTS),
]
FORMULAS = [EMPTY, *GRADIENTS, *OTHERS]


def processor_time() -> float:
    parts = [resource.getrusage(w) for w in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(part.ru_utime + part.ru_stime for part in parts)


def timed(call: Callable[[], object]) -> float:
    start = processor_time()
    call()
    return processor_time() - start


def ours(target: str) -> list[float]:
    """Seconds of each formula: the least of several rounds."""
    best = [float("inf")] * len(FORMULAS)
    for _ in range(ROUNDS):
        for k, formula in enumerate(FORMULAS):
            with tempfile.TemporaryDirectory() as folder:
                t = timed(
                    lambda formula=formula, folder=folder: keopsnb.compile(
                        formula.text, ALIASES, axis=1, target=target, folder=folder
                    )
                )
            best[k] = min(best[k], t)
    return best


def theirs() -> list[float]:
    """The same of pykeops, once: an empty kernel, then the first orders. In a new process."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "KEOPS_CACHE_FOLDER": folder, "PYKEOPS_VERBOSE": "0"}
        command = [sys.executable, __file__, "--peer"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    times: list[float] = json.loads(done.stdout.splitlines()[-1])
    return times


def peer() -> None:
    from pykeops.numpy import Genred

    arrays = [np.ones((5, d), np.float32) for d in DIMS]

    def call(text: str) -> None:
        # pykeops takes a variable for each array that the formula has.
        used = [k for k, alias in enumerate(ALIASES) if alias.split("=")[0] in names(text)]
        aliases = [ALIASES[k] for k in used]
        Genred(text, aliases, reduction_op="Sum", axis=1)(*(arrays[k] for k in used), backend="CPU")

    with contextlib.redirect_stdout(io.StringIO()):
        call("x | y")  # what the first call of a process adds
        times = [timed(lambda f=f: call(f.text)) for f in [EMPTY, *GRADIENTS[:THEIR_ORDERS]]]
    print(json.dumps(times))


def names(text: str) -> set[str]:
    for symbol in "(),*-+|":
        text = text.replace(symbol, " ")
    return set(text.split())


HEADER = ("formula", "", "seconds", "beyond nothing", "of the order before", "beyond", "")
WIDTHS = (36, 7, 7, 14, 19, 6, 3)


def line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(f"{c:<{w}}" for c, w in zip(cells, WIDTHS, strict=True)) + " |"


def rows(who: str, formulas: list[Formula], times: list[float], ours: bool) -> list[str]:
    """Ratios to the order before: of whole times, and of what exceeds an empty kernel."""
    lines, beyond = [], [t - times[0] for t in times]
    for k, formula in enumerate(formulas):
        before, extra, ratio, of_extra, met = formula.before, "", "", "", ""
        if ours and k > 0:  # an empty kernel of pykeops takes as long as any
            extra = f"{beyond[k]:.3f}"
        if before >= 0:
            ratio = f"{times[k] / times[before]:.2f}"
        if ours and before >= 0:
            of_extra = f"{beyond[k] / beyond[before]:.2f}"
            met = "yes" if times[k] <= AT_MOST * times[before] else "NO"
        lines.append(line((formula.name, who, f"{times[k]:.3f}", extra, ratio, of_extra, met)))
    return lines


def facts() -> dict[str, str]:
    package = importlib.util.find_spec("pykeops") is not None
    return {
        "date": datetime.date.today().isoformat(),
        "machine": cpu_model() or platform.machine(),
        "compiler": _core.info()["compiler version"],
        "versions": f"keopsnb {_core.__version__}, pykeops "
        + (importlib.metadata.version("pykeops") if package else "(none)"),
        "command": "`python bench/compile_time.py --save`",
    }


NOTES = f"""\
Processor time of the compiler and of the process that calls it, the least of {ROUNDS} rounds; of
pykeops, one round. `beyond nothing` is without the time of an empty kernel, which sums `b`. Each
order of the gradient is to take at most {AT_MOST:g} times as long as the one before.
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    parser.add_argument("--peer", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.peer:
        peer()
        return
    about = facts()
    for name, value in about.items():
        print(f"{name}: {value}")
    lines = [line(HEADER), line(tuple("-" * w for w in WIDTHS))]
    print("\n" + "\n".join(lines), flush=True)

    def show(found: list[str]) -> None:
        lines.extend(found)
        print("\n".join(found), flush=True)

    for who, target in TARGETS.items():
        try:
            times = ours(target)
        except keopsnb.CudaError as error:
            print(f"No {who} times: {error}", file=sys.stderr)
            continue
        show(rows(who, FORMULAS, times, True))
    if importlib.util.find_spec("pykeops"):
        show(rows("pykeops", [EMPTY, *GRADIENTS[:THEIR_ORDERS]], theirs(), False))
    if options.save:
        text = "# Compile time\n\n"
        text += "".join(f"- {name}: {value}\n" for name, value in about.items())
        RESULTS.write_text(text + f"\n{NOTES}\n" + "\n".join(lines) + "\n")
        print(f"Written to {RESULTS}.")


if __name__ == "__main__":
    main()
