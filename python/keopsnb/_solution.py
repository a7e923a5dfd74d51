"""The outcome of a linear system that was solved, or was not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Solution:
    """The result of `KernelSolve` with `full=True`, which `ConvergenceError` carries as `found`.

    Attributes:
        solution: the array x.
        iterations: how many steps were taken; each is one product with the operator.
        residual: |b - A x| / |b|, one for each column (..., 1, D), computed anew at the end.
        converged: whether all of them are at most eps.
    """

    solution: Any
    iterations: int
    residual: Any
    converged: bool


class ConvergenceError(RuntimeError):
    """A system was not solved: not positive definite, too many steps, or rounding above eps.

    Attributes:
        found: the `Solution` so far, as a start for another attempt (`x0=error.found.solution`);
            None if there is none.
    """

    def __init__(self, message: str, found: Solution | None = None) -> None:
        super().__init__(message)
        self.found = found


class AccuracyWarning(UserWarning):
    """A system was solved less well than its caller may think.

    The residual is above 1e-4 because rounding errors keep it there, or `alpha` was left out and
    the matrix is singular to rounding, or next to its default. They are errors after
    `warnings.simplefilter("error", AccuracyWarning)`.
    """
