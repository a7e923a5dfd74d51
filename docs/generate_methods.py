"""Writes the methods of symbolic matrices that are rows of the catalogue.

python docs/generate_methods.py            rewrite python/keopsnb/_lazy/{,reduction_}rows.py
python docs/generate_methods.py --check    fail if they are not as the rows say
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from generated import main

from keopsnb import _core
from keopsnb._lazy.functions import method_of

FOLDER = Path(__file__).parents[1] / "python" / "keopsnb" / "_lazy"

OPERATIONS = '''"""Methods for rows of the catalogue: docs/generate_methods.py writes them."""
# ruff: noqa: E702, E704

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keopsnb._lazy.operators import Operators
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class Rows(Operators, bare=True):
    """Operations of the catalogue. This matrix is a; others are matrices, arrays or numbers."""

    # fmt: off
'''
REDUCTIONS = '''"""Methods for rows of the catalogue: docs/generate_methods.py writes them."""
# ruff: noqa: E702, E704

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keopsnb._lazy.methods import Methods

Axis = int | Sequence[int] | None


class ReductionRows(Methods, bare=True):
    """Reductions of the catalogue; their terms are the entries, component by component."""

    if TYPE_CHECKING:

        def _over(
            self, entries: str, op: str, axis: Axis, dim: Axis, kwargs: dict[str, Any]
        ) -> Any: ...

    # fmt: off
'''
# After a row's sentence, by what it gives.
GIVES = {
    "values": "",
    "indices": " Integers (int64).",
    "both": " A tuple: values, then indices (int64).",
    "counts": " Integers (int64).",
    "flags": " Truth values.",
}


def by_hand(file: str) -> set[str]:
    """The methods that a module of the folder defines."""
    return set(re.findall(r"^    def (\w+)\(", (FOLDER / file).read_text(), re.MULTILINE))


def row_of(signature: str, text: str, last: str, body: str) -> Iterator[str]:
    """The lines of a method with a docstring of a text, which `last` follows: one if it fits."""
    line = f'    {signature} """{text}{last}"""; {body}'
    if len(line) <= 100:
        yield line
        return
    yield f"    {signature}"
    if len(text + last) <= 85:
        lines = [f'"""{text}{last}"""']
    elif len(text) <= 85:
        lines = [f'"""{text}', "", *textwrap.wrap(last.strip(), 88), '"""']
    else:
        lines = [*textwrap.wrap(f'"""{text}{last}', 88), '"""']
    if len(f"        {lines[-1]}; {body}") <= 100:
        lines[-1] += f"; {body}"
    else:
        lines.append(body)
    for line in lines:
        yield line and f"        {line}"


def sentence(row: _core.Operation) -> str:
    """The sentence of a row, beginning as one does."""
    return row.sentence if row.sentence[1] == " " else row.sentence[0].upper() + row.sentence[1:]


def parameters(row: _core.Operation) -> list[str]:
    """Parameters after self, with their defaults."""
    written = re.search(r"\((.*?)\)", row.method)
    if written:
        return written[1].split(", ")
    others = ["other"] if row.operands == 2 else [f"other{k}" for k in range(1, row.operands)]
    inputs = row.signature.split("->")[0].split("  ")[0].split(",")
    integers = [n.strip() for n in inputs[len(inputs) - row.ints :]] if row.ints else []
    return others + integers


def method(row: _core.Operation) -> Iterator[str]:
    """The lines of an operation's method."""
    given = [p.partition("=") for p in parameters(row)]
    names = [name for name, _, _ in given]
    operands, integers = names[: row.operands - 1], names[row.operands - 1 :]
    typed = [
        f"{name}: {'int' if name in integers else 'Any'}{default and f' = {default}'}"
        for name, _, default in given
    ]
    said = row.method.partition(": ")[2]
    order = said.split(", ") if said else ["self", *operands]
    letters = [
        f"{letter} is {name}" for letter, name in zip("abc", order, strict=False) if name != "self"
    ]
    signature = f"def {method_of(row)}({', '.join(['self', *typed])}) -> Self:"
    operands_named = f" Here {', '.join(letters)}." if letters else ""
    given = [f'"{row.name}"', *operands]
    if integers:
        checked = ", ".join(f'integer("{n}", {n})' for n in integers)
        given.append(f"ints=({checked}{',' * (len(integers) == 1)})")
    if said:  # otherwise operands come in the order of the call, which begins with self
        places = [str(["self", *operands].index(name)) for name in order]
        given.append(f"order=({', '.join(places)})")
    yield from row_of(
        signature, sentence(row), operands_named, f"return self.make({', '.join(given)})"
    )


def reduction(row: _core.ReductionRow) -> Iterator[str]:
    """The lines of a reduction's method; one that is an operation too goes over the entries."""
    entries = row.name if any(row.name == one.name for one in _core.catalogue()) else ""
    where = " Over i, over j, or (by default) over the components." if entries else " Over i or j."
    shape = " Shape (..., M, K, D), without D where it is 1." if row.ranked else ""
    option = f"{row.option}: int, " if row.option else ""
    kwargs = f'{{"opt_arg": {row.option}, **kwargs}}' if row.option else "kwargs"
    given = "axis: Axis = None, dim: Axis = None, **kwargs: Any"
    signature = f"def {row.method}(self, {option}{given}) -> Any:"
    body = f'return self._over("{entries}", "{row.name}", axis, dim, {kwargs})'
    yield from row_of(signature, row.sentence, where + GIVES[row.gives.name] + shape, body)


def pages() -> dict[Path, str]:
    """The texts that the files should have: methods that no module defines by hand."""
    hand = by_hand("methods.py") | by_hand("reductions.py")
    others = hand | {row.method for row in _core.reductions()}
    operations = [
        "\n".join(method(row))
        for row in _core.catalogue()
        if row.group != "complex" and method_of(row) not in others
    ]
    reductions = [
        "\n".join(reduction(row))
        for row in _core.reductions()
        if row.method and row.method not in hand
    ]
    return {
        FOLDER / "rows.py": "\n".join([OPERATIONS, *operations, ""]),
        FOLDER / "reduction_rows.py": "\n".join([REDUCTIONS, *reductions, ""]),
    }


if __name__ == "__main__":
    sys.exit(main("docs/generate_methods.py", pages))
