"""The common part of the `KernelSolve`s of all front ends."""

from __future__ import annotations

import importlib
from abc import abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from keopsnb._boundary import boundary
from keopsnb._conjugate import EPS, Limits
from keopsnb._core import FormulaError, declared
from keopsnb._solution import AccuracyWarning as AccuracyWarning
from keopsnb._solution import ConvergenceError as ConvergenceError
from keopsnb._solution import Solution as Solution
from keopsnb._solve_checks import positive, refuse_names, shown, steps_of
from keopsnb._solve_complex import ComplexSides

DEFAULT_ALPHA = 1e-10
# When and how to stop, without what watches the steps; with the defaults.
STOP: dict[str, Any] = {"eps": None, "max_iterations": None, "preconditioner": None, "rank": None}


def position_of(name: str, variables: Sequence[tuple[str, int, int]], axis: int) -> int:
    """Which variable is solved for; it is indexed by what is reduced over."""
    found = next((k for k, v in enumerate(variables) if v[0] == name.strip()), -1)
    if found < 0 and "(" in name:
        try:
            _, k, dim, category = declared(name)
        except FormulaError:
            k, dim, category = -1, 0, 0
        if 0 <= k < len(variables) and variables[k][1:] == (dim, category):
            found = k
    if found < 0:
        raise ValueError(
            f"varinvalias is {name!r}, which is no variable of the aliases; write the name of "
            "one, or its 'Var(i,d,c)'."
        )
    if variables[found][2] != axis:
        raise ValueError(
            f"varinvalias is {name!r}, which the sum over {'ij'[axis]} does not run over; "
            f"write a variable V{'ij'[axis]}, or axis={1 - axis}."
        )
    return found


class Solver(ComplexSides):
    """Solves linear systems of a kernel matrix that is never stored, by conjugate gradients.

    The system is `Sum_Reduction(formula) + alpha Id = b`, for a variable in which the formula is
    linear. Its matrix has to be symmetric and positive definite: the rows of i and j are the same
    points.

    Args:
        formula: a kernel times the variable, as `Genred` takes it.
        aliases: the variables, in the order of the call's arguments.
        varinvalias: the variable to solve for: its name, or `"Var(i,d,c)"`.
        axis: the index summed over: 1 is j, 0 is i.
        **options: options of `Genred`, in the order that KeOps has them.

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

    xp: ClassVar[Any]  # numpy or torch
    genred: ClassVar[Callable[..., Any]]

    def _prepare(
        self, formula: str, aliases: Sequence[str], varinvalias: str, axis: int, **options: Any
    ) -> None:
        self._options = options
        self._made = (formula, list(aliases), varinvalias, axis, options)
        self._sum = self.genred(formula, aliases, "Sum", axis, **options)
        reduction = self._reduction = self._sum._reduction
        self._position = position_of(varinvalias, reduction.variables, axis)
        self._wide: dict[int, Any] = {}
        self._real = None

    def __reduce__(self) -> Any:
        return _remade, (type(self), *self._made)

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
                be complex where the formula is a kernel of dimension 1 times the variable: real
                and imaginary parts are columns then, and their greater residual is that of both.
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
                approximate inverse to (..., N, D). The named ones are for kernels of dimension 1
                times the variable.
            rank: of a named one: the number of columns that approximate the matrix (50, N at most).
            callback: called as `callback(step, residual)` after each step, with the relative
                residuals (..., 1, D).
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
        if alpha is None or isinstance(alpha, (complex, str)):
            raise TypeError(f"alpha is {alpha!r}; write a number.")
        if rank is not None and not isinstance(preconditioner, str):
            raise ValueError(
                f"rank is {rank}, which is for named preconditioners; write "
                "preconditioner='nystrom', or leave rank out."
            )
        place = {"backend": backend, "device_id": device_id, "ranges": ranges}
        stop = dict(zip(STOP, (eps, max_iterations, preconditioner, rank), strict=True))
        watched = {"callback": callback, "progress": progress, "full": full}
        options = {**place, "alpha": alpha, "x0": x0, **stop, **watched}
        node = self._in_graph(args, options)
        if node is not None:
            return node
        if self._is_complex(args[k]):
            return self._call_complex(args, options)
        eps = None if eps is None else positive(eps)
        max_iterations = steps_of(max_iterations)
        if callback is not None and not callable(callback):
            raise TypeError(
                f"callback is {shown(callback)}; write a function of the step and the residuals."
            )
        args = self._checked(args, place)
        args, alpha = self._shifted(args, alpha)
        x0 = self._started(x0, args[k])
        precondition = self._approximate_inverse(preconditioner, args[k])
        dtype = args[k].dtype
        if self._is_narrow(args[k]):
            # Conjugate gradients need more digits; the products are computed in float32 anyway.
            args, x0 = tuple(map(self._widened, args)), self._widened(x0)
        bar = _Bar(eps or EPS) if progress else None
        tell = bar.tell(callback) if bar else callback
        try:
            if isinstance(preconditioner, str):
                precondition = self._found_by_name(preconditioner, rank, args, alpha, place)
            bare = alpha if isinstance(alpha, float) and alpha == DEFAULT_ALPHA else 0.0
            limits = Limits(eps, max_iterations, tell, bare)
            found = self._solve(args, place, alpha, limits, x0, precondition)
        except ConvergenceError as error:
            if error.found is not None:
                error.found = self._in_dtype(error.found, dtype)
            raise
        finally:
            if bar:
                bar.close()
        found = self._in_dtype(found, dtype)
        return found if full else found.solution

    @abstractmethod
    def _solve(
        self,
        args: tuple[Any, ...],
        place: dict[str, Any],
        alpha: Any,
        limits: Limits,
        x0: Any,
        precondition: Callable[[Any], Any] | None,
    ) -> Solution: ...

    # The front end's.

    def _in_graph(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:  # noqa: ARG002
        """The solution as a node, where a graph is being made; else None."""
        return None

    def _in_dtype(self, found: Solution, dtype: Any) -> Solution:
        if found.solution.dtype == dtype:
            return found
        return replace(found, solution=self._cast(found.solution, dtype))


def _remade(
    kind: Callable[..., Any],
    formula: str,
    aliases: list[str],
    varinvalias: str,
    axis: int,
    options: dict[str, Any],
) -> Any:
    return kind(formula, aliases, varinvalias, axis, **options)


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
