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


class LinearSum(ABC):
    """A sum that is linear in one variable, and the arrays of a front end that go with it."""

    xp: ClassVar[Any]  # numpy or torch
    array: ClassVar[Any]  # its class of arrays
    parts: ClassVar[Any]  # of complex arrays (..., D), real and imaginary parts (..., 2 D)
    as_complex: ClassVar[Any]  # and back

    _reduction: Reduction
    _position: int  # of the variable that is solved for

    # The front end's.

    @abstractmethod
    def _cast(self, values: Any, dtype: Any) -> Any: ...

    @abstractmethod
    def _beside(self, values: Any, b: Any) -> Any:
        """An array of NumPy as one of the front end, where b is."""

    @abstractmethod
    def _place(self, args: tuple[Any, ...], backend: str, device_id: int, ranges: Any) -> Any:
        """The place where `_reduce` computes, with the pairs that it takes."""

    @abstractmethod
    def _reduce(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any: ...

    def _as_array(self, x: Any, name: str) -> Any:  # noqa: ARG002
        """An array of another library as one of the front end, where that is done unasked."""
        return x

    # Products.

    def _with(self, args: Sequence[Any], x: Any) -> tuple[Any, ...]:
        """The arguments with x for the unknown."""
        return (*args[: self._position], x, *args[self._position + 1 :])

    def _reduction_for(self, b: Any) -> Reduction:
        """The sum for right-hand sides like b, or for the parts of b if that is complex.

        Raises:
            TypeError: if there is none.
        """
        if kind(b) != "c":
            return self._reduction
        found = self._reduction.widened(self._position, 2 * b.shape[-1])
        if found is None:
            raise TypeError(
                f"The right-hand side is {b.dtype}, and this formula, {self._reduction.text}, is "
                "no kernel of dimension 1 times the variable; solve for .real and .imag in turn."
            )
        return found

    def _product(self, b: Any, place: Any) -> Callable[[tuple[Any, ...]], Any]:
        """The sum as a function of arguments, of which the unknown is like b."""
        reduction = self._reduction_for(b)
        if reduction is self._reduction:
            return lambda args: self._reduce(reduction, args, place)

        def product(args: tuple[Any, ...]) -> Any:
            real = self._with(args, self.parts(args[self._position]))
            return self.as_complex(self._reduce(reduction, real, place))

        return product

    # Arguments and options.

    def _is_array(self, x: Any) -> bool:
        return isinstance(x, self.array) and "sparse" not in str(getattr(x, "layout", ""))

    def _is_narrow(self, x: Any) -> bool:
        """Whether x is an array of numbers that are computed in another type."""
        return self._is_array(x) and name_of(x.dtype) in NARROW

    def _widened(self, x: Any) -> Any:
        return self._cast(x, self.xp.float32) if self._is_narrow(x) else x

    def _broadcast(self, *shapes: Any) -> tuple[Any, ...] | None:
        """The shape that all have together, or None; sizes may be symbols."""
        try:
            return tuple(self.xp.broadcast_shapes(*map(tuple, shapes)))
        except (ValueError, RuntimeError):
            return None

    def _checked(
        self, args: tuple[Any, ...], alpha: Any, x0: Any, place: dict[str, Any]
    ) -> tuple[tuple[Any, ...], Any, Any]:
        """The arguments, alpha and x0, with the right-hand side in all batch dimensions.

        Alpha is a number or an array in the dtype of the system: (), (..., 1, 1) or (..., N, 1).
        """
        k, reduction = self._position, self._reduction
        if not all(map(self._is_array, args)):
            self._reduce(reduction, args, self._place(args, **place))  # which says what is wrong
        b = args[k]
        if kind(b) in "iub":
            raise TypeError(
                f"The right-hand side is {b.dtype}; write it in the dtype of the other arguments."
            )
        for a, category in zip(args, reduction.categories, strict=False):
            known = category == reduction.result_category and b.ndim > 1
            if known and a.shape[-2:-1] != b.shape[-2:-1]:
                raise ValueError(
                    f"The right-hand side has shape {tuple(b.shape)}, and the kernel has "
                    f"{a.shape[-2]} rows; a system has as many rows as unknowns."
                )
        real = self._with(args, b.real)
        ((shape, _),) = reduction.result_shapes(
            [tuple(a.shape) for a in real], [name_of(a.dtype) for a in real]
        )
        b = self._expanded(b, shape)
        alpha = self._shift(alpha, b)
        if not isinstance(alpha, float):
            b = self._expanded(b, self._broadcast(alpha.shape, b.shape))
        return self._with(args, b), alpha, self._start(x0, b)

    def _expanded(self, b: Any, shape: Any) -> Any:
        return b if shape[:-2] == tuple(b.shape[:-2]) else self.xp.broadcast_to(b, tuple(shape))

    def _shift(self, alpha: Any, b: Any) -> Any:
        alpha = self._as_array(alpha, "alpha")
        if isinstance(alpha, Real):
            return float(alpha)
        if isinstance(alpha, np.ndarray):
            alpha = self._beside(alpha, b)
        if not self._is_array(alpha) or kind(alpha) not in "fiub":
            raise TypeError(
                f"alpha is {shown(alpha)}; write a number, or an array of real numbers: (N,) or "
                "(..., N, 1) for each row, (..., 1, 1) for each batch."
            )
        alpha = self._cast(alpha, self.xp.float32 if self._is_narrow(b) else b.real.dtype)
        column, rows = alpha[:, None] if alpha.ndim == 1 else alpha, b.shape[-2]
        whole = self._broadcast(column.shape, b.shape)
        if column.ndim == 0:
            return column
        if column.shape[-1] != 1 or whole is None or whole[-2:] != tuple(b.shape[-2:]):
            raise ValueError(
                f"alpha has shape {tuple(alpha.shape)}, and the right-hand side {tuple(b.shape)}; "
                f"write a number, one for each row in the shape ({rows},) or (..., {rows}, 1), or "
                "one for each batch in the shape (..., 1, 1)."
            )
        return column

    def _start(self, x0: Any, b: Any) -> Any:
        if x0 is None:
            return None
        x0, whole = self._as_array(x0, "x0"), tuple(b.shape)
        wanted = f"write an array of shape {whole}, as the right-hand side"
        if not self._is_array(x0):
            raise TypeError(f"x0 is {shown(x0)}; {wanted}.")
        shape = tuple(x0.shape)
        if shape[-2:] != whole[-2:] or self._broadcast(shape, whole) != whole:
            raise ValueError(f"x0 has shape {shape}, and the right-hand side {whole}; {wanted}.")
        if x0.dtype != b.dtype:
            raise TypeError(
                f"x0 is {x0.dtype}, and the right-hand side {b.dtype}; both must have one dtype."
            )
        return x0

    def _approximate_inverse(self, function: Any, b: Any) -> Callable[[Any], Any]:
        """A function given as the preconditioner, whose results are checked."""
        if not callable(function):
            raise TypeError(no_preconditioner(function))

        def apply(r: Any) -> Any:
            z = function(self._cast(r, b.dtype))
            returned, wanted = "The function preconditioner returned", "as it was given"
            if not self._is_array(z):
                raise TypeError(
                    f"{returned} {shown(z)}; return an array of shape {tuple(r.shape)}, {wanted}."
                )
            if tuple(z.shape) != tuple(r.shape):
                raise ValueError(
                    f"{returned} an array of shape {tuple(z.shape)}; return one of shape "
                    f"{tuple(r.shape)}, {wanted}."
                )
            if kind(z) == "c" and kind(b) != "c":
                raise TypeError(f"{returned} {z.dtype}; return real numbers, {wanted}.")
            return self._cast(z, r.dtype)

        return apply


def kind(x: Any) -> str:
    """The letter of NumPy for the dtype of an array of any front end."""
    dtype = getattr(x, "dtype", None)
    letter: str | None = getattr(dtype, "kind", None)
    return letter or ("f" if "float" in str(dtype) else "c" if "complex" in str(dtype) else "i")


def shown(x: Any) -> str:
    """A value as errors show it."""
    if x is None or isinstance(x, (str, Real, complex)):
        return repr(x)
    shape = getattr(x, "shape", None)
    if shape is None:
        return f"a {type(x).__name__}"
    name = f"{type(x).__module__}.{type(x).__name__}"
    return f"a {name} of {getattr(x, 'dtype', 'no dtype')} and shape {tuple(shape)}"


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


def steps_of(max_iterations: Any) -> int:
    """`max_iterations`, checked."""
    wrong = f"max_iterations is {shown(max_iterations)}; write an integer, 0 or more."
    try:
        count = operator.index(max_iterations)
    except TypeError:
        raise TypeError(wrong) from None
    if count < 0:
        raise ValueError(wrong)
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
