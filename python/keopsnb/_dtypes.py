"""The types of numbers in memory, as the core has them."""

from collections.abc import Sequence
from typing import Any

from keopsnb import _core

# Those of numbers, and of these what is computed in another type: in which.
NUMBERS = tuple(row.name for row in _core.dtypes() if not row.integer)
COMPUTED = {row.name: row.computed for row in _core.dtypes() if not row.integer}
NARROW = frozenset(name for name, computed in COMPUTED.items() if name != computed)


def name_of(dtype: Any) -> str:
    """The name of a dtype of any front end."""
    return str(dtype).removeprefix("torch.")


def listed(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return f"{', '.join(names[:-1])} or {names[-1]}"
