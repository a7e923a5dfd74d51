"""Arguments of front ends that C++ does not check."""

import operator
import os
from typing import Any

from keopsnb import _core

# The categories of variables: rows i, rows j, and parameters.
VI, VJ, PM = range(3)
# The axis of a reduction over i and j at once, and its number where 0 is i and 1 is j.
BOTH = (0, 1)
I_AND_J = 2


def shown(value: Any) -> str:
    """A value as errors show it; Python refuses to write very long integers."""
    try:
        return repr(value)
    except ValueError:
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else "too long"


def integer(name: str, value: Any) -> int:
    """An integer of any kind, NumPy's and torch's too, as Python's.

    Raises:
        TypeError: if it is none.
    """
    try:
        if not isinstance(value, bool):
            return operator.index(value)
    except TypeError:
        pass
    raise TypeError(f"{name} is {shown(value)}; write an integer.")


def picks(reduction_op: object) -> bool:
    """Whether the reduction picks terms, by their indices along one axis."""
    of = {row.name: row for row in _core.reductions()}
    row = of.get(reduction_op) if isinstance(reduction_op, str) else None
    return row is not None and row.picks


def header_text(header: object) -> str:
    """The text of a header, given as text or as the path of a file.

    Raises:
        TypeError: if it is neither.
        FileNotFoundError: if it is a path, and there is no such file.
        ValueError: if it is the path of something else.
    """
    if header is None:
        return ""
    if isinstance(header, str) and ("\n" in header or "(" in header):
        return header
    if not isinstance(header, str | os.PathLike):
        raise TypeError(f"header is {header!r}; write the text of a C++ header, or its path.")
    try:
        with open(header, encoding="utf-8") as file:
            return file.read()
    except UnicodeError as error:
        raise ValueError(
            f"header is {header!r}, and neither text nor the path of a file of UTF-8 ({error})."
        ) from None
