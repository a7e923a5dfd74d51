"""What `KernelSolve` of all front ends have in common."""

from __future__ import annotations

import importlib
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np

from keopsnb import _precondition
from keopsnb._conjugate import ConvergenceError as ConvergenceError
from keopsnb._conjugate import Limits
from keopsnb._conjugate import Solution as Solution
from keopsnb._core import FormulaError
from keopsnb._derivatives import OTHER
from keopsnb._gradients import Reduction

_NAMED = ("nystrom", "pivoted_cholesky")
# Of named preconditioners, where none is given.
_RANK = 50
DEFAULT_ALPHA = 1e-10
# When and how to stop, without what watches the steps; with the defaults.
STOP: dict[str, Any] = {"eps": 1e-6, "max_iterations": None, "preconditioner": None, "rank": None}


def position_of(name: str, variables: Sequence[tuple[str, int, int]], axis: int) -> int:
    """Which variable is solved for; it is indexed by what is reduced over."""
    match = re.fullmatch(r"\s*Var\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)\s*", name)
    if match:
        k, dim, category = map(int, match.groups())
        found = k if k < len(variables) and variables[k][1:] == (dim, category) else -1
    else:
        found = next((k for k, v in enumerate(variables) if v[0] == name.strip()), -1)
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


class Solver(ABC):
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
        self._position = position_of(varinvalias, reduction.routine.variables, axis)
        self._wide: dict[int, Any] = {}

    def __reduce__(self) -> Any:
        return _remade, (type(self), *self._made)

    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: Any = DEFAULT_ALPHA,
        eps: float = STOP["eps"],
        ranges: Sequence[Any] | None = None,
        max_iterations: int | None = None,
        x0: Any = None,
        preconditioner: str | Callable[[Any], Any] | None = None,
        rank: int | None = None,
        callback: Callable[[int, Any], None] | None = None,
        progress: bool = False,
        full: bool = False,
    ) -> Any:
        """Solve; the argument of the variable is the right-hand side.

        For torch tensors the solution is differentiable to any order, in all arguments, and in
        `alpha` if it is a scalar tensor; each gradient is another system, solved likewise.

        Args:
            args: as for `Genred`; the right-hand side is (..., N, D), each column a system.
            backend: as for `Genred`.
            device_id: as for `Genred`.
            alpha: what is added to the diagonal.
            eps: each column stops at `|b - A x| <= eps |b|`.
            ranges: as for `Genred`.
            max_iterations: the most steps; by default 10 N D + 100.
            x0: where to start, (..., N, D); by default at 0.
            preconditioner: `"nystrom"`, `"pivoted_cholesky"`, or a function that applies an
                approximate inverse to (..., N, D). The named ones are for kernels of dimension 1
                times the variable.
            rank: of a named one: the number of columns that approximate the matrix (50, N at most).
            callback: called as `callback(step, residual)` after each step, with the relative
                residuals (..., 1, D).
            progress: whether to show a progress bar, by tqdm.
            full: whether to return a `Solution`, with iterations and residuals.

        Returns:
            The solution x, shaped as the right-hand side; or the `Solution`.

        Raises:
            ConvergenceError: if the system was not solved; its attribute `found` is what there is.
            ImportError: if progress=True and tqdm is not installed.
            TypeError: if the right-hand side is missing.
            ValueError: if an option is wrong, or the formula not linear in the variable.
        """
        k = self._position
        if len(args) <= k:
            raise TypeError(
                f"{len(args)} arguments were given; the right-hand side is number {k + 1}."
            )
        if not eps > 0:
            raise ValueError(f"eps is {eps!r}; write a positive number.")
        if rank is not None and not isinstance(preconditioner, str):
            raise ValueError(
                f"rank is {rank}, which is for named preconditioners; write "
                "preconditioner='nystrom', or leave rank out."
            )
        place = {"backend": backend, "device_id": device_id, "ranges": ranges}
        if not (callback or progress or full or callable(preconditioner)):
            stop = (eps, max_iterations, preconditioner, rank)
            named = dict(zip(STOP, stop, strict=True))
            node = self._in_graph(args, {**place, "alpha": alpha, "x0": x0, **named})
            if node is not None:
                return node
        args = self._checked(args)
        bar = _Bar(eps) if progress else None
        tell = bar.tell(callback) if bar else callback
        if isinstance(preconditioner, str):
            preconditioner = self._named(preconditioner, rank, args, alpha, place)
        try:
            found = self._solve(
                args, place, alpha, Limits(eps, max_iterations, tell, full), x0, preconditioner
            )
        finally:
            if bar:
                bar.close()
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

    @abstractmethod
    def _call_rowwise(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any: ...

    @abstractmethod
    def _like(self, values: Any, b: Any) -> Any: ...

    @abstractmethod
    def _cast(self, values: Any, dtype: Any) -> Any: ...

    def _checked(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments, with the right-hand side in all batch dimensions."""
        k, variables = self._position, self._reduction.routine.variables
        if len(args) != len(variables) or not all(hasattr(a, "shape") for a in args):
            return args  # Genred says what is wrong
        shapes = [tuple(a.shape) for a in args]
        own = [1 if category == 2 else 2 for _, _, category in variables]
        if any(len(s) < n for s, n in zip(shapes, own, strict=True)):
            return args
        b = args[k]
        kind = getattr(b.dtype, "kind", "f" if "float" in str(b.dtype) else "i")
        if kind in "iub":
            raise TypeError(
                f"The right-hand side is {b.dtype}; write it in the dtype of the other arguments."
            )
        category = self._reduction.axis
        rows = {s[-2] for s, v in zip(shapes, variables, strict=True) if v[2] == OTHER[category]}
        if rows and rows != {b.shape[-2]}:
            raise ValueError(
                f"The right-hand side has shape {tuple(b.shape)}, and the kernel has "
                f"{' and '.join(map(str, rows))} rows; a system has as many rows as unknowns."
            )
        try:
            batch = np.broadcast_shapes(*(s[:-n] for s, n in zip(shapes, own, strict=True)))
        except ValueError:
            return args
        if batch != tuple(b.shape[:-2]):
            b = self.xp.broadcast_to(b, (*batch, *b.shape[-2:]))
        return (*args[:k], b, *args[k + 1 :])

    # ---- named preconditioners ----

    def _scalar(self, dim: int) -> Any:
        """The same sum with a variable of another dimension, if the kernel has dimension 1."""
        if dim not in self._wide:
            k, reduction = self._position, self._reduction
            name, own, category = reduction.routine.variables[k]
            made = None
            # A kernel of dimension 1 goes with variables of any.
            for d in (own + 1, own + 2, dim):
                aliases = list(reduction.aliases)
                aliases[k] = f"{name or 'v'}=Var({k},{d},{category})"
                try:
                    made = self.genred(
                        reduction.formula, aliases, "Sum", reduction.axis, **self._options
                    )
                except FormulaError:
                    made = None
                if made is None or made._reduction.routine.out_dim != d:
                    raise ValueError(
                        "Named preconditioners are for a kernel of dimension 1 times the variable, "
                        f"and this formula is {reduction.formula}; give a function."
                    )
            self._wide[dim] = made
        return self._wide[dim]

    def _named(
        self,
        name: str,
        rank: int | None,
        args: tuple[Any, ...],
        alpha: Any,
        place: dict[str, Any],
    ) -> Callable[[Any], Any]:
        if name not in _NAMED:
            raise ValueError(
                f"preconditioner is {name!r}; write one of {', '.join(map(repr, _NAMED))}, or a "
                "function."
            )
        k = self._position
        b = args[k]
        rows = int(b.shape[-2])
        alpha = float(alpha)
        rank = min(rows, _RANK if rank is None else rank)
        if isinstance(rank, bool) or not isinstance(rank, int) or rank < 1:
            if rows == 0:
                return lambda r: r
            raise ValueError(f"rank is {rank!r}; write a positive integer.")
        precision = float(self.xp.finfo(b.dtype).eps)

        def wide(x: Any) -> Any:
            return self._cast(x, self.xp.float64)

        def narrow(x: Any) -> Any:
            return self._cast(x, b.dtype)

        if name == "nystrom":
            kernel = self._scalar(rank)

            def product(v: Any) -> Any:
                return kernel(*args[:k], v, *args[k + 1 :], **place)

            return _precondition.nystrom(
                self.xp, product, lambda v: self._like(v, b), rows, rank, alpha, wide, narrow,
                precision,
            )  # fmt: skip
        if len(b.shape) > 2 or place["ranges"] is not None:
            raise ValueError(
                "preconditioner='pivoted_cholesky' is for systems without batch dimensions and "
                "ranges; write 'nystrom'."
            )
        kernel, axis = self._scalar(1), self._reduction.axis
        one = narrow(self._like(np.ones((1, 1)), b))
        whole = {**place, "ranges": None}

        def column(at: int) -> Any:
            sliced = [
                a[at : at + 1] if v[2] == axis else a
                for a, v in zip(args, self._reduction.routine.variables, strict=True)
            ]
            sliced[k] = one
            return kernel(*sliced, **whole)

        base = kernel._reduction
        options = replace(base.options, compensated=False, rowwise=True)
        rowwise = Reduction(base.formula, base.aliases, "Sum", 1, options=options)
        ones = self.xp.broadcast_to(one, (rows, 1))
        diagonal = self._call_rowwise(rowwise, (*args[:k], ones, *args[k + 1 :]), place)
        return _precondition.pivoted_cholesky(
            self.xp, diagonal, column, rank, alpha, wide, narrow, precision
        )


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
