"""Reductions of symbolic matrices: their axis and options, now or when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keopsnb._boundary import shortened
from keopsnb._lazy.base import Lazy
from keopsnb._lazy.deferred import CALL, CONSTRUCTOR, Deferred, at_once
from keopsnb._lazy.misfits import check_reduces, complex_operand
from keopsnb._options import I_AND_J, integer

# The axis of the components of entries, where 0 is i and 1 is j.
ENTRIES = 2


class Reducing(Lazy):
    """A matrix that is reduced over i or j, by the reductions of `Genred`."""

    def _axis(self, axis: Any, dim: Any) -> Any:
        """The one of two names of an axis that is given."""
        if axis is None or dim is None:
            return dim if axis is None else axis
        for found in (axis, dim):
            if getattr(found, "shape", ()):
                raise TypeError(
                    f"An axis is {self._told(found)}; axis and dim are integers, and weights have "
                    "a name: write axis=1, weight=w."
                )
        if axis != dim:
            raise ValueError(f"axis is {axis} and dim is {dim}; give one.")
        return axis

    @staticmethod
    def _told(found: Any) -> str:
        shape = getattr(found, "shape", ())
        return f"a {type(found).__name__} of shape {tuple(shape)}" if shape else repr(found)

    def _index(self, axis: int | None, dim: int | None) -> int:
        """An axis as a number: 0 for i, 1 for j, or ENTRIES."""
        given = self._axis(axis, dim)
        if given is not None and type(given) is not int:
            several = getattr(given, "shape", ())
            if several or isinstance(given, bool) or not hasattr(given, "__index__"):
                raise TypeError(f"axis is {self._told(given)}; write one integer.")
        if given is None:
            raise ValueError("axis is missing; write axis=0 to reduce over i, axis=1 over j.")
        batches = len(self.args.batch)
        full = batches + 3
        place = given + full if given < 0 else given
        if not batches <= place < full:
            raise ValueError(
                f"axis is {given}, and this matrix of shape {self._shape} is reduced along "
                f"{batches} (i), {batches + 1} (j) or {batches + 2} (the entries)."
            )
        return int(place) - batches

    def _reduced(self, reduction_op: str, axis: Any, dim: Any) -> int:
        """The indices that are reduced: 0 for i, 1 for j, or I_AND_J."""
        given = axis if axis is not None else dim
        if type(given) is int and (axis is None or dim is None):
            index = given - len(self.args.batch)
            if index == 0 or index == 1:
                return index
        both = isinstance(given, tuple | list)
        indices = sorted(self._index(k, None) for k in given) if both else [self._index(axis, dim)]
        if ENTRIES in indices:
            raise ValueError(f"reduction_op={reduction_op!r} reduces over i or j, not the entries.")
        if both and indices != [0, 1]:
            raise ValueError(f"axis is {given}; name i, j or both.")
        return I_AND_J if both else indices[0]

    def reduction(
        self,
        reduction_op: str,
        other: Any = None,
        opt_arg: int | None = None,
        axis: int | Sequence[int] | None = None,
        dim: int | Sequence[int] | None = None,
        call: bool = True,
        is_complex: bool | None = None,
        **kwargs: Any,
    ) -> Any:
        """Reduce over i or j by any reduction of `Genred`; complex numbers have sums and means.

        Args:
            reduction_op: its name.
            other: the weights, for reductions that take them.
            opt_arg: the K of KMin and its like.
            axis: the index to reduce over, by its place in the shape, or both: (..., D).
            dim: the same.
            call: whether to compute at once; False gives a matrix to be called.
            is_complex: whether the result is complex; by default as this matrix.
            **kwargs: `keepdim`, and options of `Genred` and of its call.

        Returns:
            What `Genred` returns; or, with call=False or symbolic variables, a function of the
            values of these.

        Raises:
            TypeError: if an option is unknown.
            ValueError: if the axis is not i or j.
        """
        try:
            if self.is_complex:
                check_reduces(reduction_op)
            index = self._reduced(reduction_op, axis, dim)
            plain = not kwargs and index != I_AND_J and other is opt_arg is None
            if plain and call and self._at_once:
                return at_once(self, reduction_op, index)
            options = opt_arg, call, is_complex
            return self._reduction(reduction_op, other, index, *options, kwargs)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    def _reduction(
        self,
        op: str,
        other: Any,
        index: int,
        opt_arg: int | None,
        call: bool,
        is_complex: bool | None,
        kwargs: dict[str, Any],
    ) -> Any:
        keep = take_keepdim(kwargs)
        if keep and opt_arg is not None and op != "Variance":
            raise TypeError(
                f"keepdim=True, and {op} puts K results along the axis that it reduces; leave "
                "keepdim out."
            )
        constructor, call_options = self._options(kwargs) if kwargs else ({}, {})
        lifted = [self] if other is None else [self, self.lift(other)]
        for part in lifted:
            part.check_done()
            if part.is_complex and not self.is_complex and op != "SumSoftMaxWeight":
                raise complex_operand(op)
            if part.ranges is not None:
                call_options.setdefault("ranges", part.ranges)
            if part.backend is not None:
                call_options.setdefault("backend", part.backend)
        deferred = Deferred(
            lifted,
            op,
            index,
            None if opt_arg is None else integer("opt_arg", opt_arg),
            constructor,
            call_options,
            lifted[-1].is_complex if is_complex is None else is_complex,
            keep,
        )
        if call and not any(part.symbolic for part in lifted):
            return deferred()
        deferred.check()
        waiting = self._of(self.form, self.args, *lifted)
        waiting.waiting = deferred
        return waiting

    @property
    def _at_once(self) -> bool:
        """Whether nothing stands between this matrix and a plain reduction of it."""
        return (
            self.waiting is None
            and self.ranges is None
            and self.backend is None
            and not self.is_complex
            and not self.symbolic
        )

    @staticmethod
    def _options(kwargs: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Options of the constructor of Genred, and of its call."""
        if kwargs.get("dtype", "") is None:
            del kwargs["dtype"]  # NumPy's functions pass it on
        unknown = kwargs.keys() - CONSTRUCTOR - CALL
        if unknown:
            raise TypeError(
                f"unexpected option {sorted(unknown)[0]!r}; the options are "
                f"{', '.join(sorted(CONSTRUCTOR | CALL))}."
            )
        if kwargs.get("backend", "") is None:
            del kwargs["backend"]
        return (
            {k: v for k, v in kwargs.items() if k in CONSTRUCTOR},
            {k: v for k, v in kwargs.items() if k in CALL},
        )


def take_keepdim(kwargs: dict[str, Any]) -> bool:
    """Takes `keepdim`, or NumPy's `keepdims`, out of options."""
    if not kwargs:
        return False
    given = [kwargs.pop(name) for name in ("keepdim", "keepdims") if name in kwargs]
    return any(given)
