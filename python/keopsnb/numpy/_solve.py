"""Linear systems of kernels, for NumPy arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import conjugate_gradients, position_of
from keopsnb.numpy._genred import Genred


class KernelSolve:
    """Solves `Sum_Reduction(formula) + alpha Id` for a variable that the formula is linear in.

    Args:
        formula: a symmetric positive definite kernel times the variable, as `Genred` takes it.
        aliases: the variables, in the order of the call's arguments.
        varinvalias: the variable to solve for: its name, or `"Var(i,d,c)"`.
        axis: the index summed over: 1 is j, 0 is i.
        options: options of `Genred`.

    Raises:
        ValueError: if `varinvalias` is no variable indexed by what is summed over.
    """

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        **options: Any,
    ) -> None:
        self._sum = Genred(formula, aliases, "Sum", axis, **options)
        self._position = position_of(varinvalias, self._sum._reduction.routine.variables, axis)

    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float = 1e-10,
        eps: float = 1e-6,
        ranges: Sequence[Any] | None = None,
        max_iterations: int | None = None,
        x0: Any = None,
        preconditioner: Callable[[Any], Any] | None = None,
        callback: Callable[[int, Any], None] | None = None,
        full: bool = False,
    ) -> Any:
        """Solve; the argument of the variable is the right-hand side.

        Args:
            args: as for `Genred`.
            backend: as for `Genred`.
            device_id: as for `Genred`.
            ranges: as for `Genred`.
            alpha: what is added to the diagonal.
            eps: each column stops at `|b - A x| <= eps |b|`.
            max_iterations: the most steps; by default 10 N + 100.
            x0: where to start, by default at 0.
            preconditioner: a function that applies an approximate inverse to (N, D).
            callback: called with the number of each step and the residuals.
            full: whether to return a `Solution`, with iterations and residuals.

        Raises:
            ConvergenceError: if the system was not solved.
        """
        k = self._position
        if len(args) <= k:
            raise TypeError(f"{len(args)} arguments were given; the right-hand side is number {k}.")

        def apply(x: Any) -> Any:
            rest = (*args[:k], x, *args[k + 1 :])
            product = self._sum(*rest, backend=backend, device_id=device_id, ranges=ranges)
            return product + alpha * x

        result = conjugate_gradients(
            np,
            apply,
            args[k],
            eps=eps,
            max_iterations=max_iterations,
            x0=x0,
            preconditioner=preconditioner,
            callback=callback,
        )
        return result if full else result.solution
