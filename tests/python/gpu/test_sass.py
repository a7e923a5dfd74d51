"""Machine code of the reference formulas: what it takes of a thread, and of its time."""

import functools
import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[3] / "bench"))

import cubin
import sass

ARCHITECTURE = "sm_90"


@pytest.fixture(scope="module", autouse=True)
def _tools() -> None:
    try:
        cubin.nvrtc()
        for name in ("cuobjdump", "nvdisasm"):
            cubin.tool(name)
    except cubin.MissingError as missing:
        pytest.skip(str(missing))


@functools.cache
def figures(formula: sass.Formula, fast: bool) -> sass.Figures:
    return sass.of_keopsnb(formula, ARCHITECTURE, fast=fast)


each = pytest.mark.parametrize("formula", sass.FORMULAS, ids=lambda f: f.name)
both = pytest.mark.parametrize("fast", [False, True], ids=["exact", "fast"])
GAUSSIAN = sass.FORMULAS[0]


# Law: all that a thread works on is in registers, whatever the dimension.


@each
@both
def test_nothing_spills(formula: sass.Formula, fast: bool) -> None:
    found = figures(formula, fast)
    assert (found.resources.spills, found.memory) == (0, 0)
    assert found.resources.registers <= 255


# Law: the inner loop does what the formula asks for, and little else.


@pytest.mark.parametrize(("fast", "limit"), [(False, 10), (True, 9)], ids=["exact", "fast"])
def test_instructions_of_the_gaussian(fast: bool, limit: float) -> None:
    found = figures(GAUSSIAN, fast)
    assert found.special == 1  # one exponential a pair
    assert 7 <= found.floating <= 8
    assert found.all <= limit


@pytest.mark.parametrize(
    "formula", [f for f in sass.FORMULAS if f.loops == 1], ids=lambda f: f.name
)
def test_fewer_instructions_than_one_output_a_thread(formula: sass.Formula) -> None:
    theirs = sass.of_keops_form(formula, ARCHITECTURE, fast=True)
    assert figures(formula, True).all < theirs.all


# Law: a round of an innermost loop is counted once, without what is jumped over in it.


def test_inner_loops() -> None:
    def code(*lines: str) -> list[cubin.Instruction]:
        return [
            cubin.Instruction(*line.split(","))
            if "," in line
            else cubin.Instruction("", "", line, "")
            for line in lines
        ]

    loops = cubin.inner_loops(
        code(
            ".L_outer,,MOV,",
            ".L_inner,,LDS,",
            ",@P0,BRA,.L_join",
            "MUFU.EX2",  # rare
            ".L_join,,FFMA,",
            ",@P1,BRA,.L_inner",
            "FADD",
            ",@P2,BRA,.L_outer",
            ",,BRA,.L_end",
            ".L_end,,EXIT,",
        )
    )
    assert [[i.opcode for i in loop] for loop in loops] == [["LDS", "BRA", "FFMA", "BRA"]]
