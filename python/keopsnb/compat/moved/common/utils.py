"""`pykeops.common.utils`."""

import importlib
from typing import Any

from keopsnb.compat.package import say


def axis2cat(axis: int) -> int:
    """The index that remains when `axis` is reduced over: 0 is i, 1 is j.

    Raises:
        ValueError: if the axis is neither 0 nor 1.
    """
    if axis not in (0, 1):
        raise ValueError(f"axis is {axis!r}; write 0 to reduce over i, or 1 to reduce over j.")
    return 1 - axis


def cat2axis(cat: int) -> int:
    """The axis to reduce over, for a result indexed by i (0) or j (1).

    Raises:
        ValueError: if the category is neither 0 nor 1.
    """
    if cat not in (0, 1):
        raise ValueError(f"cat is {cat!r}; write 0 for a result indexed by i, or 1 for j.")
    return 1 - cat


def get_tools(lang: str) -> Any:
    """`numpytools` or `torchtools`, which give some functions of both the same names.

    Args:
        lang: `"numpy"`, `"torch"` or `"pytorch"`.

    Raises:
        ValueError: if it is none of them.
    """
    front_end = {"numpy": "numpy", "torch": "torch", "pytorch": "torch"}.get(lang)
    if front_end is None:
        raise ValueError(f"lang is {lang!r}; write 'numpy' or 'torch'.")
    return getattr(importlib.import_module(f"keopsnb.{front_end}.utils"), f"{front_end}tools")()


def WarmUpGpu(lang: str) -> None:
    """No effect, but for a wrong name: a first call costs what it costs, and later ones nothing."""
    get_tools(lang)


def max_tuple(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The greater of the entries of two tuples."""
    return tuple(map(max, a, b))


def check_broadcasting(
    dims_1: tuple[int, ...] | None, dims_2: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """The shape that two batch shapes broadcast to; None is a shape not known.

    Raises:
        ValueError: if they do not broadcast.
    """
    if dims_1 is None or dims_2 is None:
        return dims_2 if dims_1 is None else dims_1
    length = max(len(dims_1), len(dims_2))
    first, second = ((1,) * (length - len(d)) + tuple(d) for d in (dims_1, dims_2))
    if any(m != n and 1 not in (m, n) for m, n in zip(first, second, strict=True)):
        raise ValueError(f"The batch dimensions {dims_1} and {dims_2} do not broadcast.")
    return max_tuple(first, second)


def pyKeOps_Print(message: str, **kwargs: Any) -> None:
    """Print, unless `set_verbose(False)` was called."""
    say(message, **kwargs)


def pyKeOps_Message(message: str, use_tag: bool = True, **kwargs: Any) -> None:
    """Print with a tag in front, unless `set_verbose(False)` was called."""
    say(f"[keopsnb] {message}" if use_tag else message, **kwargs)


def pyKeOps_Warning(message: str) -> None:
    """Print a warning, unless `set_verbose(False)` was called."""
    say(f"[keopsnb] Warning: {message}")
