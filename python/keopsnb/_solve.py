"""The common part of the `KernelSolve`s of all front ends."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from keopsnb._boundary import boundary
from keopsnb._conjugate import EPS, conjugate_gradients
from keopsnb._precondition import directions, nystrom, pivoted_cholesky
from keopsnb._reduction import Reduction
from keopsnb._solution import AccuracyWarning as AccuracyWarning
from keopsnb._solution import ConvergenceError as ConvergenceError
from keopsnb._solution import Solution as Solution
from keopsnb._solve_checks import (
    NAMED,
    LinearSum,
    count_of,
    kind,
    no_preconditioner,
    positive,
    refuse_names,
    shown,
    steps_of,
)

DEFAULT_ALPHA = 1e-10
# When and how to stop, without what watches the steps; with the defaults.
STOP: dict[str, Any] = {"eps": None, "max_iterations": None, "preconditioner": None, "rank": None}
# The rank of preconditioners where none is given.
_RANK = 50


def position_of(name: str, reduction: Reduction) -> int:
    """Which variable is solved for; it is indexed by what is reduced over."""
    written, axis = "".join(name.split()), reduction.axis
    known = ["".join(alias.split()).split("=") for alias in reduction.aliases]  # x=Var(0,3,0)
    found = next((k for k, names in enumerate(known) if written in names), -1)
    if found < 0:
        raise ValueError(
            f"varinvalias is {name!r}, which is no variable of the aliases; write the name of "
            "one, or its 'Var(i,d,c)'."
        )
    if reduction.categories[found] != axis:
        raise ValueError(
            f"varinvalias is {name!r}, which the sum over {'ij'[axis]} does not run over; "
            f"write a variable V{'ij'[axis]}, or axis={1 - axis}."
        )
    return found


class Solver(LinearSum):
    """Solves linear systems of a kernel matrix that is never stored, by conjugate gradients.

    The system is `Sum_Reduction(formula) + alpha Id = b`, for a variable in which the formula is
    linear. Its matrix has to be symmetric and positive definite: the rows of i and j are the same
    points.

    Args:
        formula: a kernel times the variable, as `Genred` takes it.
        aliases: the variables, in the order of the call's arguments.
        varinvalias: the variable to solve for: its name, or `"Var(i,d,c)"`.
        axis: the index summed over: 1 is j, 0 is i.
        given, options: options of `Genred`, in the order that KeOps has them, or by name.

    Raises:
        FormulaError: if the formula or an alias cannot be understood.
        ValueError: if `varinvalias` is no variable indexed by what is summed over.

    Example:
        >>> import numpy as np
        >>> from keopsnb.numpy import KernelSolve
        >>> solve = KernelSolve("Exp(-SqDist(x, y)) * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"],
        ...                     "b", axis=1)
        >>> x = np.linspace(0, 1, 5)[:, None]
        >>> a = solve(x, x, np.ones((5, 1)), alpha=0.1)
        >>> (np.exp(-((x - x.T) ** 2)) @ a + 0.1 * a).round(4).T
        array([[1., 1., 1., 1., 1.]])
    """

    genred: ClassVar[Callable[..., Any]]
    options: ClassVar[str]  # of `genred`, in the order that KeOps has them

    @boundary
    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        *given: Any,
        **options: Any,
    ) -> None:
        names = self.options.split()
        if len(given) > len(names):
            raise TypeError(f"{4 + len(given)} arguments are too many; write options by name.")
        options |= zip(names, given, strict=False)
        reduction = self.genred(formula, aliases, "Sum", axis, **options)._reduction
        self._make(reduction, position_of(varinvalias, reduction))

    def _make(self, reduction: Reduction, position: int) -> None:
        self._reduction, self._position = reduction, position

    def __reduce__(self) -> Any:
        return made, (type(self), self._reduction, self._position)

    @boundary
    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: Any = DEFAULT_ALPHA,
        eps: float | None = None,
        ranges: Sequence[Any] | None = None,
        max_iterations: int | None = None,
        x0: Any = None,
        preconditioner: str | Callable[[Any], Any] | None = None,
        rank: int | None = None,
        callback: Callable[[int, Any], None] | None = None,
        progress: bool = False,
        full: bool = False,
        **unknown: Any,
    ) -> Any:
        """Solve; the argument of the variable is the right-hand side.

        For torch tensors the solution is differentiable to any order, in all arguments, and in
        `alpha` if it is a tensor; each gradient is another system, solved likewise.

        Args:
            args: as for `Genred`; the right-hand side is (..., N, D), each column a system. It may
                be complex where the formula is a kernel of dimension 1 times the variable.
            backend: as for `Genred`.
            device_id: as for `Genred`.
            alpha: what is added to the diagonal: a number; one for each row, (N,) or (..., N, 1);
                or one for each batch, (..., 1, 1).
            eps: each column stops at `|b - A x| <= eps |b|`. By default at 1e-6, or where rounding
                errors keep it from falling further, at most at 0.1.
            ranges: as for `Genred`.
            max_iterations: the most steps; by default 500.
            x0: where to start, (..., N, D), a constant for derivatives; by default at 0.
            preconditioner: `"nystrom"`, `"pivoted_cholesky"`, or a function that applies an
                approximate inverse to (..., N, D), which it leaves as it is. The named ones are for
                kernels of dimension 1 times the variable.
            rank: of a named one: the number of columns that approximate the matrix (50, N at most).
            callback: called as `callback(step, residual)` after each step, with the relative
                residuals (..., 1, D), which it leaves as they are.
            progress: whether to show a progress bar, by tqdm.
            full: whether to return a `Solution`, with iterations and residuals.
            unknown: no other option; names of other libraries are answered with the one here.

        Returns:
            The solution x, shaped as the right-hand side and in its dtype; or the `Solution`. Steps
            of 16-bit systems are taken in float32.

        Warns:
            AccuracyWarning: if eps is left out and rounding errors keep the residual above 1e-4, or
                alpha is left out and the matrix is singular to rounding, or next to 1e-10.

        Raises:
            ConvergenceError: if the system was not solved; its attribute `found` is what there is.
                After `max_iterations` steps, where rounding errors keep the residual above eps, and
                where the matrix is not positive definite, or singular to rounding.
            ImportError: if progress=True and tqdm is not installed.
            TypeError: if the right-hand side is missing, or of a wrong dtype, or the type of an
                option is wrong.
            ValueError: if an option is wrong, the right-hand side not finite, the formula not
                linear in the variable, or the matrix not symmetric.
        """
        refuse_names(unknown)
        k = self._position
        if len(args) <= k:
            raise TypeError(
                f"{len(args)} arguments were given; the right-hand side is number {k + 1}."
            )
        if rank is not None and not isinstance(preconditioner, str):
            raise ValueError(
                f"rank is {rank}, which is for named preconditioners; write "
                "preconditioner='nystrom', or leave rank out."
            )
        place: dict[str, Any] = {"backend": backend, "device_id": device_id, "ranges": ranges}
        stop = dict(zip(STOP, (eps, max_iterations, preconditioner, rank), strict=True))
        watched = {"callback": callback, "progress": progress, "full": full}
        node = self._in_graph(args, {**place, "alpha": alpha, "x0": x0, **stop, **watched})
        if node is not None:
            return node
        eps = None if eps is None else positive(eps)
        max_iterations = None if max_iterations is None else steps_of(max_iterations)
        if callback is not None and not callable(callback):
            raise TypeError(
                f"callback is {shown(callback)}; write a function of the step and the residuals."
            )
        args, alpha, x0 = self._checked(args, alpha, x0, place)
        where, dtype = self._place(args, **place), args[k].dtype
        inverse = None
        if preconditioner is not None and not isinstance(preconditioner, str):
            inverse = self._approximate_inverse(preconditioner, args[k])
        # Conjugate gradients need more digits; the products are computed in float32 anyway.
        args, x0 = tuple(map(self._widened, args)), self._widened(x0)
        bar = _Bar(eps or EPS) if progress else None
        bare = alpha if isinstance(alpha, float) and alpha == DEFAULT_ALPHA else 0.0
        told = bar.tell(callback) if bar else callback
        limits = {"eps": eps, "max_iterations": max_iterations, "bare": bare}
        try:
            if isinstance(preconditioner, str):
                inverse = self._named(preconditioner, rank, args, alpha, where)
            found = self._solved(args, alpha, x0, where, inverse, told, limits)
        except ConvergenceError as error:
            if error.found is not None:
                error.found = self._in_dtype(error.found, dtype)
            raise
        finally:
            if bar:
                bar.close()
        found = self._in_dtype(found, dtype)
        return found if full else found.solution

    def _solved(
        self,
        args: tuple[Any, ...],
        alpha: Any,
        x0: Any,
        place: Any,
        inverse: Callable[[Any], Any] | None,
        told: Callable[[int, Any], None] | None,
        limits: dict[str, Any],
    ) -> Solution:
        product = self._product(args[self._position], place)
        first: list[Solution] = []

        def solve(b: Any, alpha: Any, args: tuple[Any, ...], x0: Any) -> Any:
            def apply(x: Any) -> Any:
                return product(self._with(args, x)) + alpha * x

            callback = None if first else told  # gradients are solved for in silence
            found = conjugate_gradients(self.xp, apply, b, x0, inverse, callback=callback, **limits)
            if not first:  # without the solution, which would refer to itself in a graph
                first.append(replace(found, solution=None))
            return found.solution

        solution = self._differentiable(solve, args, alpha, x0, place)
        return replace(first[0], solution=solution)

    def _named(
        self, name: str, rank: int | None, args: tuple[Any, ...], alpha: Any, place: Any
    ) -> Callable[[Any], Any]:
        """A preconditioner that is known by name."""
        if name not in NAMED:
            raise ValueError(no_preconditioner(name))
        xp, k, b = self.xp, self._position, args[self._position]
        real, precision, rows = b.real.dtype, float(xp.finfo(b.dtype).eps), int(b.shape[-2])
        if rows == 0:
            return lambda r: r
        rank = min(rows, _RANK if rank is None else count_of(rank))

        def kernel(dim: int) -> Reduction:
            found = self._reduction.widened(k, dim)
            if found is None:
                raise ValueError(
                    "Named preconditioners are for a kernel of dimension 1 times the variable, and "
                    f"this formula is {self._reduction.text}; give a function."
                )
            return found

        def product(reduction: Reduction, args: Any, x: Any) -> Any:
            args = self._with(args, self._cast(x, real))
            return self._cast(self._reduce(reduction, args, place), xp.float64)

        one = self._beside(np.ones((1, 1)), b)
        alpha = one * alpha
        if not bool(xp.isfinite(alpha).all()):
            raise ValueError("alpha is not finite; write finite numbers.")
        if name == "nystrom":
            test = self._beside(directions(rows, rank), b)
            low_rank = nystrom(xp, test, product(kernel(rank), args, test), precision)
        else:
            kinds = list(zip(args, self._reduction.categories, strict=True))
            batches = any(a.ndim > (1 if c == 2 else 2) for a, c in self._with(kinds, (one, 0)))
            if batches or place.ranges is not None:
                raise ValueError(
                    "preconditioner='pivoted_cholesky' is for kernels without batch dimensions and "
                    "ranges; write 'nystrom'."
                )
            column, axis = kernel(1), self._reduction.axis
            diagonal = product(column.at_rows, args, xp.broadcast_to(one, (rows, 1)))

            def column_at(at: int) -> Any:
                return product(column, [a[at : at + 1] if c == axis else a for a, c in kinds], one)

            low_rank = pivoted_cholesky(xp, diagonal, column_at, rank, precision)
        apply = low_rank.inverse(xp, alpha, precision, lambda a: self._cast(a, real))
        if kind(b) != "c":
            return apply
        return lambda r: self.as_complex(apply(self.parts(r)))

    @abstractmethod
    def _differentiable(
        self,
        solve: Callable[..., Any],
        args: tuple[Any, ...],
        alpha: Any,
        x0: Any,
        place: Any,
    ) -> Any:
        """The result of `solve`, with the derivatives that the front end has."""

    def _in_graph(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ARG002
        """The solution as a node, where a graph is being made; else None."""
        return None

    def _in_dtype(self, found: Solution, dtype: Any) -> Solution:
        return replace(found, solution=self._cast(found.solution, dtype))


def made(kind: type[Solver], reduction: Reduction, position: int) -> Any:
    """The solver of a sum and the position of its unknown."""
    solver = object.__new__(kind)
    solver._make(reduction, position)
    return solver


class _Bar:
    """A progress bar of tqdm, which shows the residual on its way down to eps."""

    def __init__(self, eps: float) -> None:
        try:
            tqdm = importlib.import_module("tqdm.auto").tqdm
        except ImportError as error:
            raise ImportError(
                "progress=True needs tqdm; install it (pip install tqdm), or leave progress out."
            ) from error
        self._bar = tqdm(unit=" steps", desc=f"conjugate gradients to {eps:.0e}")

    def tell(self, callback: Callable[[int, Any], None] | None) -> Callable[[int, Any], None]:
        def both(step: int, residual: Any) -> None:
            self._bar.update(step - self._bar.n)
            self._bar.set_postfix_str(f"residual {float(residual.max()):.2e}", refresh=False)
            if callback is not None:
                callback(step, residual)

        return both

    def close(self) -> None:
        self._bar.close()
