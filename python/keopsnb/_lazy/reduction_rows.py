"""Methods for rows of the catalogue: docs/generate_methods.py writes them."""
# ruff: noqa: E702, E704

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keopsnb._lazy.methods import Methods

Axis = int | Sequence[int] | None


class ReductionRows(Methods, bare=True):
    """Reductions of the catalogue; their terms are the entries, component by component."""

    if TYPE_CHECKING:

        def _over(
            self, entries: str, op: str, axis: Axis, dim: Axis, kwargs: dict[str, Any]
        ) -> Any: ...

    # fmt: off

    def mean(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Mean of the terms; NaN where there is none. Over i or j."""
        return self._over("", "Mean", axis, dim, kwargs)
    def prod(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Product of the terms; 1 where there is none. Over i or j."""
        return self._over("", "Prod", axis, dim, kwargs)
    def max(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The greatest term; NaN is passed over.

        Over i, over j, or (by default) over the components.
        """; return self._over("Max", "Max", axis, dim, kwargs)
    def min(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The least term; NaN is passed over.

        Over i, over j, or (by default) over the components.
        """; return self._over("Min", "Min", axis, dim, kwargs)
    def argmax(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The index of the greatest term, the first of equal ones.

        Over i, over j, or (by default) over the components. Integers (int64).
        """; return self._over("ArgMax", "ArgMax", axis, dim, kwargs)
    def argmin(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The index of the least term, the first of equal ones.

        Over i, over j, or (by default) over the components. Integers (int64).
        """; return self._over("ArgMin", "ArgMin", axis, dim, kwargs)
    def max_argmax(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The greatest term and its index. Over i or j. A tuple: values, then indices (int64)."""
        return self._over("", "Max_ArgMax", axis, dim, kwargs)
    def min_argmin(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The least term and its index. Over i or j. A tuple: values, then indices (int64)."""
        return self._over("", "Min_ArgMin", axis, dim, kwargs)
    def Kmin(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The K least terms, in ascending order.

        Over i or j. Shape (..., M, K, D), without D where it is 1.
        """; return self._over("", "KMin", axis, dim, {"opt_arg": K, **kwargs})
    def argKmin(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The indices of the K least terms, in ascending order of these.

        Over i or j. Integers (int64). Shape (..., M, K, D), without D where it is 1.
        """; return self._over("", "ArgKMin", axis, dim, {"opt_arg": K, **kwargs})
    def Kmin_argKmin(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The K least terms, in ascending order, and their indices.

        Over i or j. A tuple: values, then indices (int64). Shape (..., M, K, D), without D
        where it is 1.
        """; return self._over("", "KMin_ArgKMin", axis, dim, {"opt_arg": K, **kwargs})
    def Kmax(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The K greatest terms, in descending order.

        Over i or j. Shape (..., M, K, D), without D where it is 1.
        """; return self._over("", "KMax", axis, dim, {"opt_arg": K, **kwargs})
    def argKmax(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The indices of the K greatest terms, in descending order of these.

        Over i or j. Integers (int64). Shape (..., M, K, D), without D where it is 1.
        """; return self._over("", "ArgKMax", axis, dim, {"opt_arg": K, **kwargs})
    def Kmax_argKmax(self, K: int, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """The K greatest terms, in descending order, and their indices.

        Over i or j. A tuple: values, then indices (int64). Shape (..., M, K, D), without D
        where it is 1.
        """; return self._over("", "KMax_ArgKMax", axis, dim, {"opt_arg": K, **kwargs})
    def any(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Whether any term is other than 0. Over i or j. Truth values."""
        return self._over("", "Any", axis, dim, kwargs)
    def all(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Whether every term is other than 0. Over i or j. Truth values."""
        return self._over("", "All", axis, dim, kwargs)
    def count(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """How many terms are other than 0. Over i or j. Integers (int64)."""
        return self._over("", "Count", axis, dim, kwargs)
