"""The catalogue of operations and reductions is whole, and true of itself."""

import re
from pathlib import Path

import numpy as np
import pytest

from keopsnb import FormulaError, _core
from keopsnb._lazy.functions import functions
from keopsnb.numpy import LazyTensor

ROWS = _core.catalogue()
HEADERS = Path(__file__).parents[3] / "cpp" / "include" / "keopsnb"
TESTS = Path(__file__).parents[2] / "cpp"
ids = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)


def split(text: str) -> list[str]:
    """At the commas outside parentheses and angle brackets."""
    parts, depth = [""], 0
    for c in text:
        depth += (c in "(<") - (c in ")>")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


# Law: one row an operation, under one name in formulas and one in C++.


def test_names_are_unique() -> None:
    assert len(ROWS) > 110
    assert len({row.name for row in ROWS}) == len(ROWS)
    assert len({row.call for row in ROWS}) == len(ROWS)


# Law: a row is complete: names, signature, intervals, reference, sentence, and, where the operation
# is elementwise, one partial derivative for each operand.


@ids
def test_rows_are_well_formed(row: _core.Operation) -> None:
    assert re.fullmatch(r"[A-Z][A-Za-z0-9_]*", row.name)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", row.call)
    assert re.fullmatch(r"[A-Z0-9a-z(-].*\.", row.sentence)
    assert "->" in row.signature
    assert "a" in re.findall(r"\w+", row.reference)
    assert row.operands >= 1 or row.operands == -1
    assert 0 <= row.ints <= 2
    assert repr(row) == f"<Operation {row.name}: {row.signature}>"


@ids
def test_every_operand_has_an_interval(row: _core.Operation) -> None:
    intervals = split(row.domain)
    assert len(intervals) == (row.operands if row.operands > 0 else 2)
    for low, high in map(eval, intervals):
        assert low < high


@ids
def test_elementwise_rows_have_a_partial_for_each_operand(row: _core.Operation) -> None:
    assert len(split(row.partials)) in (0, row.operands)


def test_most_rows_are_elementwise() -> None:
    assert sum(bool(row.partials) for row in ROWS) > len(ROWS) / 2


# Law: a row's counts of operands and integers are what a formula has to give.


@ids
def test_the_parser_takes_what_the_row_says(row: _core.Operation) -> None:
    operands = abs(row.operands)
    arguments = ["Var(0, 1, 0)"] * operands + ["1", "1"][: row.ints] + ["[1]"] * row.lists
    least = len(arguments) - row.optional - row.optional_lists
    for count in (least - 1, len(arguments) + 1):
        given = ([*arguments, "1"])[:count]
        if row.operands < 0 and count >= 1:
            continue
        with pytest.raises(FormulaError, match=f"as in {row.name}\\("):
            _core.Reduction(f"{row.name}({', '.join(given)})", [])


# Law: kernels are compiled from headers that hold nothing of what is said of a row, so that to edit
# a sentence, a reference or a domain voids no kernel.


def test_headers_hold_no_texts_of_rows() -> None:
    text = "".join(path.read_text() for path in [*HEADERS.rglob("*.hpp"), *HEADERS.rglob("*.def")])
    literals = re.sub(r'"\s*"', "", text)
    for row in [*ROWS, *_core.reductions()]:
        for said in (row.sentence, row.reference, getattr(row, "domain", row.sentence)):
            assert f'"{said}' not in literals, row.name


# Law: what the headers have has a row. (That what a row names is there, the compiler sees; and that
# each elementwise operation has one.)

# Of these, operations are made.
PARTS = {"as_number", "contract", "gated_contract", "real_of", "imag_of", "interleave"}


def test_every_operation_has_a_row() -> None:
    text = "".join(path.read_text() for path in (HEADERS / "ops").glob("*.hpp"))
    for inner in ("detail", "op"):
        begin, end = rf"namespace {inner} \{{", rf"\}}  // namespace {inner}\n"
        text = re.sub(begin + ".*?" + end, "", text, flags=re.DOTALL)
    made = set(re.findall(r"^constexpr auto ([a-z]\w*)\(", text, re.MULTILINE)) - PARTS
    assert len(made) > 50
    assert made == {row.call for row in ROWS if not row.partials}


def test_every_reduction_has_a_row() -> None:
    text = "".join(path.read_text() for path in (HEADERS / "reductions").glob("*.hpp"))
    makers = re.findall(r"(?:constexpr auto |^KEOPSNB_\w+\()(\w+_reduction)\b", text, re.MULTILINE)
    made = set(makers)
    assert len(made) > 20
    assert made == {row.call for row in _core.reductions()} - {""}


# Law: of each kind of reduction one is tested for the laws of a monoid, and in the GPU's kernels.


@pytest.mark.parametrize("test", ["reduction_test.cpp", "gpu_kernel_test_*.cpp"])
def test_every_reduction_has_cpp_tests(test: str) -> None:
    text = "".join(path.read_text() for path in TESTS.rglob(test))
    for path in (HEADERS / "reductions").glob("*.hpp"):
        made = re.findall(r"\b[a-z]\w*_reduction\b", path.read_text())
        assert not made or any(re.search(rf"\b{name}\b", text) for name in made), path.name


# Law: NumPy has the ufuncs that rows name, and symbolic matrices have their methods.


def test_ufuncs_of_rows() -> None:
    names = [name for row in ROWS for name in row.numpy.split()]
    assert len(set(names)) == len(names) > 50
    for name in names:
        assert isinstance(getattr(np, name), np.ufunc)
    for method in functions("numpy").values():
        assert callable(getattr(LazyTensor, method))


def test_integers_have_cases() -> None:
    for row in ROWS:
        assert bool(row.arguments) == bool(row.ints and not row.cases), row.name
