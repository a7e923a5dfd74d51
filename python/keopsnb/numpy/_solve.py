"""Linear systems of kernels, for NumPy arrays."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np

from keopsnb import _core
from keopsnb._boundary import boundary
from keopsnb._conjugate import Limits, conjugate_gradients
from keopsnb._reduction import Reduction
from keopsnb._solve import AccuracyWarning as AccuracyWarning
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import Solution, Solver
from keopsnb.numpy._arrays import as_array, as_arrays, as_complex, parts
from keopsnb.numpy._genred import Genred


class KernelSolve(Solver):
    __doc__ = Solver.__doc__

    xp: ClassVar[Any] = np
    genred: ClassVar[Callable[..., Any]] = Genred
    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)

    @boundary
    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        dtype: object = None,
        opt_arg: int | None = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: object = None,  # noqa: ARG002
        use_fast_math: bool = False,
        header: Any = None,
    ) -> None:
        self._prepare(
            formula,
            aliases,
            varinvalias,
            axis,
            dtype=dtype,
            opt_arg=opt_arg,
            dtype_acc=dtype_acc,
            use_double_acc=use_double_acc,
            sum_scheme=sum_scheme,
            enable_chunks=enable_chunks,
            use_fast_math=use_fast_math,
            header=header,
        )

    def _checked(
        self, args: tuple[Any, ...], place: dict[str, Any] | None = None
    ) -> tuple[Any, ...]:
        return super()._checked(as_arrays(args), place)

    def _as_array(self, x: Any, name: str) -> Any:
        return as_array(x, name)

    def _solve(
        self,
        args: tuple[Any, ...],
        place: dict[str, Any],
        alpha: Any,
        limits: Limits,
        x0: Any,
        precondition: Callable[[Any], Any] | None,
    ) -> Solution:
        k = self._position

        def apply(x: Any) -> Any:
            return self._sum(*args[:k], x, *args[k + 1 :], **place) + alpha * x

        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is an error
            return conjugate_gradients(np, apply, args[k], limits, x0, precondition)

    def _call_rowwise(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any:
        return reduction(_core.NUMPY, args, None, place["backend"], place["device_id"], None)

    def _like(self, values: Any, b: Any) -> Any:  # noqa: ARG002
        return values

    def _cast(self, values: Any, dtype: Any) -> Any:
        return values.astype(dtype, copy=False)
