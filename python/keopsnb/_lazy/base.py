"""The symbolic matrix itself: its shape, and how formulas are joined and reduced."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from keopsnb._boundary import boundaries, boundary
from keopsnb._core import MAX_PARAMETER, FormulaError
from keopsnb._lazy.deferred import Deferred
from keopsnb._lazy.misfits import complex_operand, misfit
from keopsnb._lazy.variables import (
    NAMES,
    Expression,
    Variable,
    constant,
    join,
    text_of,
    variable_expression,
)
from keopsnb._options import shown

if TYPE_CHECKING:
    from typing_extensions import Self


class Lazy:
    """A matrix (..., M, N) of vectors of dimension D, given by a formula and never stored.

    Attributes:
        ndim: the dimension D of its entries.
        ni: M, or None where no variable is indexed by i.
        nj: N, or None where no variable is indexed by j.
        batchdims: the dimensions before these.
        ranges: the pairs (i, j) that reductions take, as the argument of `Genred`; None for all.
        backend: where reductions are computed, as the argument of `Genred`; None for "auto".
    """

    __array_priority__ = 1000  # old NumPy: our operators come first

    # The front end's: how to reduce, whether something is an array, and the making of arrays.
    planned: ClassVar[Callable[..., Any]]
    arrays: ClassVar[Any]
    complex_kind: ClassVar[Any]
    # Whether entries are complex: pairs of real and imaginary parts.
    is_complex: ClassVar[bool] = False

    expression: Expression
    ranges: Any = None
    backend: str | None = None
    # Of a reduction that waits for its arguments: what to call.
    waiting: Deferred | Callable[..., Any] | None = None

    def __init_subclass__(cls) -> None:
        if cls.__module__.startswith("keopsnb."):  # not those of programs
            boundaries(cls, inner=_INNER)

    def _of(self, expression: Expression, *parents: Lazy) -> Self:
        """A matrix of the same kind; it inherits ranges and backend of what it is made of."""
        made = object.__new__(type(self))
        made.expression = expression
        for parent in parents:
            if parent.ranges is not None and made.ranges is None:
                made.ranges = parent.ranges
            if parent.backend is not None and made.backend is None:
                made.backend = parent.backend
        return made

    def as_kind(self, kind: Any) -> Any:
        """The same formula as a matrix of another kind."""
        made = object.__new__(kind)
        made.expression, made.waiting = self.expression, self.waiting
        made.ranges, made.backend = self.ranges, self.backend
        return made

    # ---- shape ----

    @property
    def ndim(self) -> int:
        """The dimension D of the entries."""
        return self.expression.dim

    @property
    def _entry(self) -> int:
        """The number of numbers, real or complex, of an entry."""
        return self.expression.dim

    @property
    def ni(self) -> int | None:
        """M, or None where no variable is indexed by i."""
        return self.expression.sizes.ni

    @property
    def nj(self) -> int | None:
        """N, or None where no variable is indexed by j."""
        return self.expression.sizes.nj

    @property
    def batchdims(self) -> tuple[int, ...]:
        """The dimensions before M and N."""
        return self.expression.sizes.batch

    @property
    def nbatchdims(self) -> int:
        """The number of batch dimensions."""
        return len(self.expression.sizes.batch)

    @property
    def _shape(self) -> tuple[int, ...]:
        ni, nj, batch, _ = self.expression.sizes
        return (*batch, 1 if ni is None else ni, 1 if nj is None else nj, self._entry)

    @property
    def shape(self) -> tuple[int, ...]:
        """(..., M, N, D), without D where it is 1."""
        full = self._shape
        return full[:-1] if full[-1] == 1 else full

    def dim(self) -> int:
        """The number of dimensions, D counted even if it is 1."""
        return len(self._shape)

    @property
    def dtype(self) -> str | None:
        """The name of the dtype of the variables; None where they are symbolic or numbers."""
        dtype = self.expression.sizes.dtype
        return None if dtype is None else str(dtype).removeprefix("torch.")

    @property
    def device(self) -> Any:
        """The device of the variables' arrays; None where they are symbolic or numbers."""
        held = (v for v in self.expression.variables if v.data is not None and not v.kind.number)
        first = next(held, None)
        return None if first is None else getattr(first.data, "device", "cpu")

    @property
    def formula(self) -> str:
        """The formula, with v0, v1, ... for the variables."""
        return text_of(self.expression.form)

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """Position, dimension and category of the variables that a call gives."""
        return tuple(
            (v.kind.position, v.kind.dim, v.kind.category)
            for v in self.expression.variables
            if v.kind.position is not None
        )

    @property
    def variables(self) -> tuple[Any, ...]:
        """The arrays of the variables."""
        return tuple(v.data for v in self.expression.variables if v.kind.position is None)

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.waiting is not None:
            return f"{name}: {self.waiting!r}; it waits to be called."
        pairs = math.prod(self._shape[:-1])
        return "\n".join(
            [
                f"{name} of shape {self.shape}, dtype {self.dtype}",
                f"  formula: {self.formula}",
                *(f"  v{k} = {_shown(v)}" for k, v in enumerate(self.expression.variables)),
                f"  a reduction evaluates the formula {pairs:,} times",
            ]
        )

    __hash__ = None  # type: ignore[assignment]

    # There is no end to what K[k] accepts, so that a loop over K would be none over rows.
    __iter__ = None

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        """Refuse: a symbolic matrix has no numbers yet."""
        raise TypeError("A symbolic matrix is not an array; write .dense() to make it one.")

    # ---- joining formulas ----

    def lift(self, other: Any) -> Self:
        """Anything an operator may meet, as a matrix."""
        if isinstance(other, Lazy):
            return other  # type: ignore[return-value]
        if isinstance(other, Integral) and abs(int(other)) < _FLOATS and not self.of_integers:
            other = float(other)  # an argument of the kernel, and no constant of its text
        return type(self)(other)  # type: ignore[call-arg]

    @property
    def of_integers(self) -> bool:
        """Whether a variable holds integers, beside which those of Python stay exact."""
        return any(v.integers for v in self.expression.variables)

    def check_done(self) -> None:
        """Raise TypeError if this is a reduction that is not computed yet."""
        if self.waiting is not None:
            raise TypeError(
                "This is a reduction that waits for its variables; call it before its result is "
                "used in a formula."
            )

    def make(
        self,
        operation: str,
        *others: Any,
        ints: tuple[int, ...] = (),
        lists: tuple[tuple[int, ...], ...] = (),
        order: tuple[int, ...] = (),
        reflected: str = "",
    ) -> Self:
        """An operation of this matrix and others, with its integers or lists of integers.

        `order` says which comes where, this matrix being 0. Where this matrix is real, another
        may be complex if it has the method `reflected`.
        """
        if ints or lists:
            _check_parameters(operation, itertools.chain(ints, *lists))
        parts = [self]
        if self.waiting is not None:
            self.check_done()
        for other in others:
            part = other if isinstance(other, Lazy) else self.lift(other)
            if part.waiting is not None:
                part.check_done()
            if part.is_complex and not self.is_complex:
                if reflected:
                    mixed: Self = getattr(part, reflected)(self)
                    return mixed
                raise complex_operand(operation)
            parts.append(part)  # type: ignore[arg-type]
        if order:
            parts = [parts[k] for k in order]
        try:
            expression = join(operation, [p.expression for p in parts], ints, lists)
        except FormulaError:
            raise misfit(operation, parts, ints, lists) from None
        return self._of(expression, *parts)

    def _constant(self, value: float) -> Self:
        """A number that is part of the formula, and no argument."""
        return self._of(constant(value))

    # ---- waiting ----

    @property
    def callfun(self) -> Any:
        """KeOps' name of what a matrix calls that waits for its variables; None of others."""
        return self.waiting

    @property
    def symbolic(self) -> bool:
        """Whether a call has to give the values of variables."""
        return self.expression.symbolic

    @boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute a reduction that waits for its symbolic variables."""
        if self.waiting is None:
            raise TypeError("Only a reduction with call=False or of symbolic variables is called.")
        return self.waiting(*args, **kwargs)


# Greater integers are taken as the constructor takes them.
_FLOATS = 2**63
# Members that methods call of each other.
_INNER = frozenset((*vars(Lazy), "planned", "solved", "refuse", "reduction")) - {"__call__"}


def _check_parameters(operation: str, integers: Iterable[int]) -> None:
    for n in integers:
        if abs(n) > MAX_PARAMETER:
            raise FormulaError(
                f"An integer parameter of {operation} lies between -{MAX_PARAMETER} and "
                f"{MAX_PARAMETER}, but this one is {shown(n)}."
            )


def _shown(v: Variable) -> str:
    name = f"{NAMES[v.kind.category]}({v.kind.dim})"
    if v.kind.number:
        return f"{name}  {list(v.data)}"
    return name if v.data is None else f"{name}  {tuple(v.data.shape)}"


def of_variable(kind: Any, variable: Variable) -> Any:
    """A matrix that is one variable."""
    made = object.__new__(kind)
    made.expression = variable_expression(variable)
    return made
