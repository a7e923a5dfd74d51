"""Generic reductions of NumPy arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb import _core
from keopsnb._boundary import shortened
from keopsnb._genred import Reducer
from keopsnb._ranges import Ranges, ranges_of
from keopsnb._reduction import Reduction, as_inputs, clusters
from keopsnb.numpy._arrays import as_arrays

Array = NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


class Genred(Reducer):
    __doc__ = Reducer.__doc__

    def __call__(
        self,
        *args: Array,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Sequence[Any] | None = None,
        out: Array | None = None,
    ) -> Any:
        """Compute the reduction.

        Args:
            args: one array a variable, all float32, all float64 or all float16 (computed in
                float32), or integers or truth values, which are taken as int32 beside 32 bits or
                fewer and as int64 beside float64: (M, D) for an i-variable, (N, D) for a
                j-variable, (D,) for a parameter.
            backend: `"auto"` and `"CPU"` compute on the CPU; nothing is copied to a GPU unasked.
                `"GPU"` copies the arrays to a GPU and the result back; so do KeOps' names
                `"GPU_1D"`, `"GPU_2D"`, `"GPU_1D_host"` and `"GPU_2D_host"`, as the kernel is chosen
                by the sizes.
            device_id: the number of the GPU to use; -1 is the first. No effect on the CPU.
            ranges: which pairs to take, for a block-sparse reduction: see the class.
            out: an array to write the result to: C-contiguous, of the result's shape and dtype.

        Returns:
            The array (M, D) or (N, D), in the dtype of the arguments, where D is the dimension of
            the formula, or of the weights where there are any. (M, K, D) for the K least, and (M,
            K) if D = 1. Indices and counts are int64, truth values bool; of values and indices
            together, a tuple.

        Raises:
            TypeError: if the number, kind or dtype of the arguments is wrong.
            ValueError: if a shape is wrong.
            CompileError: at the first call, if the kernel cannot be compiled.
            CudaError: if there is no NVIDIA driver, GPU or NVRTC, or a CUDA call fails.
            KeyboardInterrupt: when Ctrl-C is pressed, on the CPU.
        """
        try:  # without the cost of another call
            args = as_arrays(args)
            reduction = self._reduction
            pairs = None if ranges is None else ranges_of(ranges)
            if reduction.compiled:
                return _compute(reduction, args, out, backend, device_id, pairs)
            return _composed(reduction, args, out, backend, device_id, pairs)
        except Exception as error:
            raise shortened(error)  # noqa: B904


def _composed(reduction: Reduction, args: tuple[Any, ...], out: Array | None, *place: Any) -> Any:
    first, second, both = reduction.parts
    m = _compute(first, args, None, *place)
    s = _compute(second, (*args, *as_inputs(reduction.axis, [m])), None, *place)
    return _compute(both, (m, s), out, *place)


def _compute(
    reduction: Reduction,
    args: tuple[Any, ...],
    out: Array | None,
    backend: str,
    device_id: int,
    ranges: Ranges | None,
) -> Any:
    pairs = None if ranges is None else clusters(reduction, args, ranges)
    return reduction(_core.NUMPY, args, out, backend, device_id, pairs)
