"""The symbolic matrix itself: its shape, and how formulas are joined and reduced."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from keopsnb._core import Routine
from keopsnb._lazy.variables import NAMES, TOKEN, Text, Variable, join, variable_text

# What LazyTensor methods pass on to the constructor of Genred, and to its call.
CONSTRUCTOR = frozenset(
    (
        "dtype_acc",
        "use_double_acc",
        "sum_scheme",
        "enable_chunks",
        "rec_multVar_highdim",
        "use_fast_math",
        "header",
    )
)

if TYPE_CHECKING:
    from typing_extensions import Self
CALL = frozenset(("backend", "device_id", "ranges", "out"))


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

    # The front end's: Genred, whether something is an array, and the making of arrays.
    genred: ClassVar[Callable[..., Any]]
    arrays: ClassVar[Any]
    complex_kind: ClassVar[Any]

    text: Text
    ndim: int
    ranges: Any
    backend: str | None
    # Of a reduction that waits for its arguments: what to call.
    waiting: Callable[..., Any] | None

    def _of(self, text: Text, ndim: int, *parents: Lazy) -> Self:
        """A matrix of the same kind; it inherits ranges and backend of what it is made of."""
        made = object.__new__(type(self))
        made.text, made.ndim, made.waiting = text, ndim, None
        made.ranges = next((p.ranges for p in parents if p.ranges is not None), None)
        made.backend = next((p.backend for p in parents if p.backend is not None), None)
        made._check_sizes()
        return made

    def as_kind(self, kind: Any) -> Any:
        """The same formula as a matrix of another kind."""
        made = object.__new__(kind)
        made.text, made.ndim, made.waiting = self.text, self.ndim, self.waiting
        made.ranges, made.backend = self.ranges, self.backend
        return made

    # ---- shape ----

    def _sizes(self, category: int) -> int | None:
        sizes = [
            v.data.shape[-2]
            for v in self.text.variables
            if v.category == category and v.data is not None
        ]
        return int(sizes[0]) if sizes else None

    def _check_sizes(self) -> None:
        for category, letter in ((0, "i"), (1, "j")):
            sizes = {
                int(v.data.shape[-2])
                for v in self.text.variables
                if v.category == category and v.data is not None
            }
            if len(sizes) > 1:
                raise ValueError(
                    f"The matrices have {' and '.join(map(str, sorted(sizes)))} rows along "
                    f"{letter}; both must have the same number."
                )

    @property
    def ni(self) -> int | None:
        """M, or None where no variable is indexed by i."""
        return self._sizes(0)

    @property
    def nj(self) -> int | None:
        """N, or None where no variable is indexed by j."""
        return self._sizes(1)

    @property
    def batchdims(self) -> tuple[int, ...]:
        """The dimensions before M and N."""
        shapes = [
            tuple(v.data.shape[: len(v.data.shape) - (1 if v.category == 2 else 2)])
            for v in self.text.variables
            if v.data is not None
        ]
        longest = max([0, *map(len, shapes)])
        padded = [(1,) * (longest - len(s)) + s for s in shapes]
        return tuple(max(sizes) if 0 not in sizes else 0 for sizes in zip(*padded, strict=True))

    @property
    def nbatchdims(self) -> int:
        """How many batch dimensions there are."""
        return len(self.batchdims)

    @property
    def _shape(self) -> tuple[int, ...]:
        sizes = (1 if n is None else n for n in (self.ni, self.nj))
        return (*self.batchdims, *sizes, self.ndim)

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
        for v in self.text.variables:
            if v.data is not None and not v.number and self.arrays.is_floating(v.data):
                return str(self.arrays.dtype_name(v.data))
        return None

    @property
    def formula(self) -> str:
        """The formula, with v0, v1, ... for the variables."""
        return self.text.renamed([f"v{k}" for k in range(len(self.text.variables))])

    @property
    def symbolic_variables(self) -> tuple[tuple[int, int, int], ...]:
        """Position, dimension and category of the variables that a call gives."""
        return tuple(
            (v.position, v.dim, v.category) for v in self.text.variables if v.position is not None
        )

    @property
    def variables(self) -> tuple[Any, ...]:
        """The arrays of the variables."""
        return tuple(v.data for v in self.text.variables if v.position is None)

    def __repr__(self) -> str:
        if self.waiting is not None:
            return f"{type(self).__name__}: a reduction that waits for its variables; call it."
        shapes = [
            f"  v{k} = {NAMES[v.category]}({v.dim})"
            + ("" if v.data is None else f"  {tuple(v.data.shape)}")
            for k, v in enumerate(self.text.variables)
        ]
        pairs = math.prod(self._shape[:-1])
        return "\n".join(
            [
                f"{type(self).__name__} of shape {self.shape}, dtype {self.dtype}",
                f"  formula: {self.formula}",
                *shapes,
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
        return type(self)(other)  # type: ignore[call-arg]

    def make(self, template: str, *others: Any) -> Self:
        """The formula `template`, over this matrix and others."""
        parts = [self, *(self.lift(o) for o in others)]
        for part in parts:
            if part.waiting is not None:
                raise TypeError(
                    "This is a reduction that waits for its variables; call it before its result "
                    "is used in a formula."
                )
            if part.is_complex and not self.is_complex:
                raise TypeError(
                    "This operation has no complex operand; take .real, .imag or abs()."
                )
        text = join(template, [p.text for p in parts])
        kinds = tuple((v.category, v.dim) for v in text.variables)
        return self._of(text, dimension(text.formula, kinds), *parts)

    # ---- reducing ----

    def _index(self, axis: int | None, dim: int | None) -> int:
        """What an axis is: 0 for i, 1 for j, 2 for the vector."""
        if axis is not None and dim is not None and axis != dim:
            raise ValueError(f"axis is {axis} and dim is {dim}; give one.")
        given = axis if axis is not None else dim
        if given is not None and (isinstance(given, bool) or not isinstance(given, int)):
            raise TypeError(f"axis is {given!r}; write one integer.")
        if given is None:
            raise ValueError("axis is missing; write axis=0 to reduce over i, axis=1 over j.")
        batches, full = self.nbatchdims, len(self._shape)
        place = given + full if given < 0 else given
        if not batches <= place < full:
            raise ValueError(
                f"axis is {given}, and this matrix of shape {self._shape} is reduced along "
                f"{batches} (i), {batches + 1} (j) or {batches + 2} (the entries)."
            )
        return place - batches

    def reduction(
        self,
        reduction_op: str,
        other: Any = None,
        opt_arg: int | None = None,
        axis: int | None = None,
        dim: int | None = None,
        call: bool = True,
        is_complex: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Reduce over i or j by any reduction of `Genred`.

        Args:
            reduction_op: its name.
            other: the weights, for reductions that take them.
            opt_arg: the K of KMin and its like.
            axis: the index to reduce over, by its place in the shape.
            dim: the same.
            call: whether to compute at once; False gives a matrix to be called.
            is_complex: whether the result is complex; by default as this matrix.
            **kwargs: options of `Genred` and of its call.

        Returns:
            What `Genred` returns; or, with call=False or symbolic variables, a function of the
            values of these.

        Raises:
            TypeError: if an option is unknown.
            ValueError: if the axis is not i or j.
        """
        index = self._index(axis, dim)
        if index == 2:
            raise ValueError(f"reduction_op={reduction_op!r} reduces over i or j, not the entries.")
        unknown = set(kwargs) - CONSTRUCTOR - CALL
        if unknown:
            raise TypeError(
                f"unexpected option {sorted(unknown)[0]!r}; the options are "
                f"{', '.join(sorted(CONSTRUCTOR | CALL))}."
            )
        parts = [self] if other is None else [self, self.lift(other)]
        joined = join("\0".join(["{}"] * len(parts)), [p.text for p in parts])
        layout = _Layout(joined.variables)
        formula, _, weight = joined.renamed(layout.names).partition("\0")
        reduce = self.genred(
            formula,
            layout.aliases,
            reduction_op,
            index,
            opt_arg=opt_arg,
            formula2=weight or None,
            **{k: v for k, v in kwargs.items() if k in CONSTRUCTOR},
        )
        options = {k: v for k, v in kwargs.items() if k in CALL}
        options.setdefault("ranges", next((p.ranges for p in parts if p.ranges is not None), None))
        options.setdefault(
            "backend", next((p.backend or "auto" for p in parts if p.backend), "auto")
        )
        complex_result = self.is_complex if is_complex is None else is_complex

        def compute(*given: Any, **more: Any) -> Any:
            data = self.arrays.alike(layout.arguments(given), joined.variables, layout.order)
            result = reduce(*data, **(options | more))
            return self.arrays.as_complex(result) if complex_result else result

        if call and not layout.symbolic:
            return compute()
        waiting = self._of(joined if other is None else self.text, self.ndim, *parts)
        waiting.waiting = compute
        return waiting

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Compute a reduction that waits for its symbolic variables."""
        if self.waiting is None:
            raise TypeError("Only a reduction with call=False or of symbolic variables is called.")
        return self.waiting(*args, **kwargs)

    @property
    def is_complex(self) -> bool:
        """Whether entries are complex: pairs of real and imaginary parts."""
        return False


@functools.lru_cache(4096)
def _dim(formula: str, kinds: tuple[tuple[int, int], ...]) -> int:
    """The dimension of a text: the parser knows what fits, and says what does not."""
    names = [f"v{k}" for k in range(len(kinds))]
    aliases = [f"v{k}={NAMES[category]}({dim})" for k, (category, dim) in enumerate(kinds)]
    return Routine(TOKEN.sub(lambda match: names[int(match[1])], formula), aliases).dim


def dimension(formula: str, kinds: tuple[tuple[int, int], ...]) -> int:
    """The dimension of a text over variables of these categories and dimensions."""
    return _dim(formula, kinds)


# Torch's Dynamo calls it and does not read it (see keopsnb.torch._graph).
dimension._dynamo_marked_constant = True  # type: ignore[attr-defined]


class _Layout:
    """The arguments of a call: the symbolic variables at their positions, then all others."""

    def __init__(self, variables: Sequence[Variable]) -> None:
        symbolic = [k for k, v in enumerate(variables) if v.position is not None]
        self.symbolic = len(symbolic)
        wanted = sorted(variables[k].position or 0 for k in symbolic)
        if wanted != list(range(self.symbolic)):
            raise ValueError(
                f"The symbolic variables have the positions {wanted}; number them from 0 on."
            )
        self.order = sorted(symbolic, key=lambda k: variables[k].position or 0)
        self.order += [k for k, v in enumerate(variables) if v.position is None]
        self.names = [""] * len(variables)
        self.aliases = []
        for place, k in enumerate(self.order):
            v = variables[k]
            self.names[k] = f"v{place}"
            self.aliases.append(f"v{place}={NAMES[v.category]}({v.dim})")
        self._fixed = [variables[k].data for k in self.order[self.symbolic :]]

    def arguments(self, given: Sequence[Any]) -> list[Any]:
        if len(given) != self.symbolic:
            raise TypeError(
                f"This reduction has {self.symbolic} symbolic variables, and {len(given)} were "
                "given."
            )
        return [*given, *self._fixed]


def of_variable(kind: Any, variable: Variable) -> Any:
    """A matrix that is one variable."""
    made = object.__new__(kind)
    made.text, made.ndim, made.waiting = variable_text(variable), variable.dim, None
    made.ranges = made.backend = None
    return made
