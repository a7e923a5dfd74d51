"""Writes python/keopsnb/_lazy/rows.py, methods of symbolic matrices, from the catalogue.

python docs/generate_methods.py            rewrite it
python docs/generate_methods.py --check    fail if it is not as the rows say
"""

import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

from keopsnb import _core

PAGE = Path(__file__).parents[1] / "python" / "keopsnb" / "_lazy" / "rows.py"

HEAD = '''"""Methods for rows of the catalogue: docs/generate_methods.py writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keopsnb._lazy.operators import Operators
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class Rows(Operators):
    """Operations of the catalogue. This matrix is a; others are matrices, arrays or numbers."""
'''

# Rows whose method is written by hand, as it reduces too, takes more, or changes the kind.
ELSEWHERE = {
    "Add", "Subtract", "Mult", "Divide", "Minus", "Pow", "Clamp",
    "IfElse", "Where", "MatVecMult", "VecMatMult", "TensorProd",
    "Sum", "Max", "Min", "ArgMax", "ArgMin", "Concat", "TensorDot", "Kron",
}  # fmt: skip
# Where KeOps names parameters, gives defaults or orders operands otherwise; {0} is the matrix.
PARAMETERS = {
    "Mod": ("modulus", "offset=0"),
    "Round": ("other=0",),
    "WeightedSqDist": ("g", "s"),
    "Elem": ("i",),
    "Extract": ("i", "d"),
    "OneHot": ("D",),
    "BSpline": ("x", "k=0"),
    "SoftDTW_SqDist": ("other", "gamma"),
    "Take": ("index", "d=1"),
}
ORDERS = {"WeightedSqNorm": "{1}, {0}", "WeightedSqDist": "{2}, {0}, {1}"}


def name_of(row: _core.Operation) -> str:
    """The method of a row: KeOps' names, in lower case."""
    if row.name == "OneHot":
        return "one_hot"
    return row.call if row.call.startswith("logical_") else row.name.lower()


def parameters(row: _core.Operation) -> list[str]:
    """Parameters after self, with their defaults."""
    if row.name in PARAMETERS:
        return list(PARAMETERS[row.name])
    others = ["other"] if row.operands == 2 else [f"other{k}" for k in range(1, row.operands)]
    inputs = row.signature.split("->")[0].split("  ")[0].split(",")
    integers = [n.strip() for n in inputs[len(inputs) - row.ints :]] if row.ints else []
    return others + integers


def sentence(row: _core.Operation, letters: str) -> Iterator[str]:
    """The lines of a docstring: what the row says, and what its letters stand for."""
    text = row.sentence if row.sentence[1] == " " else row.sentence[0].upper() + row.sentence[1:]
    if letters:
        text += f" Here {letters}."
    if len(text) <= 85:
        yield f'"""{text}"""'
        return
    if len(row.sentence) <= 85:
        yield from [f'"""{row.sentence}', "", f"Here {letters}."]
    else:
        first, *rest = textwrap.wrap(f'"""{text}', 88)
        yield from [first, *rest]
    yield '"""'


def method(row: _core.Operation) -> Iterator[str]:
    """The lines of a method."""
    given = [p.partition("=") for p in parameters(row)]
    names = [name for name, _, _ in given]
    operands, integers = names[: row.operands - 1], names[row.operands - 1 :]
    typed = [
        f"{name}: {'int' if name in integers else 'Any'}{default and f' = {default}'}"
        for name, _, default in given
    ]
    slots = ORDERS.get(row.name, ", ".join(["{}"] * row.operands))
    order = [int(k) for k in re.findall(r"\d", slots)] or range(row.operands)
    said = zip("abc", order, strict=False)
    letters = ", ".join(f"{letter} is {operands[k - 1]}" for letter, k in said if k)
    yield f"    def {name_of(row)}({', '.join(['self', *typed])}) -> Self:"
    for line in sentence(row, letters):
        yield line and f"        {line}"
    if integers:
        slots = slots.replace("{", "{{").replace("}", "}}")
        slots += "".join(f", {{integer('{n}', {n})}}" for n in integers)
    text = f'{(integers and "f") or ""}"{row.name}({slots})"'
    yield f"        return self.make({', '.join([text, *operands])})"


def page() -> str:
    """What the file should be."""
    rows = [r for r in _core.catalogue() if r.group != "complex" and r.name not in ELSEWHERE]
    return "\n".join([HEAD, "\n\n".join("\n".join(method(row)) for row in rows), ""])


def main() -> int:
    """Write the file, or compare it."""
    if PAGE.exists() and PAGE.read_text() == page():
        return 0
    if "--check" in sys.argv:
        print(f"{PAGE.name} is not as the catalogue says: run python docs/generate_methods.py.")
        return 1
    PAGE.write_text(page())
    return 0


if __name__ == "__main__":
    sys.exit(main())
