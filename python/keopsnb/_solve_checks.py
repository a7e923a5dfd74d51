"""Checks of `KernelSolve`'s arguments and options, and the errors of wrong ones."""

from __future__ import annotations

import math
import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np

from keopsnb._dtypes import NARROW, name_of
from keopsnb._reduction import Reduction

NAMED = ("nystrom", "pivoted_cholesky")


class Checks(ABC):
    """The arguments of a system, made ready for conjugate gradients, or refused."""

    xp: ClassVar[Any]  # numpy or torch

    _sum: Any  # the Genred
    _reduction: Reduction
    _position: int  # of the variable that is solved for

    # The front end's.

    @abstractmethod
    def _like(self, values: Any, b: Any) -> Any: ...

    @abstractmethod
    def _cast(self, values: Any, dtype: Any) -> Any: ...

    def _as_array(self, x: Any, name: str) -> Any:  # noqa: ARG002
        """An array of another library as one of the front end, where that is done unasked."""
        return x

    def _is_complex(self, x: Any) -> bool:
        return _kind(getattr(x, "dtype", None)) == "c"

    def _is_array(self, x: Any) -> bool:
        kind: Any = getattr(self.xp, "Tensor", None) or self.xp.ndarray
        return isinstance(x, kind)

    def _is_narrow(self, x: Any) -> bool:
        """Whether x is an array of numbers that are computed in another type."""
        return self._is_array(x) and name_of(x.dtype) in NARROW

    def _widened(self, x: Any) -> Any:
        return self._cast(x, self.xp.float32) if self._is_narrow(x) else x

    # Arguments and options.

    def _checked(
        self, args: tuple[Any, ...], place: dict[str, Any] | None = None
    ) -> tuple[Any, ...]:
        """The arguments, with the right-hand side in all batch dimensions.

        Sizes may be the symbols of a tracer: they are compared one by one, and never hashed.
        """
        k, variables = self._position, self._reduction.variables
        plain = len(args) == len(variables) and all(map(self._is_array, args))
        if not plain or any(map(_is_sparse, args)):
            self._sum(*args, **(place or {}))  # Genred says what is wrong
            if len(args) != len(variables) or not all(hasattr(a, "shape") for a in args):
                return args
        b = args[k]
        if _kind(b.dtype) in "iub":
            raise TypeError(
                f"The right-hand side is {b.dtype}; write it in the dtype of the other arguments."
            )
        other = self._reduction.result_category
        for a, (_, _, category) in zip(args, variables, strict=True):
            if category == other and b.ndim > 1 and a.shape[-2:-1] != b.shape[-2:-1]:
                raise ValueError(
                    f"The right-hand side has shape {tuple(b.shape)}, and the kernel has "
                    f"{a.shape[-2]} rows; a system has as many rows as unknowns."
                )
        shape = self._shape_of_product(args)
        if shape is None:
            self._sum(*args, **(place or {}))
        elif shape[:-2] != tuple(b.shape[:-2]):
            b = self.xp.broadcast_to(b, (*shape[:-2], *b.shape[-2:]))
        return (*args[:k], b, *args[k + 1 :])

    def _shape_of_product(self, args: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """The shape of the product with the right-hand side, or None if they do not fit."""
        shapes, dtypes = [tuple(a.shape) for a in args], [name_of(a.dtype) for a in args]
        try:
            ((shape, _),) = self._reduction.result_shapes(shapes, dtypes)
        except (TypeError, ValueError):
            return None
        return shape

    def _shifted(self, args: tuple[Any, ...], alpha: Any) -> tuple[tuple[Any, ...], Any]:
        """The arguments and alpha, in the dtype and all batch dimensions of both."""
        k = self._position
        b = args[k]
        alpha = self._as_array(alpha, "alpha")
        if isinstance(alpha, Real) and not isinstance(alpha, np.generic):
            return args, float(alpha)
        if isinstance(alpha, (np.generic, np.ndarray)) and _kind(alpha.dtype) in "fiub":
            alpha = self._like(np.asarray(alpha), b)
        if not self._is_array(alpha) or _kind(alpha.dtype) not in "fiub":
            raise TypeError(
                f"alpha is {shown(alpha)}; write a number, or an array of real numbers: (N,) or "
                "(..., N, 1) for each row, (..., 1, 1) for each batch."
            )
        dtype = self.xp.float32 if self._is_narrow(b) else b.dtype
        if alpha.dtype != dtype:
            alpha = self._cast(alpha, dtype)
        alpha = by_rows(alpha, b)
        shape = tuple(alpha.shape)
        if shape == ():
            return args, alpha
        whole = _broadcast((shape, tuple(b.shape)))
        if whole != tuple(b.shape):
            b = self.xp.broadcast_to(b, whole)
        return (*args[:k], b, *args[k + 1 :]), alpha

    def _started(self, x0: Any, b: Any) -> Any:
        """The start, checked."""
        if x0 is None:
            return None
        x0 = self._as_array(x0, "x0")
        wanted = f"write an array of shape {tuple(b.shape)}, as the right-hand side"
        if not self._is_array(x0) or _is_sparse(x0):
            raise TypeError(f"x0 is {shown(x0)}; {wanted}.")
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
            raise TypeError(no_preconditioner(preconditioner))
        own = b.dtype

        def apply(r: Any) -> Any:
            given = r if r.dtype == own else self._cast(r, own)
            z = preconditioner(given)
            if not self._is_array(z):
                raise TypeError(
                    f"The function preconditioner returned {shown(z)}; return an array of shape "
                    f"{tuple(r.shape)}, as it was given."
                )
            if tuple(z.shape) != tuple(r.shape):
                raise ValueError(
                    f"The function preconditioner returned an array of shape {tuple(z.shape)}; "
                    f"return one of shape {tuple(r.shape)}, as it was given."
                )
            if _kind(z.dtype) == "c" and _kind(own) != "c":
                raise TypeError(
                    f"The function preconditioner returned {z.dtype}; return real numbers, as it "
                    "was given."
                )
            return z if z.dtype == r.dtype else self._cast(z, r.dtype)

        return apply


def _kind(dtype: Any) -> str:
    """The letter of NumPy for a dtype of any front end."""
    kind: str | None = getattr(dtype, "kind", None)
    if kind is not None:
        return kind
    return "f" if "float" in str(dtype) else "c" if "complex" in str(dtype) else "i"


def _is_sparse(a: Any) -> bool:
    return "sparse" in str(getattr(a, "layout", ""))


def shown(x: Any) -> str:
    """A value as errors show it."""
    if x is None or isinstance(x, (str, Real, complex)):
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


def by_rows(alpha: Any, b: Any) -> Any:
    """Alpha as () or as (..., 1, 1) or (..., N, 1), which broadcasts with b; (N,) is for rows."""
    shape, whole = tuple(alpha.shape), tuple(b.shape)
    column = (*shape, 1) if len(shape) == 1 else shape
    if len(shape) == 0 or (
        column[-1] == 1
        and (column[-2] == 1 or column[-2] == whole[-2])
        and _broadcast((column, whole)) is not None
    ):
        return alpha if column == shape else alpha[:, None]
    raise ValueError(
        f"alpha has shape {shape}, and the right-hand side {whole}; write a number, one for each "
        f"row in the shape ({whole[-2]},) or (..., {whole[-2]}, 1), or one for each batch in the "
        "shape (..., 1, 1)."
    )


# Names of options elsewhere.
_NAMES = {
    "eps": "tol rtol atol tolerance epsilon cg_tolerance eps_rel",
    "max_iterations": "maxiter max_iter maxit n_iter niter iterations max_iters maxiters max_steps",
    "x0": "x_0 x initial_guess init",
    "preconditioner": "M Minv precond preconditioning precondition",
    "alpha": "noise ridge nugget shift reg lambda_ lam diag jitter sigma",
    "full": "full_output return_info info",
    "rank": "precond_rank k",
}


def refuse_names(unknown: Any) -> None:
    """That these are no options, each with the one that is meant.

    Raises:
        TypeError: if there is any.
    """
    for name in unknown:
        meant = next((own for own, others in _NAMES.items() if name in others.split()), None)
        answer = f"write {meant}" if meant else f"there are {', '.join(_NAMES)} and callback"
        if name == "atol":
            answer = "residuals are relative to the right-hand side: write eps"
        raise TypeError(f"solve has no option {name!r}; {answer}.")


def no_preconditioner(found: Any) -> str:
    """The error of a preconditioner that is none."""
    names = ", ".join(map(repr, NAMED))
    return f"preconditioner is {shown(found)}; write one of {names}, or a function."


def positive(eps: Any) -> float:
    """`eps`, checked."""
    try:
        value = float(eps) if hasattr(eps, "__float__") else None
    except (TypeError, ValueError, RuntimeError):
        value = None
    if value is None:
        raise TypeError(f"eps is {shown(eps)}; write a positive number.")
    if not (value > 0 and math.isfinite(value)):
        raise ValueError(f"eps is {eps!r}; write a positive number that is finite.")
    return value


def steps_of(max_iterations: Any) -> int | None:
    """`max_iterations`, checked."""
    if max_iterations is None:
        return None
    try:
        count = operator.index(max_iterations)
    except TypeError:
        raise TypeError(
            f"max_iterations is {shown(max_iterations)}; write an integer, 0 or more."
        ) from None
    if count < 0:
        raise ValueError(f"max_iterations is {count}; write an integer, 0 or more.")
    return count


def count_of(rank: Any) -> int:
    """`rank`, checked."""
    try:
        count = 0 if isinstance(rank, bool) else operator.index(rank)
    except TypeError:
        count = 0
    if count < 1:
        raise ValueError(f"rank is {shown(rank)}; write a positive integer.")
    return count
