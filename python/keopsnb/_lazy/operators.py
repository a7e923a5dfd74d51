"""Python's operators on symbolic matrices."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, ClassVar

from keopsnb._lazy.reducing import Reducing
from keopsnb._lazy.variables import as_float
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class Operators(Reducing, bare=True):
    """Operators on entries. Operands are matrices, arrays or numbers, and broadcast."""

    # Whether `bool` of a matrix is True, for programs run by keopsnb.compat, or an error.
    lenient: ClassVar[bool] = False

    def __add__(self, other: Any) -> Self:
        return self.make("Add", other)

    def __radd__(self, other: Any) -> Self:
        # sum() begins at 0.
        zero = isinstance(other, int) and other == 0
        return self if zero else self.make("Add", other, order=(1, 0))

    def __sub__(self, other: Any) -> Self:
        return self.make("Subtract", other)

    def __rsub__(self, other: Any) -> Self:
        return self.make("Subtract", other, order=(1, 0))

    def __mul__(self, other: Any) -> Self:
        return self.make("Mult", other)

    def __rmul__(self, other: Any) -> Self:
        return self.make("Mult", other, order=(1, 0))

    def __truediv__(self, other: Any) -> Self:
        return self.make("Divide", other)

    def __rtruediv__(self, other: Any) -> Self:
        return self.make("Divide", other, order=(1, 0))

    def __floordiv__(self, other: Any) -> Self:
        return self.make("FloorDivide", other)

    def __mod__(self, other: Any) -> Self:
        return self.make("Mod", other, self._constant(0.0))

    def __rfloordiv__(self, other: Any) -> Self:
        return self.make("FloorDivide", other, order=(1, 0))

    def __rmod__(self, other: Any) -> Self:
        return self.make("Mod", other, self._constant(0.0), order=(1, 0, 2))

    def __pow__(self, other: Any) -> Self:
        if other.__class__ is int and other == 2:
            return self.make("Square")
        if isinstance(other, int):
            return self.make("**", self._constant(as_float(other)))
        if isinstance(other, float) and other in (0.5, -0.5, 2.0):
            return self.make("**", self._constant(other))
        return self.make("**", other)

    def __rpow__(self, other: Any) -> Self:
        return self.make("**", other, order=(1, 0))

    def __or__(self, other: Any) -> Self:
        return self.make("Scalprod", other)

    def __ror__(self, other: Any) -> Self:
        return self.make("Scalprod", other, order=(1, 0))

    def __and__(self, other: Any) -> Self:
        return self.make("And", other)

    def __rand__(self, other: Any) -> Self:
        return self.make("And", other, order=(1, 0))

    def __xor__(self, other: Any) -> Self:
        return self.make("Xor", other)

    def __rxor__(self, other: Any) -> Self:
        return self.make("Xor", other, order=(1, 0))

    def __invert__(self) -> Self:
        return self.make("Not")

    def __neg__(self) -> Self:
        return self.make("Minus")

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return self.make("Abs")

    def __floor__(self) -> Self:
        return self.make("Floor")

    def __ceil__(self) -> Self:
        return -((-self).make("Floor"))

    def __round__(self, decimals: int = 0) -> Self:
        return self.make("Round", ints=(integer("decimals", decimals),))

    def __eq__(self, other: Any) -> Self:  # type: ignore[override]
        return self.make("Equal", other)

    def __ne__(self, other: Any) -> Self:  # type: ignore[override]
        return self.make("NotEqual", other)

    def __lt__(self, other: Any) -> Self:
        return self.make("LessThan", other)

    def __le__(self, other: Any) -> Self:
        return self.make("LessOrEqual", other)

    def __gt__(self, other: Any) -> Self:
        return self.make("LessThan", other, order=(1, 0))

    def __ge__(self, other: Any) -> Self:
        return self.make("LessOrEqual", other, order=(1, 0))

    def __bool__(self) -> bool:
        if Operators.lenient:
            warnings.warn(
                "A symbolic matrix was asked whether it is true, and there is no answer: as "
                "pykeops', it counts as true.",
                RuntimeWarning,
                stacklevel=2,
            )
            return True
        raise TypeError(
            "A symbolic matrix is neither true nor false. Write .any(axis) or .all(axis) to reduce "
            "a comparison, and &, ^, ~ or .logical_or(...) to join two."
        )
