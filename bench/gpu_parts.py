"""gpu_parts.py <part>: one part of bench/gpu.py, in this process. Prints rows as JSON."""

import contextlib
import ctypes
import dataclasses
import importlib
import importlib.metadata
import importlib.util
import io
import json
import math
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import measure
import peers

MARK = "row: "
GAUSSIAN = "Exp(-SqDist(x,y))*b"
TOLERANCE = 1e-3  # relative to the greatest value


@dataclasses.dataclass(frozen=True)
class Gpu:
    name: str
    multiprocessors: int
    clock: float  # Hz, the greatest

    def special_functions(self) -> float:
        """Special functions a second: 16 a multiprocessor and clock."""
        return 16 * self.multiprocessors * self.clock

    def __str__(self) -> str:
        clock = f"{self.clock / 1e6:.0f} MHz"
        return f"{self.name}, {self.multiprocessors} multiprocessors, at most {clock}"


def gpu() -> Gpu | None:
    """The first GPU, as the driver tells; None where there is none."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return None
    device, value = ctypes.c_int(), ctypes.c_int()
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGet(ctypes.byref(device), 0) != 0:
        return None
    name = ctypes.create_string_buffer(256)
    cuda.cuDeviceGetName(name, len(name), device)

    def attribute(number: int) -> int:
        cuda.cuDeviceGetAttribute(ctypes.byref(value), number, device)
        return value.value

    return Gpu(name.value.decode(), attribute(16), 1e3 * attribute(13))


def versions() -> dict[str, str]:
    found = {
        package: importlib.metadata.version(package)
        if importlib.util.find_spec(package)
        else "(none)"
        for package in ("keopsnb", "pykeops", "torch")
    }
    return {"versions": ", ".join(f"{package} {v}" for package, v in found.items())}


def show(row: measure.Measure) -> None:
    print(MARK + json.dumps(dataclasses.asdict(row)), flush=True)


class Problem:
    """A reduction over clouds of points on the GPU."""

    def __init__(self, operation: str, M: int, N: int, D: int) -> None:
        import torch

        self.torch = torch
        random = torch.Generator("cuda").manual_seed(0)

        # Squared distances are about 2 whatever D, so that no term vanishes.
        def cloud(*shape: int) -> Any:
            return torch.randn(*shape, generator=random, device="cuda") / math.sqrt(shape[-1])

        self.operation, self.D = operation, D
        self.arguments = [cloud(M, D), cloud(N, D)]
        self.formula, self.aliases = "-SqDist(x,y)", [f"x=Vi({D})", f"y=Vj({D})"]
        if operation == "Sum":
            self.arguments.append(torch.rand(N, 1, generator=random, device="cuda"))
            self.formula, self.aliases = GAUSSIAN, [*self.aliases, "b=Vj(1)"]

    def call(self, module: Any, **options: bool) -> Callable[[], Any]:
        """A call that waits for the GPU."""
        with contextlib.redirect_stdout(io.StringIO()):
            reduction = module.Genred(
                self.formula, self.aliases, reduction_op=self.operation, axis=1, **options
            )

        def call() -> Any:
            result = reduction(*self.arguments)
            self.torch.cuda.synchronize()
            return result

        return peers.quiet(call)

    def times(self) -> measure.Times:
        """Of keopsnb, of keopsnb with fast mathematics, and of pykeops where it is installed."""
        ours = importlib.import_module("keopsnb.torch")
        candidates = {"keopsnb": self.call(ours), "fast": self.call(ours, use_fast_math=True)}
        if theirs := peers.pykeops("torch"):
            candidates["pykeops"] = self.call(theirs)
        expected = candidates["keopsnb"]()
        for name, candidate in candidates.items():
            difference = ((candidate() - expected).abs().max() / expected.abs().max()).item()
            if not difference < TOLERANCE:
                raise AssertionError(f"{name} differs from keopsnb by {difference:.1e}")
        return measure.interleaved(candidates)

    def show(self, name: str) -> measure.Times:
        times = self.times()
        if "pykeops" in times:
            show(measure.versus(name, times, "pykeops", 1.5))
            show(measure.versus(f"{name}, use_fast_math", times, "pykeops", 1.5, ours="fast"))
        else:
            show(measure.Measure(name, _text(times["keopsnb"]), "no pykeops"))
        return times


def _text(times: list[float]) -> str:
    return f"{1e3 * statistics.median(times):.3g} ms"


def gaussian() -> None:
    count = 1_000_000
    times = Problem("Sum", count, count, 3).show("Gaussian D=3, N=1e6")
    limit = count * count / gpu().special_functions()  # type: ignore[union-attr]
    for name, title in (("keopsnb", "Gaussian D=3"), ("fast", "Gaussian D=3, use_fast_math")):
        reached = limit / statistics.median(times[name])
        reach = (">= 80 %", reached >= 0.8) if name == "fast" else ("", None)
        show(
            measure.Measure(
                f"{title}: of the special-function limit",
                _text(times[name]),
                "the limit",
                f"{1e3 * limit:.3g} ms",
                f"{100 * reached:.0f} %",
                *reach,
            )
        )


def wide() -> None:
    for D, count in ((16, 300_000), (64, 150_000), (256, 70_000)):
        for operation, name in (("Sum", "Gaussian"), ("LogSumExp", "LogSumExp")):
            Problem(operation, count, count, D).show(f"{name} D={D}, N={count:_}")


def few() -> None:
    for operation, name in (("Sum", "Gaussian"), ("LogSumExp", "LogSumExp")):
        Problem(operation, 100, 1_000_000, 3).show(f"{name} D=3, M=100, N=1e6")


def first() -> None:
    """Of two formulas that no cache holds: the first one of a process finds NVRTC as well."""
    import torch

    module = importlib.import_module("keopsnb.torch")
    x, y = (torch.rand(100, 3, device="cuda") for _ in range(2))
    for name, formula in (("in a process", "Exp(-SqDist(x,y))"), ("after another", "Sin(x|y)*y")):
        torch.cuda.synchronize()
        start = time.perf_counter()
        # A number that no other run has makes it a new formula.
        text = f"{time.time_ns() % 2**40} * {formula}"
        module.Genred(text, ["x=Vi(3)", "y=Vj(3)"], axis=1)(x, y)
        torch.cuda.synchronize()
        show(measure.at_most(f"first call of a formula, {name}", time.perf_counter() - start, 0.4))


def calls() -> None:
    import torch

    module = importlib.import_module("keopsnb.torch")
    small, large = Problem("Sum", 100, 100, 3), Problem("Sum", 300_000, 300_000, 3)
    reduction = module.Genred(GAUSSIAN, small.aliases, axis=1)
    for problem in (small, large):
        reduction(*problem.arguments)
    torch.cuda.synchronize()
    times = []
    for _ in range(20):
        start = time.perf_counter()
        for _ in range(100):
            reduction(*small.arguments)
        times.append((time.perf_counter() - start) / 100)
        torch.cuda.synchronize()
    show(measure.at_most("call, N=100", statistics.median(times), 30e-6))

    start = time.perf_counter()
    reduction(*large.arguments)
    returned = time.perf_counter() - start
    torch.cuda.synchronize()
    whole = time.perf_counter() - start
    show(
        measure.Measure(
            "a long call returns before the GPU is done",
            f"{1e6 * returned:.0f} us",
            "the GPU",
            f"{1e3 * whole:.3g} ms",
            f"{returned / whole:.1%} of it",
            "<= 10%",
            returned <= 0.1 * whole,
        )
    )


def some_pairs(M: int, N: int) -> tuple[Any, Any]:
    """Ranges of clusters of up to 100 rows and columns, and the (M, N) mask that they are."""
    import torch

    cluster = importlib.import_module("keopsnb.torch.cluster")
    i, j = (torch.arange(0, n, 100) for n in (M, N))
    clusters = [torch.stack([a, (a + 100).clamp(max=n)], 1) for a, n in ((i, M), (j, N))]
    keep = torch.rand(len(i), len(j), generator=torch.Generator().manual_seed(0)) < 0.5
    mask = keep.repeat_interleave(100, 0).repeat_interleave(100, 1)[:M, :N]
    return cluster.from_matrix(*clusters, keep), mask.cuda()


def reference() -> None:
    """Small reductions of every kind of kernel, for compute-sanitizer; wrong results end it."""
    import torch

    module = importlib.import_module("keopsnb.torch")
    random = torch.Generator("cuda").manual_seed(0)
    for D in (3, 16, 40, 64, 257):
        for M, N in ((300, 517), (3, 5000)):
            x, y = (
                (torch.randn(n, D, generator=random, device="cuda") / math.sqrt(D)).double()
                for n in (M, N)
            )
            v, e = (torch.rand(n, D, generator=random, device="cuda").double() for n in (N, M))
            b = v[:, :1].contiguous()
            squares = ((x[:, None] - y[None]) ** 2).sum(-1)
            k = (-squares).exp()
            gradient = -2 * (((e[:, :1] * k * b.T)[..., None]) * (x[:, None] - y[None])).sum(1)
            d = D
            ranges, mask = some_pairs(M, N)
            cases = (
                (GAUSSIAN, (x, y, b), "Sum", k @ b),
                (GAUSSIAN, (x, y, b), "Sum", (mask * k) @ b, {}, {"ranges": ranges}),
                ("SqDist(x,y)", (x, y), "KMin", squares.sort(1)[0][:, :40], {"opt_arg": 40}),
                (f"Grad({GAUSSIAN},x,e)", (x, y, b, e[:, :1].contiguous()), "Sum", gradient),
                ("-SqDist(x,y)", (x, y), "LogSumExp", (-squares).logsumexp(1, keepdim=True)),
                ("Exp(x|y)*v", (x, y, v), "Sum", (x @ y.T).exp() @ v),
            )
            categories = {"x": "Vi", "y": "Vj", "b": "Vj", "v": "Vj", "e": "Vi"}
            for formula, arguments, operation, expected, *more in cases:
                made, place = (*more, {}, {})[:2]
                dims = {"x": d, "y": d, "b": 1, "v": d, "e": 1}
                names = ["x", "y", *(["v"] if "v" in formula else ["b", "e"])][: len(arguments)]
                aliases = [f"{n}={categories[n]}({dims[n]})" for n in names]
                reduction = module.Genred(formula, aliases, operation, axis=1, **made)
                for dtype, tolerance in ((torch.float32, 1e-4), (torch.float64, 1e-11)):
                    found = reduction(*(a.to(dtype) for a in arguments), **place).double()
                    difference = ((found - expected).abs().max() / expected.abs().max()).item()
                    if not difference < tolerance:
                        raise AssertionError(
                            f"{formula}, D={D}, M={M}, N={N}, {dtype}: off by {difference:.1e}"
                        )


def main() -> None:
    parts = (gaussian, wide, few, first, calls, reference)
    {part.__name__: part for part in parts}[sys.argv[1]]()


if __name__ == "__main__":
    main()
