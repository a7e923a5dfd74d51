"""Arguments of `Genred`, checked once for all front ends."""

import warnings
from collections.abc import Sequence

_SUM_SCHEMES = ("auto", "direct_sum", "block_sum", "kahan_scheme")
_DTYPES_ACC = ("auto", "float32", "float64")


def _one_of(name: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        choices = ", ".join(map(repr, allowed))
        raise ValueError(f"{name} is {value!r}; write one of {choices}.")


def check_options(
    formula: object,
    aliases: object,
    axis: object,
    *,
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
    if not isinstance(formula, str):
        raise TypeError(f"formula is a {type(formula).__name__}; write it as a string.")
    strings = isinstance(aliases, Sequence) and all(isinstance(a, str) for a in aliases)
    if isinstance(aliases, str) or not strings:
        raise TypeError(f"aliases is {aliases!r}; write a list of strings, as ['x = Vi(3)'].")
    if axis not in (0, 1):
        raise ValueError(
            f"axis is {axis!r}; write axis=1 to reduce over j, with a result indexed by i, or "
            "axis=0 to reduce over i, with a result indexed by j."
        )
    for name, value in (("dtype", dtype), ("cuda_type", cuda_type)):
        if value is not None:
            warnings.warn(
                f"{name} has no effect: the arguments of the call decide.",
                DeprecationWarning,
                stacklevel=3,
            )
    if opt_arg is not None:
        raise ValueError(f"opt_arg is {opt_arg!r}, and no reduction offered here takes one.")
    _one_of("dtype_acc", dtype_acc, _DTYPES_ACC)
    _one_of("sum_scheme", sum_scheme, _SUM_SCHEMES)
    if use_double_acc and dtype_acc not in ("auto", "float64"):
        raise ValueError(f"use_double_acc=True contradicts dtype_acc={dtype_acc!r}; give one.")
    return use_double_acc or dtype_acc == "float64" or sum_scheme == "kahan_scheme"


def check_call(ranges: object) -> None:
    """Check the options of a call that the compiled module does not see.

    Raises:
        ValueError: if ranges are given.
    """
    if ranges is not None:
        raise ValueError("ranges is not None: block-sparse reductions are not offered.")
