"""Arguments of `Genred`, checked once for all front ends."""

import operator
import os
import warnings
from collections.abc import Sequence
from typing import Any

from keopsnb import _core

_SUM_SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")
_DTYPES_ACC = ("auto", "float16", "float32", "float64")


def shown(value: Any) -> str:
    """A value as errors show it; Python refuses to write very long integers."""
    try:
        return repr(value)
    except ValueError:
        return f"an integer of {value.bit_length()} bits" if isinstance(value, int) else "too long"


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if not isinstance(value, str) or value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} is {shown(value)}; write one of {choices}.")


def _check_text(name: str, value: object) -> None:
    if isinstance(value, _core.Expr):
        return
    if not isinstance(value, str):
        raise TypeError(f"{name} is a {type(value).__name__}; write it as a string.")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} is {value!r}, where character {error.start} is half of one; write ASCII."
        ) from None


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


def _sums(reduction_op: str) -> bool:
    """Whether the reduction sums terms."""
    return any(row.name == reduction_op and row.sums for row in _core.reductions())


# The axis of a reduction over i and j at once.
BOTH = (0, 1)


def axis_number(axis: Any) -> int:
    """0 for i, 1 for j, 2 for both; of integers of any kind.

    Raises:
        ValueError: if it is none of them.
    """
    try:
        if isinstance(axis, tuple):
            if tuple(map(operator.index, axis)) == BOTH:
                return 2
        elif not isinstance(axis, bool) and operator.index(axis) in (0, 1):
            return operator.index(axis)
    except TypeError:
        pass
    raise ValueError(
        f"axis is {shown(axis)}; write axis=1 to reduce over j, with a result indexed by i, or "
        "axis=0 to reduce over i, with a result indexed by j; axis=(0, 1) is both."
    )


def check_options(
    formula: object,
    aliases: object,
    reduction_op: object,
    axis: object,
    *,
    formula2: object,
    dtype: object,
    opt_arg: object,
    cuda_type: object,
    dtype_acc: str,
    use_double_acc: bool,
    sum_scheme: str,
) -> bool:
    """Check the options of a `Genred`; return whether every term is to be summed without error.

    Raises:
        TypeError: if an argument is not of its type.
        ValueError: if an option is not one that the reductions have.
    """
    _check_text("formula", formula)
    if formula2 is not None:
        _check_text("formula2", formula2)
    strings = isinstance(aliases, Sequence) and all(isinstance(a, str) for a in aliases)
    if isinstance(aliases, str) or not strings:
        raise TypeError(f"aliases is {aliases!r}; write a list of strings, as ['x = Vi(3)'].")
    assert isinstance(aliases, Sequence)
    for k, alias in enumerate(aliases):
        _check_text(f"alias {k}", alias)
    if axis_number(axis) == 2 and picks(reduction_op):
        raise ValueError(
            f"reduction_op is {reduction_op!r}, which picks terms along one axis; write axis=1 to "
            "reduce over j, or axis=0 to reduce over i."
        )
    for name, value in (("dtype", dtype), ("cuda_type", cuda_type)):
        if value is not None:
            warnings.warn(
                f"{name} has no effect: the arguments of the call decide.",
                DeprecationWarning,
                stacklevel=5,  # of what calls the constructor
            )
    if not isinstance(reduction_op, str):
        raise TypeError(
            f"reduction_op is {reduction_op!r}; write the name of a reduction, such as 'Sum'."
        )
    if opt_arg is not None:
        integer("opt_arg", opt_arg)
    _one_of("dtype_acc", dtype_acc, _DTYPES_ACC)
    _one_of("sum_scheme", sum_scheme, _SUM_SCHEMES)
    if use_double_acc and dtype_acc not in ("auto", "float64"):
        raise ValueError(f"use_double_acc=True contradicts dtype_acc={dtype_acc!r}; give one.")
    wanted = {
        "sum_scheme": sum_scheme if sum_scheme in ("block_sum", "kahan_scheme") else None,
        "dtype_acc": None if dtype_acc == "auto" else dtype_acc,
        "use_double_acc": use_double_acc or None,
    }
    for name, value in wanted.items():
        if value is not None and not _sums(reduction_op):
            raise ValueError(
                f"{name} is {value!r}, which is for sums, and reduction_op is {reduction_op!r}; "
                "leave it out."
            )
    return use_double_acc or dtype_acc == "float64" or sum_scheme == "kahan_scheme"


def header_text(header: object) -> str:
    """The text of a header, given as text or as the path of a file.

    Raises:
        TypeError: if it is neither.
        FileNotFoundError: if it is a path, and there is no such file.
    """
    if header is None:
        return ""
    if isinstance(header, str):
        _check_text("header", header)
    if isinstance(header, str) and ("\n" in header or "(" in header):
        return header
    if not isinstance(header, str | os.PathLike):
        raise TypeError(f"header is {header!r}; write the text of a C++ header, or its path.")
    with open(header, encoding="utf-8") as file:
        return file.read()
