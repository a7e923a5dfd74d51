"""`pykeops.common.parse_type`: what an alias declares."""

import re
from collections import OrderedDict
from typing import Any

from keopsnb._options import PM, VI, VJ

categories = OrderedDict([("Vi", VI), ("Vj", VJ), ("Pm", PM)])

_NAMED = re.compile(
    r"(?:(?P<name>[A-Za-z_]\w*)=)?(?P<kind>V[ijxy]|Pm)\((?:(?P<at>\d+),)?(?P<dim>\d+)\)"
)
_PLACED = re.compile(r"Var\((\d+),(\d+),(\d+)\)")
_FORMER = {"Vx": "Vi", "Vy": "Vj"}


def get_type(
    type_str: str, position_in_list: int | None = None
) -> tuple[str | None, int, int, int | None]:
    """The variable that an alias declares.

    Args:
        type_str: such as `"x = Vi(3)"`, `"x = Vi(0, 3)"`, `"Vi(3)"` or `"Var(0, 3, 0)"`.
        position_in_list: the position of a variable whose alias gives none.

    Returns:
        Its name, None where it has none; 0 for i, 1 for j, 2 for a parameter; its dimension; its
        position.

    Raises:
        ValueError: if it is no alias.
    """
    text = re.sub(r"\s", "", type_str)
    if placed := _PLACED.match(text):
        position, dim, category = map(int, placed.groups())
        return None, category, dim, position
    named = _NAMED.match(text)
    if named is None:
        raise ValueError(
            f"{type_str!r} is no variable; write 'x = Vi(D)', 'y = Vj(D)', 'p = Pm(D)' or "
            "'Var(position, D, category)'."
        )
    given = int(named["at"]) if named["at"] else position_in_list
    kind = _FORMER.get(named["kind"], named["kind"])
    return named["name"], categories[kind], int(named["dim"]), given


def get_sizes(aliases: list[str], *args: Any) -> tuple[int, int]:
    """M and N, of arrays for these aliases; 1 where no variable says."""
    sizes: dict[int, int] = {}
    for place, alias in enumerate(aliases):
        _, category, _, position = get_type(alias, place)
        if category in (VI, VJ) and position is not None:
            sizes.setdefault(category, int(args[position].shape[-2]))
    return sizes.get(VI, 1), sizes.get(VJ, 1)
