"""Symbolic matrices of NumPy arrays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keopsnb._boundary import boundary
from keopsnb._lazy.complexes import ComplexMatrix
from keopsnb._lazy.deferred import known_plan
from keopsnb._lazy.functions import functions
from keopsnb._lazy.making import expression_of, indexed
from keopsnb._lazy.matrix import Matrix
from keopsnb._lazy.solving import Solved, known_solver
from keopsnb.numpy._arrays import as_array, as_complex, is_foreign, parts
from keopsnb.numpy._genred import Genred

if TYPE_CHECKING:
    from typing_extensions import Self


class _Arrays:
    """NumPy, as a symbolic matrix needs it."""

    noun = "an array"

    @staticmethod
    def is_plain(x: Any) -> bool:
        """Whether x is rows of real numbers, and nothing else."""
        return type(x) is np.ndarray and x.dtype.kind == "f" and x.ndim > 1 and x.shape[-1] > 0

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
        narrow = found if found.itemsize == 2 else None
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
        if isinstance(x, list):
            return any(isinstance(v, complex) for v in x)
        return isinstance(x, complex) or (
            isinstance(x, np.ndarray | np.generic) and x.dtype.kind == "c"
        )

    @classmethod
    def parts(cls, x: Any) -> Any:
        """Real and imaginary parts in turn, of what is complex."""
        if not cls.is_complex(x):
            return x
        if isinstance(x, complex | list):
            return [float(p) for v in np.ravel(x) for p in (v.real, v.imag)]
        return parts(x.reshape(x.shape or (1,)))

    as_complex = staticmethod(as_complex)


# Of these, no one operation is a row.
_UFUNCS = functions("numpy") | {
    "greater": "__gt__",
    "greater_equal": "__ge__",
    "positive": "__pos__",
    "ceil": "ceil",
}


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
    arrays = _Arrays

    @staticmethod
    def solved(*of_system: Any) -> Solved:
        """The solver of systems."""
        from keopsnb.numpy._solve import KernelSolve

        return known_solver(KernelSolve, *of_system)

    def __new__(cls, x: Any = None, axis: Any = None, is_complex: bool = False) -> Any:  # noqa: ARG004
        """A symbolic matrix; a ComplexLazyTensor if x is complex."""
        if cls is LazyTensor and (is_complex or _Arrays.is_complex(_Arrays.as_array(x))):
            return object.__new__(ComplexLazyTensor)
        return object.__new__(cls)

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = False) -> None:  # noqa: ARG002
        self.expression = expression_of(type(self), _Arrays.parts(_Arrays.as_array(x)), axis)

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

    def lift(self, other: Any) -> Self:
        """Anything an operator may meet, as a matrix."""
        if isinstance(other, Matrix):
            return other  # type: ignore[return-value]
        if isinstance(other, np.generic):
            other = other.item()
        return super().lift(other)


class ComplexLazyTensor(ComplexMatrix, LazyTensor):
    """A matrix (..., M, N) of vectors of complex numbers, given by a formula and never stored.

    Made of complex arguments, of real ones and `is_complex=True` (real and imaginary parts in
    turn), or by operations such as `real2complex` and `exp1j`. Sums over i or j are complex.
    """

    real_kind = LazyTensor


LazyTensor.complex_kind = ComplexLazyTensor


@boundary
def Vi(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of an array (..., M, D), or numbers (M,), indexed by i.

    Or a symbolic variable Vi(position, dimension).
    """
    made: LazyTensor = indexed(LazyTensor, x_or_ind, dim, 0, "Vi")
    return made


@boundary
def Vj(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of an array (..., N, D), or numbers (N,), indexed by j.

    Or a symbolic variable Vj(position, dimension).
    """
    made: LazyTensor = indexed(LazyTensor, x_or_ind, dim, 1, "Vj")
    return made


@boundary
def Pm(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A parameter: a vector (D,) or a number; or a symbolic variable Pm(position, dimension)."""
    made: LazyTensor = indexed(LazyTensor, x_or_ind, dim, 2, "Pm")
    return made
