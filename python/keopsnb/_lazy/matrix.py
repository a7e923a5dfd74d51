"""Products, systems, slices and entries of symbolic matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from keopsnb._boundary import shortened
from keopsnb._core import column
from keopsnb._lazy import making
from keopsnb._lazy.base import of_variable
from keopsnb._lazy.deferred import at_once
from keopsnb._lazy.indices import component_range
from keopsnb._lazy.reductions import Reductions
from keopsnb._lazy.variables import Kind, Variable, last_dim
from keopsnb._options import PM, VI, VJ

if TYPE_CHECKING:
    from typing_extensions import Self

# Entries that `dense` makes without being asked twice.
DENSE_LIMIT = 2**28
# What the categories are in the transposed matrix.
_SWAPPED = {VI: VJ, VJ: VI, PM: PM}


class Matrix(Reductions):
    """A symbolic matrix with all that a front end offers."""

    def __new__(cls, x: Any = None, axis: Any = None, is_complex: bool = False) -> Any:  # noqa: ARG004
        """A symbolic matrix; one of complex numbers if x is complex."""
        of_complex = cls.complex_kind
        if cls is not of_complex.real_kind:
            return object.__new__(cls)
        found = is_complex or making.is_complex(cls.arrays, cls.arrays.as_array(x))
        return object.__new__(of_complex if found else cls)

    def __init__(self, x: Any, axis: int | None = None, is_complex: bool = False) -> None:  # noqa: ARG002
        making.become(self, x, axis)

    # ---- linear algebra ----

    def __matmul__(self, v: Any, **kwargs: Any) -> Any:
        """The product of this matrix of numbers with v: (N,), or (..., N, E)."""
        try:
            if self.arrays.is_plain(v) and not kwargs and not self.is_complex:
                factor = column(self, v)
                if factor is not None:  # most products are such: they go straight to their kernel
                    return at_once(self.make("Mult", factor), "Sum", 1)
            return self._product(v, kwargs)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    def _product(self, v: Any, options: dict[str, Any]) -> Any:
        shape = self._shape
        if shape[-1] != 1:
            raise ValueError(
                f"K @ v is for matrices of numbers, and the entries of this one have dimension "
                f"{shape[-1]}; write (K * V).sum(...)."
            )
        if not self.arrays.is_array(v):
            raise TypeError(f"K @ v takes an array v, and this is a {type(v).__name__}.")
        v = self.arrays.as_array(v)
        columns = shape[-2]
        if v.shape == () or v.shape[-1 if len(v.shape) == 1 else -2] != columns:
            raise ValueError(
                f"v has shape {tuple(v.shape)}, and K has {columns} columns; write v as "
                f"({columns},) or (..., {columns}, E)."
            )
        rows = v[:, None] if len(v.shape) == 1 else v
        column = self._column(rows)
        products = self * column
        result = products.reduction("Sum", axis=products.nbatchdims + 1, **options)
        return result[..., 0] if len(v.shape) == 1 else result

    def _column(self, rows: Any) -> Any:
        if self.arrays.is_complex(rows):
            return self.complex_kind(rows[..., None, :, :])
        return of_variable(type(self), Variable(rows, Kind(VJ, last_dim(rows))))

    def __rmatmul__(self, v: Any) -> Any:
        """The product of v, (M,) or (..., E, M), with this matrix of numbers."""
        if not self.arrays.is_array(v):
            raise TypeError(f"v @ K takes an array v, and this is a {type(v).__name__}.")
        v = self.arrays.as_array(v)
        rows = self._shape[-3]
        if v.shape == () or v.shape[-1] != rows:
            raise ValueError(
                f"v has shape {tuple(v.shape)}, and K has {rows} rows; write v as "
                f"({rows},) or (..., E, {rows})."
            )
        if len(v.shape) == 1:
            return self.t() @ v
        return (self.t() @ v.swapaxes(-1, -2)).swapaxes(-1, -2)

    def solve(self, other: Any, var: Any = None, call: bool = True, **kwargs: Any) -> Any:
        """Solve the linear system of this matrix, which is symmetric and positive definite.

        Args:
            other: the right-hand side, real or complex: an array (N,) or (..., N, E), or a
                variable `Vi(b)` or `Vj(b)`, which may be symbolic.
            var: a variable of this matrix, in which it is linear: then the system is that its
                sum over the index of `var` is `other`, and is solved for `var`. By default the
                system is K @ x = other.
            call: whether to solve at once; False gives a matrix to be called.
            **kwargs: options of `KernelSolve` and of its call: `alpha`, `eps`, `max_iterations`,
                `x0`, `preconditioner`, `rank`, `callback`, `progress`, `full` ... What `alpha` adds
                to the diagonal is a number; one for each row, (N,) or (..., N, 1); or one for each
                batch, (..., 1, 1).

        Returns:
            The solution, shaped as `other`; a `Solution` with `full=True`. With call=False or
            symbolic variables, a function of the values of these.

        Raises:
            ConvergenceError: if the system was not solved.
            TypeError: if `other` or `var` is no variable, or this matrix is complex.
            ValueError: if a shape does not fit.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy import Vi, Vj
            >>> x = np.linspace(0, 1, 5)[:, None]
            >>> K = (-(Vi(x) - Vj(x)).sqnorm2()).exp()
            >>> a = K.solve(np.ones(5), alpha=0.1)
            >>> (K @ a + 0.1 * a).round(4)
            array([1., 1., 1., 1., 1.])
        """
        from keopsnb._lazy.solving import solving

        system = solving(self, other, var, kwargs)
        if call and not system.symbolic:
            return system()
        waiting = self._of(self.form, self.args, self)
        waiting.waiting = system
        return waiting

    def t(self) -> Self:
        """The transposed matrix."""
        self.check_done()
        swapped = [
            Variable(v.data, Kind(_SWAPPED[v.kind.category], *v.kind[1:])) for v in self._variables
        ]
        made = self._with(swapped, self)
        if self.ranges is not None:
            made.ranges = (*self.ranges[3:6], *self.ranges[:3])
        return made

    @property
    def T(self) -> Self:
        """The transposed matrix."""
        return self.t()

    def matvec(self, v: Any) -> Any:
        """Self @ v."""
        return self.__matmul__(v)  # which Dynamo reads; of K @ v it swaps the operands

    def rmatvec(self, v: Any) -> Any:
        """self.T @ v."""
        return self.T.__matmul__(v)

    # ---- slices ----

    def __getitem__(self, key: Any) -> Self:
        """K[..., k] is a component and K[..., a:b] a range of them; K[i, j] takes rows and columns.

        Rows and columns are slices, or arrays of indices.
        """
        self.check_done()
        keys = list(key) if isinstance(key, tuple) else [key]
        full = len(self._shape)
        if sum(k is Ellipsis for k in keys) > 1:
            raise IndexError("An index holds one '...' at most.")
        if Ellipsis not in [k for k in keys if not self.arrays.is_array(k)]:
            # K[i, j] names rows and columns; a single part, as in x[k], the components.
            if len(keys) == 1 and self.nbatchdims == 0:
                keys = [slice(None), slice(None), *keys]
            keys += [slice(None)] * (full - len(keys))
        else:
            at = next(k for k, v in enumerate(keys) if v is Ellipsis)
            keys[at : at + 1] = [slice(None)] * (full - len(keys) + 1)
        if len(keys) != full:
            raise IndexError(f"The index has {len(keys)} parts, and the shape is {self._shape}.")
        *batches, rows, columns, entries = keys
        if any(k != slice(None) for k in batches):
            raise IndexError("Batch dimensions cannot be sliced; slice the arrays.")
        return self._rows(rows, VI)._rows(columns, VJ)._entries(entries)

    def _rows(self, key: Any, category: int) -> Self:
        if isinstance(key, slice):  # which Dynamo asks for no attributes
            if key == slice(None):
                return self
        elif hasattr(key, "__index__") and not getattr(key, "shape", ()):
            raise IndexError("Write a slice such as [3:4] for one row or column.")
        elif len(getattr(key, "shape", ())) > 1:
            raise IndexError(
                f"Rows and columns are indexed by one axis, and this has shape {tuple(key.shape)}."
            )
        if self.ranges is not None:
            raise TypeError(
                "The ranges of this matrix number its rows and columns as they are; slice first, "
                "and set ranges then."
            )
        sliced = []
        for v in self._variables:
            if v.kind.category != category:
                sliced.append(v)
            elif v.data is None:
                raise TypeError(f"{v!r} has no rows to slice yet; slice the value of the call.")
            else:
                sliced.append(Variable(self.arrays.rows(v.data, key), v.kind))
        if all(v.kind.category != category for v in sliced):
            return self._repeated(key, category)
        return self._with(sliced, self)

    def _repeated(self, key: Any, category: int) -> Self:
        """These rows of a matrix that is the same for all of that index, of which there is one."""
        ones = self.arrays.rows(self.arrays.ones(self.device), key)
        if ones.shape[0] == 1:
            return self
        kind: Any = type(self)
        factor = kind.real_kind if self.is_complex else kind
        repeated: Self = self * of_variable(factor, Variable(ones, Kind(category, 1)))
        return repeated

    def _entries(self, key: Any) -> Self:
        begin, count = component_range(key, self._shape[-1])
        if (begin, count) == (0, self._shape[-1]) and isinstance(key, slice):
            return self
        return self._components(begin, count)

    def _components(self, begin: int, count: int) -> Self:
        return self.elem(begin) if count == 1 else self.extract(begin, count)

    # ---- its diagonal ----

    def diagonal(self) -> Any:
        """The entries (k, k), as an array (..., K), or (..., K, D): K is the lesser of M and N.

        Raises:
            TypeError: if variables are symbolic.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy import Vi, Vj
            >>> x = np.arange(3.0)
            >>> (Vi(x) * Vj(x)).diagonal()
            array([0., 1., 4.])
        """
        self.check_done()
        count = min(self._shape[-3:-1])
        variables = []
        for v in self._variables:
            if v.data is None:
                raise TypeError("A matrix of symbolic variables has no entries yet.")
            if v.kind.category == PM:
                variables.append(v)
            else:
                data = v.data[..., :count, :]
                variables.append(Variable(data, Kind(VI, *v.kind[1:])))
        entries = self._with(variables)
        found = entries.reduction("Sum", axis=entries.nbatchdims + 1)
        found = self.arrays.broadcast(found, (*self.batchdims, count, found.shape[-1]))
        return found[..., 0] if self._shape[-1] == 1 else found

    def trace(self) -> Any:
        """The sum of the diagonal: an array (...), or (..., D)."""
        entries = self.diagonal()
        return entries.sum(-1 if self._shape[-1] == 1 else -2)

    # ---- all of it ----

    def dense(self, limit: int | None = DENSE_LIMIT) -> Any:
        """All entries, as an array (..., M, N, D), or (..., M, N) if D = 1, whatever the ranges.

        Raises:
            ValueError: if there are more numbers than `limit`; None is no limit.
        """
        self.check_done()
        shape = self._shape
        if limit is not None and math.prod(shape) > limit:
            raise ValueError(
                f"The matrix of shape {shape} has {math.prod(shape):,} numbers, and limit is "
                f"{limit:,}; write dense(limit=None) to make it all the same."
            )
        # Rows i as batches, each of one row, reduced over that row.
        variables = tuple(Variable(self._unrolled(v), v.kind) for v in self._variables)
        rows = self._with(variables)
        dense = rows.reduction("Sum", axis=rows.nbatchdims)
        dense = self.arrays.broadcast(dense, (*shape[:-1], dense.shape[-1]))
        return dense[..., 0] if self._shape[-1] == 1 else dense

    def _unrolled(self, v: Variable) -> Any:
        if v.data is None:
            raise TypeError("A matrix of symbolic variables has no entries yet.")
        if v.kind.number:
            return v.data
        if v.kind.category == VI:
            return v.data[..., :, None, :]
        return v.data[..., None, :] if v.kind.category == PM else v.data[..., None, :, :]
