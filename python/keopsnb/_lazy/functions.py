"""The functions of other libraries that are operations, or reductions, of symbolic matrices."""

from __future__ import annotations

from typing import Any

from keopsnb import _core


def method_of(row: _core.Operation) -> str:
    """The name of a row's method."""
    return row.method.partition("(")[0] or row.name.lower()


def functions(library: str) -> dict[str, str]:
    """The methods that functions of `library`, "numpy" or "torch", call, by their names."""
    return {
        name: name if name == row.method else row.special or method_of(row)
        for row in _core.catalogue()
        for name in _names(row, library)
    }


def _names(row: Any, library: str) -> list[str]:
    names: str = getattr(row, library)
    return names.split()


def operators() -> dict[str, str]:
    """Python's special methods that are a row, under their names without underscores."""
    specials = [row.special for row in _core.catalogue() if row.special]
    return {special.strip("_"): special for special in specials}


def reductions(library: str) -> dict[str, str]:
    """The methods that reductions of `library` call, by the names of these."""
    return {name: row.method for row in _core.reductions() for name in _names(row, library)}
