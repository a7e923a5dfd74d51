"""The preconditioners that `KernelSolve` knows by name, of a kernel that is never stored."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from keopsnb import _precondition
from keopsnb._core import FormulaError
from keopsnb._reduction import Reduction
from keopsnb._solve_checks import NAMED, Checks, count_of, no_preconditioner

# The rank where none is given.
_RANK = 50


class NamedPreconditioners(Checks):
    """Approximate inverses by columns of the kernel."""

    genred: ClassVar[Callable[..., Any]]
    _options: dict[str, Any]
    _wide: dict[int, Any]  # the sum with variables of other dimensions

    @abstractmethod
    def _call_rowwise(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any: ...

    def _aliases(self, dim: int) -> list[str]:
        """The aliases, with another dimension of the variable."""
        k, aliases = self._position, list(self._reduction.aliases)
        name, equals, _ = aliases[k].rpartition("=")
        aliases[k] = f"{name}{equals} Var({k}, {dim}, {self._reduction.categories[k]})"
        return aliases

    def _wider(self, dim: int) -> Any:
        """The same sum with a variable of another dimension; None if the kernel's is not 1."""
        if dim not in self._wide:
            reduction = self._reduction
            own, made = reduction.variables[self._position][1], None
            # A kernel of dimension 1 goes with variables of any.
            for d in (own + 1, own + 2, dim):
                try:
                    made = self.genred(
                        reduction.text, self._aliases(d), "Sum", reduction.axis, **self._options
                    )
                except FormulaError:
                    made = None
                if made is None or made._reduction.out_dim != d:
                    made = None
                    break
            self._wide[dim] = made
        return self._wide[dim]

    def _scalar(self, dim: int) -> Any:
        made = self._wider(dim)
        if made is None:
            raise ValueError(
                "Named preconditioners are for a kernel of dimension 1 times the variable, and "
                f"this formula is {self._reduction.text}; give a function."
            )
        return made

    def _found_by_name(
        self, name: str, rank: int | None, args: tuple[Any, ...], alpha: Any, place: dict[str, Any]
    ) -> Callable[[Any], Any]:
        if name not in NAMED:
            raise ValueError(no_preconditioner(name))
        try:
            return self._named(name, rank, args, alpha, place)
        except RuntimeError as error:
            if "vmap" not in str(error):
                raise
            raise ValueError(
                f"preconditioner={name!r} depends on the numbers in its arguments, which vmap "
                "hides; give the arguments batch dimensions instead, or a function as the "
                "preconditioner."
            ) from error

    def _named(
        self,
        name: str,
        rank: int | None,
        args: tuple[Any, ...],
        alpha: Any,
        place: dict[str, Any],
    ) -> Callable[[Any], Any]:
        k = self._position
        b = args[k]
        rows = int(b.shape[-2])
        if rows == 0:
            return lambda r: r
        rank = min(rows, _RANK if rank is None else count_of(rank))
        precision = float(self.xp.finfo(b.dtype).eps)

        def wide(x: Any) -> Any:
            return self._cast(x, self.xp.float64)

        def narrow(x: Any) -> Any:
            return self._cast(x, b.dtype)

        if not self._is_array(alpha):
            alpha = self._like(np.float64(alpha).reshape(1, 1), b)
        alpha = wide(alpha.reshape(1, 1) if len(alpha.shape) == 0 else alpha)
        if not bool(self.xp.isfinite(alpha).all()):
            raise ValueError("alpha is not finite; write finite numbers.")
        if name == "nystrom":
            kernel = self._scalar(rank)
            test = self._like(_precondition.directions(rows, rank), b)
            found = kernel(*args[:k], narrow(test), *args[k + 1 :], **place)
            return _precondition.nystrom(self.xp, test, found, alpha, wide, narrow, precision)
        variables = self._reduction.variables
        own = [len(a.shape) > (1 if v[2] == 2 else 2) for a, v in zip(args, variables, strict=True)]
        own[k] = False
        if any(own) or place["ranges"] is not None:
            raise ValueError(
                "preconditioner='pivoted_cholesky' is for kernels without batch dimensions and "
                "ranges; write 'nystrom'."
            )
        kernel, axis = self._scalar(1), self._reduction.axis
        one = narrow(self._like(np.ones((1, 1)), b))
        whole = {**place, "ranges": None}

        def column(at: int) -> Any:
            sliced = [
                a[at : at + 1] if v[2] == axis else a for a, v in zip(args, variables, strict=True)
            ]
            sliced[k] = one
            return kernel(*sliced, **whole)

        rowwise = kernel._reduction.at_rows
        ones = self.xp.broadcast_to(one, (rows, 1))
        diagonal = self._call_rowwise(rowwise, (*args[:k], ones, *args[k + 1 :]), place)
        return _precondition.pivoted_cholesky(
            self.xp, diagonal, column, rank, alpha, wide, narrow, precision
        )
