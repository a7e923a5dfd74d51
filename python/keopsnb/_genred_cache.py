"""Genred objects made once for each formula, as LazyTensors meet the same ones again and again."""

import functools
from collections.abc import Callable
from typing import Any


def cached(genred: Callable[..., Any], size: int = 4096) -> Callable[..., Any]:
    """The constructor, giving the same object for the same arguments."""

    @functools.lru_cache(size)
    def make(formula: str, aliases: tuple[str, ...], op: str, axis: int, **options: Any) -> Any:
        return genred(formula, list(aliases), op, axis, **options)

    def reduce(formula: str, aliases: list[str], op: str, axis: int, **options: Any) -> Any:
        try:
            return make(formula, tuple(aliases), op, axis, **options)
        except TypeError:
            # An option that is no key; Genred says what is wrong with it.
            return genred(formula, aliases, op, axis, **options)

    return reduce
