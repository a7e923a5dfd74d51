"""A front end for Python's `array` module, with no C++ of its own: what one needs, and no more."""

import math
from array import array
from collections.abc import Sequence
from typing import Any

from keopsnb import _core

# Letters of `array`, for the dtypes it has.
_LETTERS = {"float32": "f", "float64": "d", "int32": "i", "int64": "q"}


class Rows:
    """Numbers in a row-major array of some shape."""

    def __init__(self, numbers: "array[Any]", shape: Sequence[int]) -> None:
        self.numbers, self.shape = numbers, tuple(shape)

    @classmethod
    def of(cls, rows: Sequence[Sequence[float]], letter: str = "d") -> "Rows":
        return cls(array(letter, [x for row in rows for x in row]), (len(rows), len(rows[0])))

    def tolist(self) -> Any:
        return memoryview(self.numbers).cast("B").cast(self.numbers.typecode, self.shape).tolist()


class _Hooks:
    """The memory of a `Rows`, and new ones."""

    def view(self, rows: Any) -> memoryview:
        if not isinstance(rows, Rows):
            raise TypeError(f"An argument is a {type(rows).__name__}; write Rows.of(...).")
        return memoryview(rows.numbers).cast("B").cast(rows.numbers.typecode, rows.shape)

    def empty(self, shape: tuple[int, ...], dtype: str, device: int) -> Rows:
        assert device == -1  # the host
        letter = _LETTERS[dtype]
        size = math.prod(shape) * array(letter).itemsize
        return Rows(array(letter, bytes(size)), shape)

    def truth(self, rows: Rows) -> Rows:
        return Rows(array("b", map(bool, rows.numbers)), rows.shape)


ARRAYS = _core.PythonArrays(_Hooks())


class Genred:
    """A reduction of a formula, of `Rows`; with gradients where these are sums."""

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        reduction_op: str = "Sum",
        axis: int = 0,
        opt_arg: int | None = None,
    ) -> None:
        self._reduction = _core.Reduction(formula, aliases, reduction_op, axis, option=opt_arg)

    def __call__(self, *args: Rows, out: Rows | None = None, backend: str = "auto") -> Any:
        return self._reduction(ARRAYS, args, out, backend)

    def gradients(self, args: Sequence[Rows], e: Rows) -> list[Rows]:
        """The gradients in the arguments, for the gradient `e` of the result."""
        reduction = self._reduction
        taken: list[Any] = [*args]
        if reduction.takes_rows:
            taken.append((reduction.kept if reduction.keeps else reduction)(ARRAYS, tuple(args)))
        found: list[Any] = [None] * len(args)
        for total, positions, dims, _ in reduction.gradients([True] * len(args)):
            columns, begin = total(ARRAYS, (*taken, e)), 0
            width = columns.shape[-1]
            for k, dim in zip(positions, dims, strict=True):
                own = array(columns.numbers.typecode)
                for row in range(begin, len(columns.numbers), width):
                    own.extend(columns.numbers[row : row + dim])
                found[k] = Rows(own, args[k].shape)
                begin += dim
        return found
