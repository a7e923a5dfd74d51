"""Symbolic matrices of NumPy arrays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np

from keopsnb import _core
from keopsnb._dtypes import NARROW
from keopsnb._lazy.complexes import ComplexMatrix
from keopsnb._lazy.deferred import known_plan, quick_plan
from keopsnb._lazy.functions import functions
from keopsnb._lazy.making import indexed
from keopsnb._lazy.matrix import Matrix
from keopsnb._lazy.solving import Solved, known_solver
from keopsnb._options import PM, VI, VJ
from keopsnb.numpy._arrays import as_array, as_complex, is_foreign, parts
from keopsnb.numpy._genred import Genred


class _Arrays:
    """NumPy, as a symbolic matrix needs it."""

    noun = "an array"
    arguments = staticmethod(_core.arguments)
    merge = staticmethod(_core.merge)

    @staticmethod
    def is_plain(x: Any) -> bool:
        """Whether x is an array, and nothing else."""
        return type(x) is np.ndarray

    @staticmethod
    def is_array(x: Any) -> bool:
        return isinstance(x, np.ndarray | np.generic) or (
            not isinstance(x, Matrix) and is_foreign(x)
        )

    @staticmethod
    def as_array(x: Any) -> Any:
        return x if isinstance(x, Matrix) else as_array(x)

    @staticmethod
    def alike(data: Sequence[Any], numbers: Sequence[bool]) -> tuple[list[Any], Any]:
        """The arguments, with Python's numbers in the dtype of the others, and that of results.

        16 bits are types of memory: a number is none, so that all are float32 beside one.
        """
        both = list(zip(data, numbers, strict=True))
        dtypes = (d.dtype for d, number in both if not number and d.dtype.kind == "f")
        found = next(dtypes, np.dtype("float64"))
        narrow = found if found.name in NARROW else None
        wanted = np.dtype("float32") if narrow else found
        made = [np.asarray(d, wanted) if number or d.dtype == narrow else d for d, number in both]
        return made, narrow

    @staticmethod
    def narrowed(x: Any, dtype: Any) -> Any:
        """Numbers in a dtype; indices and truth values as they are."""
        return x.astype(dtype) if x.dtype.kind == "f" else x

    @staticmethod
    def again(op: str, x: Any) -> Any:
        """Max or Min over i of what one over j gives: (..., M, D) to (..., D)."""
        return x.max(-2, initial=-np.inf) if op == "Max" else x.min(-2, initial=np.inf)

    @staticmethod
    def rows(x: Any, key: Any) -> Any:
        return x[..., key, :]

    @staticmethod
    def ones(device: Any) -> Any:  # noqa: ARG004
        return np.ones((1, 1), np.int32)

    @staticmethod
    def broadcast(x: Any, shape: tuple[int, ...]) -> Any:
        return np.broadcast_to(x, shape)

    @staticmethod
    def is_complex(x: Any) -> bool:
        return bool(x.dtype.kind == "c")

    @staticmethod
    def plain_number(x: Any, dtype: Any) -> Any:  # noqa: ARG004
        """A number of NumPy as one of Python."""
        return x.item() if isinstance(x, np.generic) else x

    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)


# Of these, no one operation is a row.
_UFUNCS = functions("numpy") | {
    "greater": "__gt__",
    "greater_equal": "__ge__",
    "positive": "__pos__",
    "ceil": "ceil",
}


def _bound(genred: Genred) -> Any:
    reduction = genred._reduction
    if reduction.compiled:
        return functools.partial(reduction, _core.NUMPY)
    return lambda args: genred(*args)


class LazyTensor(Matrix):
    """A matrix (..., M, N) of vectors, given by a formula of NumPy arrays and never stored.

    Operators, functions and broadcasting are those of arrays; reducing over i or j computes.

    Args:
        x: an array (..., M, D), or (M,), with `axis`; (..., M, 1, D) for rows i, (..., 1, N, D)
            for columns j, (D,) or (..., 1, 1, D) for a parameter; a number or a list of numbers;
            or (position, dimension, category) for a symbolic variable, whose value a call gives.
        axis: of an array (..., M, D), or (M,) of numbers: 0 for rows i, 1 for columns j.

    Raises:
        TypeError: if x is something else.
        ValueError: if its shape and axis do not fit.

    Example:
        >>> import numpy as np
        >>> from keopsnb.numpy import Vi, Vj
        >>> x, y = np.zeros((3, 2)), np.ones((4, 2))
        >>> K = (-((Vi(x) - Vj(y)) ** 2).sum()).exp()  # (3, 4), never stored
        >>> K.shape
        (3, 4)
        >>> (K @ np.ones(4)).round(4)
        array([0.5413, 0.5413, 0.5413])
    """

    planned = staticmethod(functools.partial(known_plan, Genred))
    quick = staticmethod(quick_plan(Genred, _bound))
    arrays = _Arrays

    @staticmethod
    def solved(*of_system: Any) -> Solved:
        """The solver of systems."""
        from keopsnb.numpy._solve import KernelSolve

        return known_solver(KernelSolve, *of_system)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        """NumPy's functions and operators on symbolic matrices: np.exp(K), array * K."""
        name = _UFUNCS.get(ufunc.__name__)
        if ufunc.__name__ == "matmul" and method == "__call__" and not kwargs:
            left, right = inputs
            return left.__matmul__(right) if isinstance(left, Matrix) else right.__rmatmul__(left)
        if method != "__call__" or kwargs or name is None:
            return NotImplemented
        first, *others = (self.lift(i) for i in inputs)
        return getattr(first, name)(*others)


class ComplexLazyTensor(ComplexMatrix, LazyTensor):
    """A matrix (..., M, N) of vectors of complex numbers, given by a formula and never stored.

    Made of complex arguments, of real ones and `is_complex=True` (real and imaginary parts in
    turn), or by operations such as `real2complex` and `exp1j`. Sums over i or j are complex.
    """

    real_kind = LazyTensor


LazyTensor.complex_kind = ComplexLazyTensor


def Vi(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of an array (..., M, D), or numbers (M,), indexed by i.

    Or a symbolic variable Vi(position, dimension).
    """
    return indexed(LazyTensor, x_or_ind, dim, VI)


def Vj(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of an array (..., N, D), or numbers (N,), indexed by j.

    Or a symbolic variable Vj(position, dimension).
    """
    return indexed(LazyTensor, x_or_ind, dim, VJ)


def Pm(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A parameter: a vector (D,) or a number; or a symbolic variable Pm(position, dimension)."""
    return indexed(LazyTensor, x_or_ind, dim, PM)
