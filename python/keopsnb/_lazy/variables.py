"""The variables of a symbolic matrix, and its formula, a node of a graph by its number.

A variable is an array and the index it hangs on. Two formulas that are joined share the variables
that are one array with one index, so that the kernel reads it once. What depends on the formulas
alone, and not on the arrays, is computed once for each structure and found again by it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, TypeVar

from keopsnb._core import MAX_DIM, FormulaError, Graph

NAMES = ("Vi", "Vj", "Pm")
# So many structures are remembered; a program has tens.
REMEMBERED = 4096


class Kind(NamedTuple):
    """A variable, as a formula knows it."""

    category: int  # indexed by i (0), by j (1), or a parameter (2)
    dim: int
    position: int | None = None  # of a symbolic variable, among the arguments of the call
    number: bool = False  # a Python number, which takes the dtype of the others


# Made once for each structure.
kind_of = functools.lru_cache(REMEMBERED)(Kind)


class Variable:
    """An argument of a formula: (..., M, D), (..., N, D) or (..., D).

    None if it is symbolic; the tuple of Python numbers if it is made of these.
    """

    __slots__ = ("batch", "data", "dtype", "integers", "kind", "rows")

    def __init__(self, data: Any, kind: Kind) -> None:
        self.data, self.kind = data, kind
        self.rows: int | None = None
        self.batch: tuple[int, ...] = ()
        self.dtype, self.integers = None, False
        if data is not None and not kind.number:
            shape = tuple(data.shape)
            if kind.category == 2:
                self.batch = shape[:-1]
            else:
                self.rows = shape[-2]
                if len(shape) > 2:
                    self.batch = shape[:-2]
            self.dtype = _floating(data.dtype)
            self.integers = self.dtype is None

    def same(self, other: Variable) -> bool:
        """Whether both are one argument."""
        mine, theirs = self.kind, other.kind
        if mine.position is not None:
            return mine == theirs
        if mine.number:  # 0.0 and -0.0 are two
            return theirs.number and repr(self.data) == repr(other.data)
        return mine.category == theirs.category and self.data is other.data

    def __repr__(self) -> str:
        if self.kind.number:
            return f"the number {', '.join(map(str, self.data))}"
        name = ("rows i", "rows j", "a parameter")[self.kind.category]
        if self.kind.position is not None:
            return f"the symbolic variable {self.kind.position} ({name})"
        return f"{name} of shape {tuple(self.data.shape)}"


def _floating(dtype: Any) -> Any:
    """The dtype if it is one of real numbers, else None; NumPy's or torch's."""
    kind = getattr(dtype, "kind", None)
    return dtype if (dtype.is_floating_point if kind is None else kind == "f") else None


def as_float(x: int) -> float:
    """An integer as a float.

    Raises:
        ValueError: if it is too large.
    """
    try:
        return float(x)
    except OverflowError:
        raise ValueError(
            f"An integer has {x.bit_length()} bits, and the greatest float 1024; write a smaller "
            "number."
        ) from None


def last_dim(data: Any) -> int:
    """The dimension of vectors, as a number: Dynamo may have it as a symbol."""
    return len(range(data.shape[-1]))


Function = TypeVar("Function", bound=Callable[..., Any])


def constant_in_graphs(function: Function) -> Function:
    """Of a function of texts and numbers: torch's Dynamo calls it, and does not read it.

    It is what torch.compiler.assume_constant_result sets, without importing Dynamo.
    """
    function._dynamo_marked_constant = True  # type: ignore[attr-defined]
    return function


_dims = functools.lru_cache(REMEMBERED)(Graph.dim)
_joined = functools.lru_cache(REMEMBERED)(Graph.apply)


@constant_in_graphs
def joined(
    operation: str,
    forms: tuple[int, ...],
    places: tuple[int, ...] = (),
    ints: tuple[int, ...] = (),
    lists: tuple[tuple[int, ...], ...] = (),
) -> int:
    """The form of an operation: the graph knows what fits, and says what does not."""
    return _joined(operation, forms, places, ints, lists)


@constant_in_graphs
def dim_of(form: int) -> int:
    """The dimension of a form."""
    return _dims(form)


_symbolic = functools.lru_cache(REMEMBERED)(
    lambda form: any(position is not None for _, _, position, _ in Graph.kinds(form))
)


@constant_in_graphs
def is_symbolic(form: int) -> bool:
    """Whether a call gives the value of a variable."""
    return _symbolic(form)


@constant_in_graphs
def power(form: int, exponent: float) -> int:
    """A form to a constant power."""
    return Graph.power(form, exponent)


@constant_in_graphs
def literal(value: float) -> int:
    """The form that is one constant."""
    return Graph.literal(value)


@constant_in_graphs
def is_variable(form: int) -> bool:
    """Whether a form is a variable alone."""
    return Graph.is_variable(form)


@constant_in_graphs
def text_of(form: int) -> str:
    """The text of a form, over v0, v1, ..."""
    return Graph.text(form)


_variable = functools.lru_cache(REMEMBERED)(Graph.variable)


@constant_in_graphs
def _form_of(category: int, dim: int, position: int | None, number: bool) -> int:
    return _variable(category, dim, position, number)


@constant_in_graphs
def _over(form: int, kinds: tuple[Kind, ...]) -> int:
    return Graph.over(form, kinds)


@constant_in_graphs
def kinds_of(form: int) -> tuple[Kind, ...]:
    """The variables of a form, as it knows them."""
    return tuple(Kind(*kind) for kind in Graph.kinds(form))


class Sizes(NamedTuple):
    """Sizes that variables have in common."""

    ni: int | None = None
    nj: int | None = None
    batch: tuple[int, ...] = ()
    dtype: Any = None

    def joined(self, v: Variable) -> Sizes:
        """With one more.

        Raises:
            TypeError: if dtypes differ.
            ValueError: if sizes do not fit.
        """
        ni, nj, batch, dtype = self
        if v.dtype is not None and v.dtype is not dtype:
            # NumPy holds float64 to be equal to None.
            if dtype is not None and v.dtype != dtype and not _autocasts(v):
                raise TypeError(
                    f"An operand is {_text(v.dtype)} ({v!r}), and those before it are "
                    f"{_text(dtype)}; all must have one dtype."
                )
            dtype = v.dtype
        if v.rows is not None:
            known = nj if v.kind.category else ni
            if known is not None and known != v.rows:
                few, many = sorted((known, v.rows))
                raise ValueError(
                    f"The matrices have {few} and {many} rows along {'ij'[v.kind.category]}; both "
                    "must have the same number."
                )
            ni, nj = (ni, v.rows) if v.kind.category else (v.rows, nj)
        if v.batch != batch and v.batch:
            batch = _broadcast(batch, v)
        return Sizes(ni, nj, batch, dtype)


def _autocasts(v: Variable) -> bool:
    """Whether torch's autocast brings dtypes together, as it does for the reduction itself."""
    if type(v.data).__module__ == "numpy":
        return False
    from keopsnb.torch._context import autocasts

    return autocasts(v.data.device)


def _text(dtype: Any) -> str:
    return str(dtype).removeprefix("torch.")


def _broadcast(batch: tuple[int, ...], v: Variable) -> tuple[int, ...]:
    longest = max(len(batch), len(v.batch))
    padded = [(1,) * (longest - len(b)) + b for b in (batch, v.batch)]
    for m, n in zip(*padded, strict=True):
        if m != n and 1 not in (m, n):
            raise ValueError(
                f"An operand ({v!r}) has the batch dimensions {v.batch}, and those before it "
                f"{batch}; they must be equal or 1, from the last one on."
            )
    return tuple(n if m == 1 else m for m, n in zip(*padded, strict=True))


class Expression:
    """A form and the variables it is about."""

    __slots__ = ("form", "sizes", "variables")

    def __init__(self, form: int, variables: tuple[Variable, ...], sizes: Sizes) -> None:
        self.form, self.variables, self.sizes = form, variables, sizes

    @property
    def dim(self) -> int:
        """The dimension of its values."""
        return dim_of(self.form)

    @property
    def symbolic(self) -> bool:
        """Whether a variable is."""
        return is_symbolic(self.form)

    def over(self, variables: Sequence[Variable]) -> Expression:
        """The same formula of other variables."""
        sizes = functools.reduce(Sizes.joined, variables, Sizes())
        form = _over(self.form, tuple([v.kind for v in variables]))
        return Expression(form, tuple(variables), sizes)

    def __reduce__(self) -> tuple[Any, ...]:
        # Numbers of forms are those of one process.
        kinds = tuple(v.kind for v in self.variables)
        return _again, (Graph.expr(self.form).source, kinds, self.variables)


def _again(source: str, kinds: tuple[Kind, ...], variables: tuple[Variable, ...]) -> Expression:
    """An expression from its text."""
    sizes = functools.reduce(Sizes.joined, variables, Sizes())
    return Expression(Graph.parsed(source, kinds), variables, sizes)


def merge(
    parts: Sequence[Expression],
) -> tuple[tuple[Variable, ...], tuple[int, ...], Sizes]:
    """The variables of several expressions, each once, and what they have in common.

    Also the places, among them, of the variables of all expressions but the first.
    """
    first = parts[0]
    variables, sizes = first.variables, first.sizes
    if len(parts) == 1:
        return variables, (), sizes
    places: list[int] = []
    for part in parts[1:]:
        for variable in part.variables:
            data, number = variable.data, variable.kind.number
            for k, known in enumerate(variables):
                if known is variable or ((known.data is data or number) and known.same(variable)):
                    places.append(k)
                    break
            else:
                places.append(len(variables))
                variables = (*variables, variable)
                sizes = sizes.joined(variable)
    return variables, tuple(places), sizes


def placed(forms: Sequence[int], places: Sequence[int]) -> tuple[tuple[int, ...], tuple[Kind, ...]]:
    """The forms over the merged variables, and the kinds of these."""
    first, *others = forms
    kinds, begin, moved = list(kinds_of(first)), 0, [first]
    for form in others:
        its = kinds_of(form)
        own = places[begin : begin + len(its)]
        begin += len(its)
        moved.append(Graph.numbered(form, own))
        kinds += [kind for k, kind in zip(own, its, strict=True) if k >= len(kinds)]
    return tuple(moved), tuple(kinds)


def join(
    operation: str,
    parts: Sequence[Expression],
    ints: tuple[int, ...] = (),
    lists: tuple[tuple[int, ...], ...] = (),
) -> Expression:
    """An operation of several formulas, over the variables of all.

    Raises:
        FormulaError: if their dimensions do not fit.
    """
    first = parts[0]
    if len(parts) == 1:
        form = joined(operation, (first.form,), (), ints, lists)
        return Expression(form, first.variables, first.sizes)
    variables, places, sizes = merge(parts)
    form = joined(operation, tuple([p.form for p in parts]), places, ints, lists)
    return Expression(form, variables, sizes)


def variable_expression(variable: Variable) -> Expression:
    """A formula that is one variable.

    Raises:
        FormulaError: if its dimension is greater than formulas have.
    """
    if variable.kind.dim > MAX_DIM:
        raise FormulaError(
            f"The dimension of a variable lies between 1 and {MAX_DIM}, but this one is "
            f"{variable.kind.dim}."
        )
    form = _form_of(*variable.kind)
    rows, category = variable.rows, variable.kind.category
    sizes = Sizes(
        None if category else rows,
        None if category != 1 else rows,
        variable.batch,
        variable.dtype,
    )
    return Expression(form, (variable,), sizes)


def constant(value: float) -> Expression:
    """A formula that is a constant."""
    return Expression(literal(value), (), Sizes())
