"""The symbolic matrix itself: its shape, and how formulas are joined and reduced."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from numbers import Integral
from typing import TYPE_CHECKING, Any, ClassVar

from keopsnb._boundary import boundaries, boundary, shortened
from keopsnb._core import MAX_PARAMETER, FormulaError, Graph, symbolic
from keopsnb._lazy.misfits import complex_operand, misfit
from keopsnb._lazy.variables import (
    NAMES,
    Arguments,
    Kind,
    Variable,
    applied,
    dim_of,
    form_of,
    form_over,
    is_floating,
    is_symbolic,
    kinds_of,
    literal,
    text_of,
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

    # `_core` makes matrices, and reads these: the number of a formula, and its arguments; and of a
    # reduction that waits for its arguments what to call.
    __slots__ = ("__weakref__", "args", "backend", "form", "ranges", "waiting")

    form: int
    args: Arguments
    ranges: Any
    backend: str | None
    waiting: Any

    __array_priority__ = 1000  # old NumPy: our operators come first

    # The front end's: how to reduce, and what it asks of arrays.
    planned: ClassVar[Callable[..., Any]]
    arrays: ClassVar[Any]
    complex_kind: ClassVar[Any]
    # Whether entries are complex: pairs of real and imaginary parts.
    is_complex: ClassVar[bool] = False

    def __init_subclass__(cls, bare: bool = False) -> None:
        """`bare`: its methods call nothing but what shortens errors itself."""
        if not bare and cls.__module__.startswith("keopsnb."):  # not those of programs
            boundaries(cls, inner=_INNER)

    def _of(self, form: int, args: Arguments, *parents: Lazy) -> Self:
        """A matrix of the same kind; it inherits ranges and backend of what it is made of."""
        made: Self = made_of(type(self), form, args)
        for parent in parents:
            if parent.ranges is not None and made.ranges is None:
                made.ranges = parent.ranges
            if parent.backend is not None and made.backend is None:
                made.backend = parent.backend
        return made

    def as_kind(self, kind: Any) -> Any:
        """The same formula as a matrix of another kind."""
        made = made_of(kind, self.form, self.args)
        made.waiting, made.ranges, made.backend = self.waiting, self.ranges, self.backend
        return made

    @property
    def _variables(self) -> list[Variable]:
        kinds = kinds_of(self.form)
        return [Variable(x, kind) for x, kind in zip(self.args.data, kinds, strict=True)]

    def _with(self, variables: Sequence[Variable], *parents: Lazy) -> Self:
        """The same formula of other variables."""
        form = form_over(self.form, tuple([v.kind for v in variables]))
        return self._of(
            form, self.arrays.arguments(form, tuple([v.data for v in variables])), *parents
        )

    def __reduce__(self) -> tuple[Any, ...]:
        # Numbers of forms are those of one process.
        source = Graph.expr(self.form).source
        place = self.ranges, self.backend, self.waiting
        state = (type(self), source, kinds_of(self.form), self.args.data, place)
        return _again, state, getattr(self, "__dict__", None)

    # ---- shape ----

    @property
    def ndim(self) -> int:
        """The dimension D of the entries."""
        return dim_of(self.form)

    @property
    def _entry(self) -> int:
        """The number of numbers, real or complex, of an entry."""
        return dim_of(self.form)

    @property
    def ni(self) -> int | None:
        """M, or None where no variable is indexed by i."""
        return self.args.ni

    @property
    def nj(self) -> int | None:
        """N, or None where no variable is indexed by j."""
        return self.args.nj

    @property
    def batchdims(self) -> tuple[int, ...]:
        """The dimensions before M and N."""
        return self.args.batch

    @property
    def nbatchdims(self) -> int:
        """The number of batch dimensions."""
        return len(self.args.batch)

    @property
    def _shape(self) -> tuple[int, ...]:
        _, ni, nj, batch, _ = self.args
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
        dtype = self.args.dtype
        return None if dtype is None else str(dtype).removeprefix("torch.")

    @property
    def device(self) -> Any:
        """The device of the variables' arrays; None where they are symbolic or numbers."""
        held = (v for v in self._variables if v.data is not None and not v.kind.number)
        first = next(held, None)
        return None if first is None else getattr(first.data, "device", "cpu")

    @property
    def formula(self) -> str:
        """The formula, with v0, v1, ... for the variables."""
        return text_of(self.form)

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """Position, dimension and category of the variables that a call gives."""
        return tuple(
            (position, dim, category)
            for category, dim, position, _ in kinds_of(self.form)
            if position is not None
        )

    @property
    def variables(self) -> tuple[Any, ...]:
        """The arrays of the variables."""
        return tuple(v.data for v in self._variables if v.kind.position is None)

    def __repr__(self) -> str:
        name = type(self).__name__
        if self.waiting is not None:
            return f"{name}: {self.waiting!r}; it waits to be called."
        pairs = math.prod(self._shape[:-1])
        return "\n".join(
            [
                f"{name} of shape {self.shape}, dtype {self.dtype}",
                f"  formula: {self.formula}",
                *(f"  v{k} = {_shown(v)}" for k, v in enumerate(self._variables)),
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
            if other.arrays is not self.arrays:
                raise TypeError(
                    f"An operand is made of {other.arrays.noun}, and this symbolic matrix of "
                    f"{self.arrays.noun}; make both of one kind of array."
                )
            return other  # type: ignore[return-value]
        other = self.arrays.plain_number(other, self.args.dtype)
        if isinstance(other, Integral) and abs(int(other)) < _FLOATS and not self.of_integers:
            other = float(other)  # an argument of the kernel, and no constant of its text
        return type(self)(other)  # type: ignore[call-arg]

    @property
    def of_integers(self) -> bool:
        """Whether a variable holds integers, beside which those of Python stay exact."""
        held = (v.data for v in self._variables if v.data is not None and not v.kind.number)
        return any([not is_floating(x.dtype) for x in held])  # noqa: C419 (it is faster)

    def check_done(self) -> None:
        """Raise TypeError if this is a reduction that is not computed yet."""
        if self.waiting is not None:
            raise TypeError(
                "This is a reduction that waits for its variables; call it before its result is "
                "used in a formula."
            )

    if TYPE_CHECKING:

        def make(self, operation: str, *others: Any, **parameters: Any) -> Self:
            """Does as `_make`; of plain operands, in `_core`."""

    def _make(
        self,
        operation: str,
        *others: Any,
        ints: tuple[int, ...] = (),
        lists: tuple[tuple[int, ...], ...] = (),
        order: tuple[int, ...] = (),
    ) -> Self:
        """An operation of this matrix and others, with its integers or lists of integers.

        `order` says which comes where, this matrix being 0. Where this matrix is real, another may
        be complex if the operation is one of Python's that complex numbers have.
        """
        try:
            if ints or lists:
                _check_parameters(operation, itertools.chain(ints, *lists))
            self.check_done()
            parts = [self]
            for other in others:
                part = self.lift(other)
                part.check_done()
                if part.is_complex and not self.is_complex:
                    if operation not in _ARITHMETIC:
                        raise complex_operand(operation, bool(order))
                    name = f"__{'' if order else 'r'}{_ARITHMETIC[operation]}__"
                    mixed: Self = getattr(part, name)(self)
                    return mixed
                parts.append(part)
            if order:
                parts = [parts[k] for k in order]
            forms = tuple([p.form for p in parts])
            places, args = self.arrays.merge(forms, [p.args for p in parts])
            try:
                form = applied(operation, forms, places, ints, lists)
            except FormulaError:
                raise misfit(operation, parts, places, ints, lists, bool(order)) from None
            return self._of(form, args, *parts)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    def _constant(self, value: float) -> Self:
        """A number that is part of the formula, and no argument."""
        return self._of(literal(value), Arguments())

    # ---- waiting ----

    @property
    def callfun(self) -> Any:
        """KeOps' name of what a matrix calls that waits for its variables; None of others."""
        return self.waiting

    @property
    def symbolic(self) -> bool:
        """Whether a call has to give the values of variables."""
        return is_symbolic(self.form)

    @boundary
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute a reduction that waits for its symbolic variables."""
        if self.waiting is None:
            raise TypeError("Only a reduction with call=False or of symbolic variables is called.")
        return self.waiting(*args, **kwargs)


symbolic(Lazy, Arguments)
# Greater integers are taken as the constructor takes them.
_FLOATS = 2**63
# Members that methods call of each other.
_INNER = {*vars(Lazy), "planned", "solved", "refuse", "reduction", "__matmul__"} - {"__call__"}
# Operators that complex numbers have, as Python names them.
_ARITHMETIC = {"Add": "add", "Subtract": "sub", "Mult": "mul", "Divide": "truediv", "**": "pow"}


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


def made_of(kind: Any, form: int, args: Arguments) -> Any:
    """A matrix of a formula and its arguments."""
    made = object.__new__(kind)
    made.form, made.args = form, args
    made.ranges = made.backend = made.waiting = None
    return made


def of_variable(kind: Any, variable: Variable) -> Any:
    """A matrix that is one variable."""
    form = form_of(*variable.kind)
    return made_of(kind, form, kind.arrays.arguments(form, (variable.data,)))


def _again(
    kind: Any, source: str, kinds: Sequence[Kind], data: tuple[Any, ...], place: Sequence[Any]
) -> Any:
    """A matrix from the text of its formula."""
    form = Graph.parsed(source, kinds)
    made = made_of(kind, form, kind.arrays.arguments(form, data))
    made.ranges, made.backend, made.waiting = place
    return made
