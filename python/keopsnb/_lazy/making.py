"""Symbolic matrices from arrays, numbers and tuples, for all front ends."""

import operator
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, TypeVar

from keopsnb._boundary import shortened
from keopsnb._core import MAX_PARAMETER, variable
from keopsnb._lazy.base import Lazy, made_of, of_variable
from keopsnb._lazy.variables import NAMES, Arguments, Kind, Variable, as_float, last_dim, literal
from keopsnb._options import PM, VI, VJ

if TYPE_CHECKING:
    from keopsnb._lazy.matrix import Matrix

# Formulas have integers of 64 bits; greater ones are floats.
_INTEGERS = 2**63
M = TypeVar("M", bound="Matrix")


def is_complex(arrays: Any, x: Any) -> bool:
    """Whether x is a complex number, or a list or an array of them."""
    if isinstance(x, list):
        return any(isinstance(v, complex) for v in x)
    return isinstance(x, complex) or (arrays.is_array(x) and arrays.is_complex(x))


def _parts(arrays: Any, x: Any) -> Any:
    """Real and imaginary parts in turn, of what is complex."""
    if not is_complex(arrays, x):
        return x
    if isinstance(x, complex | list):
        values = x if isinstance(x, list) else [x]
        return [float(p) for v in map(complex, values) for p in (v.real, v.imag)]
    return arrays.parts(x.reshape(x.shape or (1,)))


def become(matrix: Lazy, x: Any, axis: int | None) -> None:
    """Make a new matrix of x.

    Raises:
        TypeError: if x is nothing that a matrix is made of.
        ValueError: if its shape and `axis` do not fit.
    """
    x = _parts(matrix.arrays, matrix.arrays.as_array(x))
    if not isinstance(x, Lazy):
        x = _matrix_of(type(matrix), x, axis)
    elif axis is not None:
        raise ValueError("axis was given, and x is a symbolic matrix already; leave it out.")
    x.check_done()
    matrix.form, matrix.args = x.form, x.args
    matrix.ranges = matrix.backend = matrix.waiting = None


def _matrix_of(kind: Any, x: Any, axis: int | None) -> Any:
    if axis not in (None, 0, 1):
        raise ValueError(f"axis is {axis!r}; write 0 for rows i, or 1 for columns j.")
    if kind.arrays.is_array(x):
        data, category = _variable_of(x, axis)
        if data.shape[-1] < 1:
            raise ValueError(f"x has shape {tuple(x.shape)}; its last axis has one entry or more.")
        return of_variable(kind, Variable(data, Kind(category, last_dim(data))))
    x = _number(x)
    if isinstance(x, int):
        if -_INTEGERS < x < _INTEGERS:
            return made_of(kind, literal(float(x)), Arguments())
        x = as_float(x)
    if isinstance(x, list | tuple) and any(type(n) not in (int, float) for n in x):
        x = type(x)(map(_number, x))
    if isinstance(x, tuple) and len(x) == 3 and all(isinstance(n, int) for n in x):
        position, dim, category = x
        if category not in (VI, VJ, PM):
            raise ValueError(f"The category of {x} is {category}; write 0 (i), 1 (j) or 2.")
        if not 0 <= position < MAX_PARAMETER:
            raise ValueError(f"The position is {position}; number symbolic variables from 0 on.")
        if dim < 1:
            raise ValueError(f"The dimension is {dim}; write 1 or more.")
        return of_variable(kind, Variable(None, Kind(category, dim, position)))
    if isinstance(x, float) or (
        isinstance(x, list | tuple) and x and all(isinstance(n, int | float) for n in x)
    ):
        numbers = (x,) if isinstance(x, float) else tuple(map(_in_range, x))
        return of_variable(kind, Variable(numbers, Kind(PM, len(numbers), number=True)))
    raise TypeError(
        f"A {type(x).__name__} is nothing that a symbolic matrix is made of; write a number, a "
        f"list of numbers, {kind.arrays.noun}, or (position, dimension, category)."
    )


def indexed(make: type[M], x_or_ind: Any, dim: int | None, category: int) -> M:
    """The matrix that `Vi`, `Vj` and `Pm` give.

    Raises:
        TypeError: if a position has no dimension, or one of them is no integer.
    """
    try:
        if dim is None and category != PM and make.arrays.is_plain(x_or_ind):
            made: M | None = variable(make, x_or_ind, category)
            if made is not None:
                return made
        name = NAMES[category]
        if dim is not None:
            return make((*_integers(x_or_ind, dim, name), category))
        if category != PM and isinstance(x_or_ind, Integral):
            raise TypeError(
                f"{name}({x_or_ind}) has no dimension; write {name}({x_or_ind}, D) for a symbolic "
                "variable."
            )
        return make(x_or_ind, axis=category if category != PM else None)
    except Exception as error:
        raise shortened(error)  # noqa: B904


def _integers(position: Any, dim: Any, name: str) -> tuple[int, int]:
    """The position and the dimension of a symbolic variable."""
    if isinstance(position, int) and isinstance(dim, int):
        return position, dim
    try:  # those of NumPy and torch too
        return operator.index(position), operator.index(dim)
    except TypeError:
        pass
    if isinstance(position, Real):
        written = f"{name}({position!r}, {dim!r})"
        advice = f"write {name}(0, 3) for the symbolic variable 0 of dimension 3"
    else:
        written = f"{name}(a {type(position).__name__}, {dim!r})"
        advice = f"write {name}(x) for an array x, or {name}(0, 3) for the symbolic variable 0 " + (
            "of dimension 3"
        )
    raise TypeError(f"{written} is not of a position and a dimension, two integers; {advice}.")


def _number(x: Any) -> Any:
    """A number of NumPy or torch as one of Python; anything else as it is."""
    if isinstance(x, Integral):
        return int(x)
    if isinstance(x, Real):
        return float(x)
    if getattr(getattr(x, "dtype", None), "kind", None) == "b" and not x.shape:
        return int(x)
    try:
        return operator.index(x)  # a tensor that is an integer
    except TypeError:
        return x


def _in_range(x: float) -> float:
    """A number, as a float if it is too large for an integer of 64 bits."""
    return x if isinstance(x, float) or -_INTEGERS < x < _INTEGERS else as_float(x)


def _variable_of(x: Any, axis: int | None) -> tuple[Any, int]:
    """The rows of an array, and what they hang on."""
    shape = tuple(x.shape)
    if axis is not None:
        if not shape:
            raise ValueError(
                "x has shape (), which has no rows; write Pm(x) for a parameter, or give it the "
                f"shape ({'MN'[axis]},) or (..., {'MN'[axis]}, D)."
            )
        return (x[:, None] if len(shape) == 1 else x), axis
    if len(shape) <= 1:
        return (x.reshape(1) if shape == () else x), PM
    if len(shape) == 2:
        raise ValueError(
            f"x has shape {shape}; write Vi(x) or axis=0 for rows i, Vj(x) or axis=1 for columns "
            "j, or give it the shape (M, 1, D) or (1, N, D). A matrix that is stored is no "
            "operand: add products, K @ v + A @ v; a multiple of the identity is alpha in K.solve."
        )
    if shape[-3] != 1 and shape[-2] != 1:
        raise ValueError(
            f"x has shape {shape}; write (..., M, 1, D), (..., 1, N, D) or (..., 1, 1, D)."
        )
    if shape[-2] == 1 and shape[-3] == 1:
        return x[..., 0, 0, :], PM
    return (x[..., 0, :], VI) if shape[-2] == 1 else (x[..., 0, :, :], VJ)
