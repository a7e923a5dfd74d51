"""Counts the instructions of the inner loops of GPU kernels; it needs no GPU.

    python bench/sass.py                  for sm_90
    python bench/sass.py --arch sm_80     for another architecture
    python bench/sass.py --save           also written to bench/results/sass.md

It takes NVRTC, cuobjdump and nvdisasm: pip install nvidia-cuda-nvrtc nvidia-cuda-cuobjdump
nvidia-cuda-nvdisasm.
"""

import argparse
import datetime
import platform
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cubin

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "sass.md"
FUNCTION = "keopsnb_reduce"
FAST = ("-use_fast_math", "-DKEOPSNB_FAST_MATH")


@dataclass(frozen=True)
class Formula:
    """A reduction over j. Its inner loop, or its two, are found by how often `mark` occurs.

    `mark` is executed once for each pair, or, where `long`, once for each pair and component.
    """

    name: str
    reduction: str  # in C++, over vectors x and y of dimension D, a scalar b, a gradient e, v
    D: int
    keops: str  # the same in keops_form.cu
    mark: str
    long: bool = False
    loops: int = 1
    type: str = "float"

    def source(self) -> str:
        D = self.D
        return f"""#include <keopsnb/diff.hpp>
#include <keopsnb/kernel/gpu/kernel.hpp>
#include <keopsnb/ops.hpp>
using namespace keopsnb;
constexpr auto x = vi<0, {D}>;
constexpr auto y = vj<1, {D}>;
constexpr auto b = vj<2, 1>;
constexpr auto v = vj<2, {D}>;
constexpr auto e = vi<3, 1>;
constexpr auto gaussian = exp(-sqdist(x, y)) * b;
constexpr auto reduction = {self.reduction};
KEOPSNB_GPU_KERNEL({self.type}, reduction, Output::i)
"""


GAUSSIAN, GRADIENT = "sum_reduction(gaussian)", "sum_reduction(grad(gaussian, x, e))"
LOGSUMEXP = "logsumexp_reduction(-sqdist(x, y))"
FORMULAS = [
    Formula("Gaussian D=3", GAUSSIAN, 3, "Gaussian", "MUFU.EX2"),
    Formula("Gaussian D=16", GAUSSIAN, 16, "Gaussian", "MUFU.EX2"),
    Formula("Gaussian D=64", GAUSSIAN, 64, "Gaussian", "FFMA", long=True),
    Formula("Gaussian D=256", GAUSSIAN, 256, "Gaussian", "FFMA", long=True),
    Formula("its gradient in x, D=3", GRADIENT, 3, "GaussianGradient", "MUFU.EX2"),
    Formula(
        "its gradient in x, D=64", GRADIENT, 64, "GaussianGradient", "FFMA", long=True, loops=2
    ),
    Formula("LogSumExp D=3", LOGSUMEXP, 3, "LogSumExp", "MUFU.EX2"),
    Formula("LogSumExp D=64", LOGSUMEXP, 64, "LogSumExp", "FFMA", long=True),
    Formula(
        "Laplacian kernel D=3",
        "sum_reduction(exp(-norm2(x - y)) * b)",
        3,
        "Laplacian",
        "MUFU.EX2",
    ),
    Formula(
        "attention D=64",
        "sum_reduction(exp(scalprod(x, y)) * v)",
        64,
        "Attention",
        "FFMA",
        long=True,
        loops=2,
    ),
    Formula("ArgMin D=3", "argmin_reduction(sqdist(x, y))", 3, "ArgMin", "FSETP"),
    Formula("ArgMin D=64", "argmin_reduction(sqdist(x, y))", 64, "ArgMin", "FFMA", long=True),
    Formula("KMin K=10 D=3", "kmin_argkmin_reduction<10>(sqdist(x, y))", 3, "KMin", "FSETP"),
    Formula("Gaussian D=3, float64", GAUSSIAN, 3, "Gaussian", "FSETP", type="double"),
]


@dataclass(frozen=True)
class Figures:
    """Of a kernel: what it takes, and instructions for each pair (and component) by kind."""

    resources: cubin.Resources
    floating: float
    special: float
    shared: float
    other: float

    @property
    def all(self) -> float:
        return self.floating + self.special + self.shared + self.other

    @property
    def memory(self) -> int:
        """Bytes of a thread that are in memory though they could be in registers."""
        return self.resources.stack + self.resources.local


# Floating-point instructions of the multiply-add and comparison units, of any precision.
_FLOATING = ("FADD", "FMUL", "FFMA", "FMNMX", "FSEL", "FSETP", "FCHK", "DADD", "DMUL", "DFMA")
_FLOATING += ("DSETP", "DMNMX")


def kinds(loop: list[cubin.Instruction]) -> Counter[str]:
    def kind(opcode: str) -> str:
        name = opcode.split(".")[0]
        return (
            "floating"
            if name in _FLOATING
            else {"MUFU": "special", "LDS": "shared"}.get(name, "other")
        )

    return Counter(kind(i.opcode) for i in loop)


def _compiled(source: str, arch: str, options: tuple[str, ...]) -> tuple[cubin.Resources, list]:
    """The resources of the kernel of a source, and its inner loops."""
    code, log = cubin.compile_cubin(source, arch, ["--ptxas-options=-v", *options])
    if not code:
        raise RuntimeError(log)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "kernel.cubin")
        path.write_bytes(code)
        loops = cubin.inner_loops(cubin.disassemble(path, FUNCTION))
        return cubin.resources(path, log, FUNCTION), loops


def _figures(resources: cubin.Resources, loops: list[tuple[list, float]]) -> Figures:
    """Of loops with the work, pairs or pairs and components, that a round of each does."""
    each = {
        kind: sum(kinds(loop)[kind] / work for loop, work in loops)
        for kind in ("floating", "special", "shared", "other")
    }
    return Figures(resources, **each)


def of_keopsnb(formula: Formula, arch: str, *, fast: bool) -> Figures:
    resources, loops = _compiled(formula.source(), arch, FAST if fast else ())

    def marks(loop: list[cubin.Instruction]) -> int:
        return sum(i.opcode.startswith(formula.mark) for i in loop)

    # Loops over what unrolling left come after the loops themselves: they do less a round.
    working = sorted(loops, key=marks, reverse=True)[: formula.loops]
    if len(working) < formula.loops or not all(map(marks, working)):
        raise RuntimeError(f"{formula.name}: not {formula.loops} inner loops with {formula.mark}")
    return _figures(resources, [(loop, marks(loop)) for loop in working])


def of_keops_form(formula: Formula, arch: str, *, fast: bool) -> Figures:
    source = (HERE / "keops_form.cu").read_text()
    options = (
        f"-DFORMULA={formula.keops}",
        f"-DDIM={formula.D}",
        f"-DNUMBER={formula.type}",
        *(FAST if fast else ()),
    )
    resources, loops = _compiled(source, arch, options)
    loop = max(loops, key=lambda loop: kinds(loop)["floating"])
    components = min(formula.D, 64) if formula.D > 100 else formula.D  # of a round
    return _figures(resources, [(loop, components if formula.long else 1)])


HEADER = (
    "formula",
    "fast",
    "registers",
    "spilled",
    "local",
    "FP",
    "MUFU",
    "LDS",
    "other",
    "all",
    "KeOps' form: registers",
    "local",
    "all",
)
_WIDTHS = (25, 4, 9, 7, 5, 5, 5, 5, 5, 5, 22, 5, 6)


def line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(f"{c:<{w}}" for c, w in zip(cells, _WIDTHS, strict=True)) + " |"


def rows(arch: str) -> Iterator[str]:
    yield line(HEADER)
    yield line(tuple("-" * w for w in _WIDTHS))
    for formula in FORMULAS:
        for fast in (False, True):
            ours = of_keopsnb(formula, arch, fast=fast)
            theirs = of_keops_form(formula, arch, fast=fast)
            counts = (ours.floating, ours.special, ours.shared, ours.other, ours.all)
            yield line(
                (
                    formula.name + (" *" if formula.long else ""),
                    "yes" if fast else "",
                    str(ours.resources.registers),
                    str(ours.resources.spills),
                    str(ours.memory),
                    *(f"{n:.2f}" for n in counts),
                    str(theirs.resources.registers),
                    str(theirs.memory),
                    f"{theirs.all:.2f}",
                )
            )


def facts(arch: str) -> dict[str, str]:
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{platform.machine()}, compiled for {arch}; nothing was run",
        "versions": f"NVRTC {cubin.nvrtc_version()}, cuobjdump {cubin.version('cuobjdump')}, "
        f"nvdisasm {cubin.version('nvdisasm')}",
    }


NOTES = """\
Instructions of the inner loops for each pair (i, j), or, where the formula has a *, for each pair
and component: floating-point, special functions, loads from shared memory, all others. Where a
kernel has two such loops, one over the components of a distance or scalar product and one over
those of the result, they are added. Code that is jumped over is left out, such as the slow way of
a square root, or what a term does that enters the list of KMin; the other form of KMin has no such
jump. `fast` is use_fast_math. KeOps' form is `bench/keops_form.cu`, compiled with the same options:
one output a thread, a loop over shared rows that is not unrolled. `spilled` and `local` are bytes a
thread.
"""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--arch", default="sm_90", help="the architecture (sm_90)")
    parser.add_argument("--save", action="store_true", help=f"write {RESULTS.name} too")
    options = parser.parse_args()
    try:
        about = facts(options.arch)
    except cubin.MissingError as missing:
        print(missing, file=sys.stderr)
        return 2
    about["command"] = "`python bench/sass.py" + (
        "`" if options.arch == "sm_90" else f" --arch {options.arch}`"
    )
    for name, value in about.items():
        print(f"{name}: {value}")
    print()
    lines = []
    for row in rows(options.arch):
        lines.append(row)
        print(row, flush=True)
    if options.save:
        text = "# Instructions of GPU kernels\n\n"
        text += "".join(f"- {name}: {value}\n" for name, value in about.items())
        text += f"\n{NOTES}\n" + "\n".join(lines) + "\n"
        RESULTS.write_text(text)
        print(f"Written to {RESULTS}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
