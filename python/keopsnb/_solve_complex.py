"""Complex right-hand sides of real kernels: their parts are columns of one real system."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from keopsnb._solution import ConvergenceError, Solution
from keopsnb._solve_checks import shown
from keopsnb._solve_named import NamedPreconditioners


class ComplexSides(NamedPreconditioners):
    """Systems by real and imaginary parts."""

    _made: tuple[Any, ...]
    _real: Any  # the solver of both parts
    parts: Callable[[Any], Any]  # the front end's
    as_complex: Callable[[Any], Any]

    def by_parts(
        self, args: tuple[Any, ...], x0: Any, place: dict[str, Any]
    ) -> tuple[Any, tuple[Any, ...], Any]:
        """The solver of real and imaginary parts, with the arguments and x0 that it takes.

        Raises:
            TypeError: if there is none.
        """
        k = self._position
        b = self._as_array(args[k], f"argument {k + 1}")
        self._checked((*args[:k], b.real, *args[k + 1 :]), place)
        if self._real is None:
            dim = 2 * self._reduction.variables[k][1]
            formula, _, _, axis, options = self._made
            if self._wider(dim) is None:
                raise TypeError(
                    f"The right-hand side is {b.dtype}, and this formula, {formula}, is no kernel "
                    "of dimension 1 times the variable; solve for .real and .imag in turn."
                )
            aliases = self._aliases(dim)
            unknown = aliases[k].partition("=")[2]
            kind: Any = type(self)
            self._real = kind(formula, aliases, unknown, axis, **options)
        if x0 is not None:
            x0 = self._as_array(x0, "x0")
            if not self._is_array(x0) or not self._is_complex(x0):
                raise TypeError(
                    f"x0 is {shown(x0)}, and the right-hand side {b.dtype}; write an array of "
                    f"shape {tuple(b.shape)} and that dtype."
                )
            x0 = self.parts(x0)
        return self._real, (*args[:k], self.parts(b), *args[k + 1 :]), x0

    def _call_complex(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        """A call with a complex right-hand side."""
        given, callback, full = options["preconditioner"], options["callback"], options["full"]
        place = {name: options[name] for name in ("backend", "device_id", "ranges")}
        real, parts, x0 = self.by_parts(args, options["x0"], place)
        precondition = given
        if callable(given):
            apply: Any = self._approximate_inverse(given, args[self._position])

            def precondition(r: Any) -> Any:
                return self.parts(apply(self.as_complex(r)))

        if callable(callback):
            told = callback

            def callback(step: int, residual: Any) -> None:
                told(step, self._greater(residual))

        changed = {"x0": x0, "preconditioner": precondition, "callback": callback, "full": True}
        try:
            found = self._joined(real(*parts, **options | changed))
        except ConvergenceError as error:
            if error.found is not None:
                error.found = self._joined(error.found)
            raise
        return found if full else found.solution

    def _joined(self, found: Solution) -> Solution:
        return replace(
            found,
            solution=self.as_complex(found.solution),
            residual=self._greater(found.residual),
        )

    def _greater(self, residual: Any) -> Any:
        """Of the residuals of both parts."""
        return self.xp.maximum(residual[..., 0::2], residual[..., 1::2])
