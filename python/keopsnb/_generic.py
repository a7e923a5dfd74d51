"""The helpers `generic_sum` and its like: a reduction whose output is written as an alias."""

from collections.abc import Callable
from typing import Any

from keopsnb._boundary import boundary
from keopsnb._core import FormulaError, declared
from keopsnb._options import PM


def helper(genred: Callable[..., Any], operation: str) -> Callable[..., Any]:
    """`generic_...` of a front end, for a reduction."""
    ranked = operation == "ArgKMin"

    @boundary
    def generic(formula: str, output: str, *aliases: str, **options: Any) -> Any:
        try:
            _, _, dim, category = declared(output)
        except FormulaError:
            category = PM
        if category == PM:
            raise ValueError(f"output is {output!r}; write 'a = Vi(D)' or 'a = Vj(D)'.")
        axis = 1 - category
        if ranked:
            options["opt_arg"] = dim
        reduction = genred(formula, list(aliases), operation, axis, **options)
        found = reduction._reduction.out_dim
        if not ranked and dim != found:
            raise ValueError(
                f"output is {output!r}, and the formula has dimension {found}; "
                f"write 'V{'ij'[category]}({found})'."
            )
        return reduction

    generic.__name__ = generic.__qualname__ = f"generic_{operation.lower()}"
    generic.__doc__ = f"`Genred` of {operation} whose axis is read from `output`, 'a = Vi(D)'."
    return generic
