"""What `KernelSolve` of all front ends have in common."""

from __future__ import annotations

import importlib
import math
import operator
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import replace
from numbers import Real
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
            alpha: what is added to the diagonal: a number, or an array (..., 1, 1) that broadcasts
                over the batch dimensions.
            eps: each column stops at `|b - A x| <= eps |b|`.
            ranges: as for `Genred`.
            max_iterations: the most steps; by default 10 N D + 100.
            x0: where to start, (..., N, D), a constant for derivatives; by default at 0.
            preconditioner: `"nystrom"`, `"pivoted_cholesky"`, or a function that applies an
                approximate inverse to (..., N, D). The named ones are for kernels of dimension 1
                times the variable.
            rank: of a named one: the number of columns that approximate the matrix (50, N at most).
            callback: called as `callback(step, residual)` after each step, with the relative
                residuals (..., 1, D).
            progress: whether to show a progress bar, by tqdm.
            full: whether to return a `Solution`, with iterations and residuals.

        Returns:
            The solution x, shaped as the right-hand side and in its dtype; or the `Solution`. Steps
            of 16-bit systems are taken in float32.

        Raises:
            ConvergenceError: if the system was not solved; its attribute `found` is what there is.
            ImportError: if progress=True and tqdm is not installed.
            TypeError: if the right-hand side is missing, or the type of an option is wrong.
            ValueError: if an option is wrong, the formula not linear in the variable, or the matrix
                not symmetric.
        """
        k = self._position
        if len(args) <= k:
            raise TypeError(
                f"{len(args)} arguments were given; the right-hand side is number {k + 1}."
            )
        if alpha is None or isinstance(alpha, complex | str):
            raise TypeError(f"alpha is {alpha!r}; write a number.")
        if hasattr(x0, "detach"):
            x0 = x0.detach()  # a constant: the solution is the same from anywhere
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
        eps, max_iterations = _positive(eps), _steps(max_iterations)
        if callback is not None and not callable(callback):
            raise TypeError(
                f"callback is {_shown(callback)}; write a function of the step and the residuals."
            )
        args = self._checked(args, place)
        args, alpha = self._shifted(args, alpha)
        x0 = self._started(x0, args[k])
        precondition = self._approximate_inverse(preconditioner, args[k])
        dtype = args[k].dtype
        if self._is_narrow(args[k]):
            # Conjugate gradients need more digits; the products are computed in float32 anyway.
            args, x0 = tuple(map(self._widened, args)), self._widened(x0)
        bar = _Bar(eps) if progress else None
        tell = bar.tell(callback) if bar else callback
        try:
            if isinstance(preconditioner, str):
                precondition = self._found_by_name(preconditioner, rank, args, alpha, place)
            limits = Limits(eps, max_iterations, tell, full)
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

    @abstractmethod
    def _call_rowwise(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any: ...

    @abstractmethod
    def _like(self, values: Any, b: Any) -> Any: ...

    @abstractmethod
    def _cast(self, values: Any, dtype: Any) -> Any: ...

    def _as_array(self, x: Any, name: str) -> Any:  # noqa: ARG002
        """An array of another library as one of the front end, where that is done unasked."""
        return x

    def _is_array(self, x: Any) -> bool:
        kind: Any = getattr(self.xp, "Tensor", None) or self.xp.ndarray
        return isinstance(x, kind)

    def _is_narrow(self, x: Any) -> bool:
        """Whether x is an array of 16-bit floating numbers."""
        return bool(
            self._is_array(x) and _kind(x.dtype) == "f" and self.xp.finfo(x.dtype).bits == 16
        )

    def _widened(self, x: Any) -> Any:
        return self._cast(x, self.xp.float32) if self._is_narrow(x) else x

    def _in_dtype(self, found: Solution, dtype: Any) -> Solution:
        if found.solution.dtype == dtype:
            return found
        return replace(found, solution=self._cast(found.solution, dtype))

    # ---- arguments and options ----

    def _checked(
        self, args: tuple[Any, ...], place: dict[str, Any] | None = None
    ) -> tuple[Any, ...]:
        """The arguments, with the right-hand side in all batch dimensions.

        Sizes may be the symbols of a tracer: they are compared one by one, and never hashed.
        """
        k, variables = self._position, self._reduction.routine.variables
        if not self._fit(args):
            self._sum(*args, **(place or {}))  # Genred says what is wrong
            if len(args) != len(variables) or not all(hasattr(a, "shape") for a in args):
                return args
        shapes = [tuple(a.shape) for a in args]
        b = args[k]
        if _kind(b.dtype) in "iub":
            raise TypeError(
                f"The right-hand side is {b.dtype}; write it in the dtype of the other arguments."
            )
        other = OTHER[self._reduction.axis]
        rows = [s[-2] for s, v in zip(shapes, variables, strict=True) if v[2] == other]
        for n in rows:
            if n != b.shape[-2]:
                raise ValueError(
                    f"The right-hand side has shape {tuple(b.shape)}, and the kernel has {n} rows; "
                    "a system has as many rows as unknowns."
                )
        own = [1 if category == 2 else 2 for _, _, category in variables]
        batches = [s[:-n] for s, n in zip(shapes, own, strict=True) if len(s) > n]
        if batches:
            batch = _broadcast(batches)
            if batch is None:
                self._sum(*args, **(place or {}))
                raise ValueError("The batch dimensions of the arguments do not fit.")
            if batch != tuple(b.shape[:-2]):
                b = self.xp.broadcast_to(b, (*batch, *b.shape[-2:]))
        return (*args[:k], b, *args[k + 1 :])

    def _fit(self, args: tuple[Any, ...]) -> bool:
        """Whether nothing is wrong with the arguments, as far as each can be seen alone."""
        variables = self._reduction.routine.variables
        if len(args) != len(variables) or not all(map(self._is_array, args)):
            return False
        dtype = args[self._position].dtype
        for a, (_, dim, category) in zip(args, variables, strict=True):
            if _is_sparse(a) or (_kind(a.dtype) == "f" and a.dtype != dtype):
                return False
            if len(a.shape) == 0 and category == 2 and dim == 1:
                continue
            if len(a.shape) < (1 if category == 2 else 2) or a.shape[-1] != dim:
                return False
        return True

    def _shifted(self, args: tuple[Any, ...], alpha: Any) -> tuple[tuple[Any, ...], Any]:
        """The arguments and alpha, in the dtype and all batch dimensions of both."""
        k = self._position
        b = args[k]
        alpha = self._as_array(alpha, "alpha")
        if isinstance(alpha, Real) and not isinstance(alpha, np.generic):
            return args, float(alpha)
        if isinstance(alpha, np.generic | np.ndarray) and _kind(alpha.dtype) in "fiub":
            alpha = self._like(np.asarray(alpha), b)
        if not self._is_array(alpha) or _kind(alpha.dtype) not in "fiub":
            raise TypeError(
                f"alpha is {_shown(alpha)}; write a number, or an array (..., 1, 1) of real "
                "numbers for batches."
            )
        dtype = self.xp.float32 if self._is_narrow(b) else b.dtype
        if alpha.dtype != dtype:
            alpha = self._cast(alpha, dtype)
        shape = tuple(alpha.shape)
        if shape == ():
            return args, alpha
        whole = _broadcast((shape, tuple(b.shape)))
        if whole is None or whole[-2:] != tuple(b.shape[-2:]):
            raise ValueError(
                f"alpha has shape {shape}, and the right-hand side {tuple(b.shape)}; write a "
                "number, or one for each batch in the shape (..., 1, 1)."
            )
        if whole != tuple(b.shape):
            b = self.xp.broadcast_to(b, whole)
        return (*args[:k], b, *args[k + 1 :]), alpha

    def _started(self, x0: Any, b: Any) -> Any:
        """Where to start, checked."""
        if x0 is None:
            return None
        x0 = self._as_array(x0, "x0")
        wanted = f"write an array of shape {tuple(b.shape)}, as the right-hand side"
        if not self._is_array(x0) or _is_sparse(x0):
            raise TypeError(f"x0 is {_shown(x0)}; {wanted}.")
        shape = tuple(x0.shape)
        if shape[-2:] != tuple(b.shape[-2:]) or _broadcast((shape, tuple(b.shape))) != b.shape:
            raise ValueError(
                f"x0 has shape {shape}, and the right-hand side {tuple(b.shape)}; {wanted}."
            )
        if x0.dtype != b.dtype:
            raise TypeError(
                f"x0 is {x0.dtype}, and the right-hand side {b.dtype}; both must have one dtype."
            )
        return x0

    def _approximate_inverse(self, preconditioner: Any, b: Any) -> Callable[[Any], Any] | None:
        """A function given as the preconditioner, whose results are checked."""
        if preconditioner is None or isinstance(preconditioner, str):
            return None
        if not callable(preconditioner):
            raise TypeError(
                f"preconditioner is {_shown(preconditioner)}; write one of "
                f"{', '.join(map(repr, _NAMED))}, or a function."
            )
        own = b.dtype

        def apply(r: Any) -> Any:
            given = r if r.dtype == own else self._cast(r, own)
            z = preconditioner(given)
            if not self._is_array(z):
                raise TypeError(
                    f"The function preconditioner returned {_shown(z)}; return an array of shape "
                    f"{tuple(r.shape)}, as it was given."
                )
            if tuple(z.shape) != tuple(r.shape):
                raise ValueError(
                    f"The function preconditioner returned an array of shape {tuple(z.shape)}; "
                    f"return one of shape {tuple(r.shape)}, as it was given."
                )
            if _kind(z.dtype) == "c":
                raise TypeError(
                    f"The function preconditioner returned {z.dtype}; return real numbers, as it "
                    "was given."
                )
            return z if z.dtype == r.dtype else self._cast(z, r.dtype)

        return apply

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

    def _found_by_name(
        self, name: str, rank: int | None, args: tuple[Any, ...], alpha: Any, place: dict[str, Any]
    ) -> Callable[[Any], Any]:
        if name not in _NAMED:
            raise ValueError(
                f"preconditioner is {name!r}; write one of {', '.join(map(repr, _NAMED))}, or a "
                "function."
            )
        if self._is_array(alpha) and len(alpha.shape):
            if math.prod(alpha.shape) != 1:
                raise ValueError(
                    f"alpha has shape {tuple(alpha.shape)}, and preconditioner={name!r} is for one "
                    "alpha; write a number, or give a function as the preconditioner."
                )
            alpha = alpha.reshape(())
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
        alpha = float(alpha)
        if rows == 0:
            return lambda r: r
        rank = min(rows, _RANK if rank is None else _count(rank))
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


def _kind(dtype: Any) -> str:
    """The letter of NumPy for a dtype of any front end."""
    kind: str | None = getattr(dtype, "kind", None)
    if kind is not None:
        return kind
    return "f" if "float" in str(dtype) else "c" if "complex" in str(dtype) else "i"


def _is_sparse(a: Any) -> bool:
    return "sparse" in str(getattr(a, "layout", ""))


def _shown(x: Any) -> str:
    """What an error says of a value."""
    if x is None or isinstance(x, str | Real | complex):
        return repr(x)
    shape = getattr(x, "shape", None)
    if shape is None:
        return f"a {type(x).__name__}"
    kind = f"{type(x).__module__}.{type(x).__name__}"
    return f"a {kind} of {getattr(x, 'dtype', 'no dtype')} and shape {tuple(shape)}"


def _broadcast(shapes: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """The shape that all have together, or None; sizes may be symbols."""
    longest = max(map(len, shapes))
    padded = [(1,) * (longest - len(s)) + s for s in shapes]
    whole = list(padded[0])
    for shape in padded[1:]:
        for d, n in enumerate(shape):
            if n == whole[d] or n == 1:  # no `in`, for which a symbol would have to be hashed
                continue
            if whole[d] != 1:
                return None
            whole[d] = n
    return tuple(whole)


def _positive(eps: Any) -> float:
    try:
        value = float(eps) if hasattr(eps, "__float__") else None
    except (TypeError, ValueError, RuntimeError):
        value = None
    if value is None:
        raise TypeError(f"eps is {_shown(eps)}; write a positive number.")
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"eps is {eps!r}; write a positive number that is finite.")
    return value


def _steps(max_iterations: Any) -> int | None:
    if max_iterations is None:
        return None
    try:
        count = operator.index(max_iterations)
    except TypeError:
        raise TypeError(
            f"max_iterations is {_shown(max_iterations)}; write an integer, 0 or more."
        ) from None
    if count < 0:
        raise ValueError(f"max_iterations is {count}; write an integer, 0 or more.")
    return count


def _count(rank: Any) -> int:
    try:
        count = 0 if isinstance(rank, bool) else operator.index(rank)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"rank is {_shown(rank)}; write a positive integer.")
    return count


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
