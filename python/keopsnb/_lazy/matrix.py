"""Reductions, products and slices of symbolic matrices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from keopsnb._lazy.methods import Methods
from keopsnb._lazy.variables import Text, Variable

if TYPE_CHECKING:
    from typing_extensions import Self

# Entries that `dense` makes without being asked twice.
DENSE_LIMIT = 2**28


class Matrix(Methods):
    """A symbolic matrix with all that a front end offers."""

    # ---- over an axis ----

    def _over(
        self, entries: str, op: str, axis: int | None, dim: int | None, kwargs: dict[str, Any]
    ) -> Any:
        """`op` over i or j, or the operation `entries` over the entries."""
        given = axis if axis is not None or dim is not None else -1
        if self._index(given, dim) != 2:
            return self.reduction(op, axis=given, dim=dim, **kwargs)
        if not entries:
            raise ValueError(f"{op} is over i or j; write axis={self.nbatchdims} or another.")
        return self.make(f"{entries}({{}})")

    def sum(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """Sum over i, over j, or (axis=-1, by default) over the components of each entry."""
        kwargs.pop("keepdim", None)
        return self._over("Sum", "Sum", axis, dim, kwargs)

    def sum_reduction(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """Sum over i or j."""
        return self.reduction("Sum", axis=axis, dim=dim, **kwargs)

    def min(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The least, over i, j or the components."""
        return self._over("Min", "Min", axis, dim, kwargs)

    def max(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The greatest, over i, j or the components."""
        return self._over("Max", "Max", axis, dim, kwargs)

    def argmin(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The index of the least, over i, j or the components."""
        return self._over("ArgMin", "ArgMin", axis, dim, kwargs)

    def argmax(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The index of the greatest, over i, j or the components."""
        return self._over("ArgMax", "ArgMax", axis, dim, kwargs)

    def min_argmin(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The least over i or j, and its index."""
        return self.reduction("Min_ArgMin", axis=axis, dim=dim, **kwargs)

    def max_argmax(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The greatest over i or j, and its index."""
        return self.reduction("Max_ArgMax", axis=axis, dim=dim, **kwargs)

    def mean(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The mean over i or j."""
        return self.reduction("Mean", axis=axis, dim=dim, **kwargs)

    def var(
        self, axis: int | None = None, dim: int | None = None, correction: int = 0, **kwargs: Any
    ) -> Any:
        """The variance over i or j: squared deviations over their number less the correction."""
        return self.reduction("Variance", opt_arg=correction, axis=axis, dim=dim, **kwargs)

    def prod(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The product over i or j."""
        return self.reduction("Prod", axis=axis, dim=dim, **kwargs)

    def any(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """Whether any is other than 0, over i or j."""
        return self.reduction("Any", axis=axis, dim=dim, **kwargs)

    def all(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """Whether each is other than 0, over i or j."""
        return self.reduction("All", axis=axis, dim=dim, **kwargs)

    def count(self, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """How many are other than 0, over i or j."""
        return self.reduction("Count", axis=axis, dim=dim, **kwargs)

    def logsumexp(
        self, axis: int | None = None, dim: int | None = None, weight: Any = None, **kwargs: Any
    ) -> Any:
        """Log sum exp over i or j, with weights or without."""
        weight = kwargs.pop("other", weight)
        return self.reduction("LogSumExp", other=weight, axis=axis, dim=dim, **kwargs)

    def sumsoftmaxweight(
        self, weight: Any, axis: int | None = None, dim: int | None = None, **kwargs: Any
    ) -> Any:
        """The mean of the weights under the softmax over i or j."""
        return self.reduction("SumSoftMaxWeight", other=weight, axis=axis, dim=dim, **kwargs)

    def Kmin(self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The K least over i or j, in ascending order."""
        return self.reduction("KMin", opt_arg=K, axis=axis, dim=dim, **kwargs)

    def argKmin(
        self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any
    ) -> Any:
        """The indices of the K least over i or j."""
        return self.reduction("ArgKMin", opt_arg=K, axis=axis, dim=dim, **kwargs)

    def Kmin_argKmin(
        self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any
    ) -> Any:
        """The K least over i or j, and their indices."""
        return self.reduction("KMin_ArgKMin", opt_arg=K, axis=axis, dim=dim, **kwargs)

    def Kmax(self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any) -> Any:
        """The K greatest over i or j, in descending order."""
        return self.reduction("KMax", opt_arg=K, axis=axis, dim=dim, **kwargs)

    def argKmax(
        self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any
    ) -> Any:
        """The indices of the K greatest over i or j."""
        return self.reduction("ArgKMax", opt_arg=K, axis=axis, dim=dim, **kwargs)

    def Kmax_argKmax(
        self, K: int, axis: int | None = None, dim: int | None = None, **kwargs: Any
    ) -> Any:
        """The K greatest over i or j, and their indices."""
        return self.reduction("KMax_ArgKMax", opt_arg=K, axis=axis, dim=dim, **kwargs)

    # KeOps' second names.
    min_reduction = min
    max_reduction = max
    argmin_reduction = argmin
    argmax_reduction = argmax
    min_argmin_reduction = min_argmin
    max_argmax_reduction = max_argmax
    logsumexp_reduction = logsumexp
    sumsoftmaxweight_reduction = sumsoftmaxweight
    Kmin_reduction = Kmin
    argKmin_reduction = argKmin
    Kmin_argKmin_reduction = Kmin_argKmin

    # ---- linear algebra ----

    def __matmul__(self, v: Any, **kwargs: Any) -> Any:
        """The product of this matrix of numbers with v: (N,), or (..., N, E)."""
        if self._shape[-1] != 1:
            raise ValueError(
                f"K @ v is for matrices of numbers, and the entries of this one have dimension "
                f"{self._shape[-1]}; write (K * V).sum(...)."
            )
        if not self.arrays.is_array(v):
            raise TypeError(f"K @ v takes an array v, and this is a {type(v).__name__}.")
        if v.shape == () or v.shape[-1 if len(v.shape) == 1 else -2] != (self.nj or 1):
            raise ValueError(
                f"v has shape {tuple(v.shape)}, and K has {self.nj or 1} columns; write v as "
                f"({self.nj or 1},) or (..., {self.nj or 1}, E)."
            )
        rows = v[:, None] if len(v.shape) == 1 else v
        column = self._variable(Variable(rows, int(rows.shape[-1]), 1))
        result = (self * column).sum(axis=self.nbatchdims_with(column) + 1, **kwargs)
        return result[..., 0] if len(v.shape) == 1 else result

    def nbatchdims_with(self, other: Matrix) -> int:
        """How many batch dimensions this matrix and another have together."""
        return max(self.nbatchdims, other.nbatchdims)

    def _variable(self, variable: Variable) -> Self:
        return self._of(Text("@0@", (variable,)), variable.dim)

    def t(self) -> Self:
        """The transposed matrix."""
        made = self._of(self.text.with_categories({0: 1, 1: 0}), self.ndim, self)
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
        return self._rows(rows, 0)._rows(columns, 1)._entries(entries)

    def _rows(self, key: Any, category: int) -> Self:
        if isinstance(key, slice) and key == slice(None):
            return self
        if isinstance(key, int):
            raise IndexError("Write a slice such as [3:4] for one row or column.")
        variables = tuple(
            Variable(v.data[..., key, :], v.dim, v.category, v.position, v.number)
            if v.category == category and v.data is not None
            else v
            for v in self.text.variables
        )
        return self._of(Text(self.text.formula, variables), self.ndim, self)

    def _entries(self, key: Any) -> Self:
        if isinstance(key, int) and not isinstance(key, bool):
            return self.elem(key)
        if isinstance(key, slice) and key.step in (None, 1):
            begin, end, _ = key.indices(self.ndim)
            if (begin, end) == (0, self.ndim):
                return self
            return self.extract(begin, end - begin)
        raise IndexError(f"The components are indexed by an integer or a slice, not {key!r}.")

    # ---- all of it ----

    def dense(self, limit: int | None = DENSE_LIMIT) -> Any:
        """All entries, as an array (..., M, N, D), or (..., M, N) if D = 1.

        Raises:
            ValueError: if there are more numbers than `limit`; None is no limit.
        """
        shape = self._shape
        if limit is not None and math.prod(shape) > limit:
            raise ValueError(
                f"The matrix of shape {shape} has {math.prod(shape):,} numbers, and limit is "
                f"{limit:,}; write dense(limit=None) to make it all the same."
            )
        # Rows i as batches, each of one row, reduced over that row.
        variables = tuple(
            Variable(self._unrolled(v), v.dim, v.category, v.position, v.number)
            for v in self.text.variables
        )
        rows = self._of(Text(self.text.formula, variables), self.ndim)
        dense = rows.reduction("Sum", axis=rows.nbatchdims)
        dense = self.arrays.broadcast(dense, (*shape[:-1], dense.shape[-1]))
        return dense[..., 0] if self._shape[-1] == 1 else dense

    def _unrolled(self, v: Variable) -> Any:
        if v.data is None:
            raise TypeError("A matrix of symbolic variables has no entries yet.")
        if v.number:
            return v.data
        if v.category == 0:
            return v.data[..., :, None, :]
        return v.data[..., None, :] if v.category == 2 else v.data[..., None, :, :]
