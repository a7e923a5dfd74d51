"""Speed of kernels as several compiler commands make them, side by side.

    python bench/compilers.py "g++" "g++ -fno-gcse"           some minutes
    python bench/compilers.py "g++" clang++ --only "Gaussian.*float32"

Each command is a process of its own, with one thread; they take turns, kernel after kernel. Shown
are the time of the first and, of each other one, its speed as a multiple of that: the median over
rounds. It is how flags and the limits in the headers are chosen. A command may name other headers:
"g++ -I/folder/cpp/include".
"""

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keopsnb.numpy import Genred

ROUNDS = 5
SHAPE = re.compile(r"(V[ij]|Pm)\((\d+)\)")


@dataclass(frozen=True)
class Kernel:
    name: str
    formula: str
    aliases: list[str]
    reduction: str = "Sum"
    rows: int = 2000
    options: dict[str, Any] = field(default_factory=dict)


def points(d: int) -> list[str]:
    return [f"x=Vi({d})", f"y=Vj({d})", "b=Vj(1)"]


def short() -> list[Kernel]:
    gaussian = "Exp(-SqDist(x, y)) * b"
    gradient = f"Grad({gaussian}, x, e)"
    found = []
    for d, rows in ((1, 4000), (3, 4000), (10, 3000), (64, 1500), (256, 800)):
        aliases = points(d)
        found.append(Kernel(f"Gaussian, D = {d}", gaussian, aliases, rows=rows))
        found.append(
            Kernel(f"its gradient, D = {d}", gradient, [*aliases, "e=Vi(1)"], rows=rows // 2)
        )
    p = points(3)
    chosen = ["x=Vi(40)", "y=Vj(40)", "b=Vj(1)", "u=Vi(1)"]
    of_chosen = "Exp(-Square(Elem(x, 3) - Elem(y, 5))) * Elem(x, 1)"
    products = {
        n: " + ".join(f"Elem(x, {3 * k}) * Elem(y, {5 * k})" for k in range(n)) for n in (1, 3)
    }
    complex_distance = "Grad(SqDist(ComplexMult(x, y), z), x, b)"
    hessian = f"Grad({gradient}, x, u)"
    matern = "(1 + Sqrt(5) * Norm2(x - y) + 5/3 * SqDist(x, y)) * Exp(-Sqrt(5) * Norm2(x - y)) * b"
    rows_64 = ["x=Vi(64)", "y=Vj(64)"]
    tensor = "TensorDot(x, y, [4, 4, 4], [4, 4, 4], [0, 2], [0, 2])"
    return [
        *found,
        Kernel("second derivative of a Gaussian", hessian, [*p, "e=Vi(1)", "u=Vi(3)"]),
        Kernel("exponential of a distance", "Exp(-Norm2(x - y)) * b", p),
        Kernel("Matern 5/2", matern, p),
        Kernel("inverse multiquadric", "Inv(1 + SqDist(x, y)) * b", p),
        Kernel("LogSumExp", "-SqDist(x, y) * b", p, "LogSumExp"),
        Kernel("softmax", "-SqDist(x, y)", p[:2], "SumSoftMaxWeight", options={"formula2": "y"}),
        Kernel("10 neighbours", "SqDist(x, y)", p[:2], "ArgKMin", options={"opt_arg": 10}),
        Kernel("3 neighbours, D = 64", "SqDist(x, y)", rows_64, "KMin", options={"opt_arg": 3}),
        Kernel("nearest, D = 3", "SqDist(x, y)", p[:2], "ArgMin"),
        Kernel("Manhattan distance, D = 64", "Sum(Abs(x - y))", rows_64, "Min", 1500),
        Kernel("64 columns", gaussian, [*p[:2], "b=Vj(64)"], rows=1500),
        Kernel("weighted distance", "Exp(-WeightedSqDist(s, x, y)) * b", [*p, "s=Pm(9)"]),
        Kernel("gravity", "(y - x) * b * Powf(SqDist(x, y) + 0.01, -1.5)", p),
        Kernel("selection", "IfElse(Elem(x, 0) - Elem(y, 0), b, 2 * b) * Exp(x | y)", p),
        Kernel("complex product", "ComplexMult(x, y)", ["x=Vi(4)", "y=Vj(4)"]),
        Kernel("tensors", tensor, rows_64, rows=600),
        Kernel("gradient in a few components", f"Grad({of_chosen}, x, u)", chosen),
        Kernel("parts side by side", "Concat(Exp(-SqDist(x, y)) * x, y * b)", chosen[:3], rows=800),
        Kernel(
            "gradient of a complex product",
            complex_distance,
            ["x=Vi(40)", "y=Vj(40)", "z=Vi(40)", "b=Vj(1)"],
            rows=800,
        ),
        *(
            Kernel(f"{n} of 256 components", f"Exp({t})", ["x=Vi(256)", "y=Vj(256)"])
            for n, t in products.items()
        ),
    ]


def long() -> list[Kernel]:
    e = ["e=Vi(1)", "b=Vj(1)"]

    def summed(term: str, n: int) -> str:
        return " + ".join(term.replace("K", str(k)) for k in range(1, n + 1))

    products = " + ".join(f"Elem(x, {k % 64}) * Elem(y, {7 * k % 61})" for k in range(100))
    return [
        Kernel("100 nested exponentials", "Exp(-" * 100 + "Square(e - b)" + ")" * 100, e, rows=600),
        Kernel("50 sines", summed("Sin(K * (e - b))", 50), e, rows=600),
        Kernel("20 sines", summed("Sin(K * (e - b))", 20), e, rows=800),
        Kernel("30 Gaussians", summed("Exp(-K * SqDist(x, y)) * b", 30), points(3), rows=800),
        Kernel("60 Gaussians", summed("Exp(-K * SqDist(x, y)) * b", 60), points(3), rows=600),
        Kernel("50 roots", summed("Sqrt(K + Square(e - b))", 50), e, rows=800),
        Kernel("80 quotients", summed("e / (K + Square(b)) / (Square(e) + b + K)", 40), e),
        Kernel("100 products", products, ["x=Vi(64)", "y=Vj(64)"], rows=800),
    ]


KERNELS = {f"{k.name}, {dtype}": (k, dtype) for dtype in ("float32", "float64")
           for k in (*short(), *long())}  # fmt: skip


def prepared(kernel: Kernel, dtype: str) -> Callable[[], object]:
    rng = np.random.default_rng(1)
    arrays = []
    for alias in kernel.aliases:
        found = SHAPE.search(alias)
        assert found is not None
        shape = (int(found[2]),) if found[1] == "Pm" else (kernel.rows, int(found[2]))
        arrays.append((0.3 * rng.normal(size=shape)).astype(dtype))
    routine = Genred(
        kernel.formula, kernel.aliases, reduction_op=kernel.reduction, axis=1, **kernel.options
    )
    return lambda: routine(*arrays)


def serve() -> None:
    """Names of kernels come in, seconds a call go out: the least of a tenth of a second."""
    calls: dict[str, Callable[[], object]] = {}
    for line in sys.stdin:
        name = line.rstrip("\n")
        if name not in calls:
            calls[name] = prepared(*KERNELS[name])
            calls[name]()
        least, end = float("inf"), time.perf_counter() + 0.1
        while True:
            start = time.perf_counter()
            calls[name]()
            now = time.perf_counter()
            least = min(least, now - start)
            if now > end:
                break
        print(json.dumps(least), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("commands", nargs="*", help="compiler commands, two or more")
    parser.add_argument("--only", default="", help="a regular expression of kernels' names")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.serve:
        serve()
        return
    if len(options.commands) < 2:
        parser.error("name two or more compiler commands, each one argument")
    servers = [
        subprocess.Popen(
            [sys.executable, __file__, "--serve"],
            env={**os.environ, "KEOPSNB_CXX": command, "KEOPSNB_NUM_THREADS": "1"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for command in options.commands
    ]

    def ask(server: "subprocess.Popen[str]", name: str) -> float:
        assert server.stdin is not None
        assert server.stdout is not None
        print(name, file=server.stdin, flush=True)
        answer = server.stdout.readline()
        if not answer:
            sys.exit(f"{name}: the process of {server.args!r} ended; what it said is above")
        seconds: float = json.loads(answer)
        return seconds

    for name in KERNELS:
        if not re.search(options.only, name):
            continue
        times = [[ask(server, name) for server in servers] for _ in range(ROUNDS)]
        least = min(t[0] for t in times)
        ratios = [statistics.median(t[0] / t[k] for t in times) for k in range(1, len(servers))]
        cells = "  ".join(f"{ratio:6.3f}" for ratio in ratios)
        print(f"{name:44} {1000 * least:9.3f} ms  {cells}", flush=True)


if __name__ == "__main__":
    main()
