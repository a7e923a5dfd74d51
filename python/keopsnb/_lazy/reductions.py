"""Reductions of symbolic matrices, one method each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keopsnb._boundary import shortened
from keopsnb._lazy.methods import Methods
from keopsnb._lazy.misfits import check_reduces
from keopsnb._lazy.reducing import ENTRIES, take_keepdim
from keopsnb._lazy.reduction_rows import Axis, ReductionRows
from keopsnb._lazy.variables import constant_in_graphs
from keopsnb._options import picks

# Of the least of rows the least: i and j may go one after the other, and gradients to one term.
_IN_TURN = frozenset(("Max", "Min"))
_picks = constant_in_graphs(picks)


class Reductions(ReductionRows, bare=True):
    """Reductions over i, over j, or over the components of each entry.

    All methods take the axis by its place in the shape, as `axis` or as `dim`: with no batch
    dimensions 0 is i, 1 is j and 2, or -1, the components. All but those that pick terms take
    several. The result keeps the dimension of the entries, even if it is 1: `K.sum(axis=1)` has
    shape (M, D). `keepdim=True`, or `keepdims=True`, gives (M, 1, D). Other options are those of
    `Genred` and of its call.
    """

    def _over(self, entries: str, op: str, axis: Axis, dim: Axis, kwargs: dict[str, Any]) -> Any:
        """`op` over i or j, or the operation `entries` over the entries."""
        plain = axis.__class__ is int and dim is None and not kwargs
        if plain and axis == -1 and entries and not self.is_complex:
            return self.make(entries)
        try:
            return self._over_axes(entries, op, axis, dim, kwargs)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    def _over_axes(
        self, entries: str, op: str, axis: Axis, dim: Axis, kwargs: dict[str, Any]
    ) -> Any:
        if self.is_complex:
            check_reduces(op)
        given = self._axis(axis, dim)
        if given is None and entries:
            given = -1
        if isinstance(given, tuple | list):
            return self._over_several(entries, op, given, kwargs)
        if self._index(given, None) != ENTRIES:
            return self.reduction(op, axis=given, **kwargs)
        if not entries:
            raise ValueError(
                f"{op} reduces over i or j, not the entries; write axis={self.nbatchdims} or "
                f"axis={self.nbatchdims + 1}."
            )
        take_keepdim(kwargs)  # entries keep their dimension
        self._options(kwargs)
        return self.make(entries)

    def _over_several(
        self, entries: str, op: str, axes: Sequence[int], kwargs: dict[str, Any]
    ) -> Any:
        indices = sorted(self._index(axis, None) for axis in axes)
        if not indices or len(set(indices)) < len(indices):
            raise ValueError(f"axis is {tuple(axes)}; name one axis or more, and each once.")
        matrix = self
        if indices[-1] == ENTRIES:
            matrix = self._over(entries, op, -1, None, {})
            indices.pop()
        first = self.nbatchdims
        if len(indices) < 2:
            place = first + indices[0] if indices else -1
            return matrix._over(entries, op, place, None, kwargs)
        if op not in _IN_TURN and _picks(op):
            raise ValueError(f"{op} is over one axis; write axis={first} or axis={first + 1}.")
        if kwargs.get("out") is not None:
            raise TypeError("out is for a reduction over one axis; leave it out.")
        if op not in _IN_TURN:
            return matrix.reduction(op, axis=(first, first + 1), **kwargs)
        keep = take_keepdim(kwargs)
        once = matrix.reduction(op, axis=first + 1, **kwargs)
        if matrix.symbolic or isinstance(once, Methods):
            raise TypeError(
                f"{op} of a matrix that waits for its variables is over one axis; reduce its "
                "result."
            )
        result = self.arrays.again(op, once)
        return result[..., None, None, :] if keep else result

    def sum(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Sum over i, over j, or (axis=-1, by default) over the components of each entry.

        Args:
            axis: what to sum over, by its place in the shape, or a tuple of places.
            dim: the same.
            **kwargs: `keepdim`, and options of `Genred` and of its call.

        Returns:
            Over i or j, an array: (..., M, D) or (..., N, D). Over the components, a symbolic
            matrix of numbers.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy import Vi, Vj
            >>> K = Vi(np.ones((3, 2))) * Vj(np.ones((4, 2)))
            >>> K.sum(-1).sum(axis=1)
            array([[8.],
                   [8.],
                   [8.]])
            >>> K.sum(axis=(0, 1))
            array([12., 12.])
        """
        return self._over("Sum", "Sum", axis, dim, kwargs)

    def sum_reduction(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Sum over i or j."""
        return self._over("", "Sum", axis, dim, kwargs)

    def var(self, axis: Axis = None, dim: Axis = None, correction: int = 0, **kwargs: Any) -> Any:
        """The variance over i or j: squared deviations over their number less the correction.

        `ddof` is NumPy's name for the correction.
        """
        correction = kwargs.pop("ddof", correction)
        return self._over("", "Variance", axis, dim, {"opt_arg": correction, **kwargs})

    def logsumexp(
        self, axis: Axis = None, dim: Axis = None, weight: Any = None, **kwargs: Any
    ) -> Any:
        """The logarithm of the sum of exponentials over i or j, without overflow.

        Args:
            axis: the index to reduce over, by its place in the shape, or a tuple of places.
            dim: the same.
            weight: a factor of each exponential: a matrix or an array, positive or of any sign as
                long as the sums are positive; KeOps' `other` is the same.
            **kwargs: `keepdim`, and options of `Genred` and of its call.

        Returns:
            An array (..., M, D) or (..., N, D); -inf where all terms are.

        Example:
            >>> import numpy as np
            >>> from keopsnb.numpy import Vi, Vj
            >>> C = Vi(np.zeros((2, 1))) - Vj(np.zeros((4, 1)))
            >>> C.logsumexp(axis=1).round(4)
            array([[1.3863],
                   [1.3863]])
        """
        weight = kwargs.pop("other", weight)
        if weight is not None:
            kwargs["other"] = weight
        return self._over("", "LogSumExp", axis, dim, kwargs)

    def sumsoftmaxweight(
        self, weight: Any, axis: Axis = None, dim: Axis = None, **kwargs: Any
    ) -> Any:
        """The mean of the weights under the softmax over i or j."""
        return self._over("", "SumSoftMaxWeight", axis, dim, {"other": weight, **kwargs})

    # KeOps' second names.
    min_reduction = ReductionRows.min
    max_reduction = ReductionRows.max
    argmin_reduction = ReductionRows.argmin
    argmax_reduction = ReductionRows.argmax
    min_argmin_reduction = ReductionRows.min_argmin
    max_argmax_reduction = ReductionRows.max_argmax
    logsumexp_reduction = logsumexp
    sumsoftmaxweight_reduction = sumsoftmaxweight
    Kmin_reduction = ReductionRows.Kmin
    argKmin_reduction = ReductionRows.argKmin
    Kmin_argKmin_reduction = ReductionRows.Kmin_argKmin
