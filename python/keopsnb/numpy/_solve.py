"""Linear systems of kernels, for NumPy arrays."""

from collections.abc import Callable
from typing import Any, ClassVar, NamedTuple

import numpy as np

from keopsnb import _core
from keopsnb._ranges import Ranges, ranges_of
from keopsnb._reduction import Reduction
from keopsnb._solve import AccuracyWarning as AccuracyWarning
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import Solver
from keopsnb.numpy._arrays import as_array, as_arrays, as_complex, parts
from keopsnb.numpy._genred import Genred


class _Place(NamedTuple):
    backend: str
    device_id: int
    ranges: Ranges | None


class KernelSolve(Solver):
    __doc__ = Solver.__doc__

    xp: ClassVar[Any] = np
    array: ClassVar[Any] = np.ndarray
    genred = Genred
    options = (
        "dtype opt_arg dtype_acc use_double_acc sum_scheme enable_chunks rec_multVar_highdim "
        "use_fast_math header"
    )
    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)

    def _as_array(self, x: Any, name: str) -> Any:
        return as_array(x, name)

    def _cast(self, values: Any, dtype: Any) -> Any:
        return values.astype(dtype, copy=False)

    def _beside(self, values: Any, b: Any) -> Any:  # noqa: ARG002
        return values

    def _place(self, args: Any, backend: str, device_id: int, ranges: Any) -> _Place:  # noqa: ARG002
        return _Place(backend, device_id, ranges_of(ranges))

    def _reduce(self, reduction: Reduction, args: tuple[Any, ...], place: _Place) -> Any:
        return reduction(_core.NUMPY, args, None, *place)

    def _checked(self, args: tuple[Any, ...], *others: Any) -> Any:
        return super()._checked(as_arrays(args), *others)

    def _differentiable(
        self,
        solve: Callable[..., Any],
        args: tuple[Any, ...],
        alpha: Any,
        x0: Any,
        place: Any,  # noqa: ARG002
    ) -> Any:
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is an error
            return solve(args[self._position], alpha, args, x0)
