"""Generic reductions of torch tensors."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._boundary import shortened
from keopsnb._genred import Reducer
from keopsnb._reduction import key_of
from keopsnb.torch import _graph
from keopsnb.torch._autograd import reduce
from keopsnb.torch._operator import place_of


class Genred(Reducer):
    __doc__ = Reducer.__doc__

    def _prepare(self) -> None:
        self._key = key_of(self._reduction)

    def __call__(
        self,
        *args: Tensor,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Sequence[Any] | None = None,
        out: Tensor | None = None,
    ) -> Any:
        """Compute the reduction.

        On a GPU it is enqueued on the current stream of the tensors' device, as torch's own
        operations are, and the call returns at once.

        Args:
            args: one tensor a variable, all on one device, all float32, float64, float16 or
                bfloat16 (the last two computed in float32), or integers or truth values, which are
                taken as int32 beside 32 bits or fewer and as int64 beside float64: (M, D) for an
                i-variable, (N, D) for a j-variable, (D,) for a parameter. Beside CUDA tensors a
                parameter of one number may be in host memory.
            backend: `"auto"` computes where the tensors are; unlike KeOps' it copies nothing to a
                GPU unasked. `"CPU"` and `"GPU"` ask for one or the other: with `"GPU"`, tensors
                in host memory are copied to a GPU and the result back. Of KeOps' other names
                `"GPU_1D"` and `"GPU_2D"` are `"GPU"`, as the kernel is chosen by the sizes;
                `"GPU_1D_device"` and `"GPU_2D_device"` take CUDA tensors only, `"GPU_1D_host"` and
                `"GPU_2D_host"` tensors in host memory only. Gradients are computed likewise.
            device_id: the number of the GPU to copy to; -1 is the first. CUDA tensors stay where
                they are, and another number is an error.
            ranges: which pairs to take, for a block-sparse reduction, as tensors or arrays: see the
                class. Those of a GPU are read once, which waits for it, and again if they are
                changed in place.
            out: a tensor to write the result to, which is then what is returned: contiguous, of the
                result's shape, dtype and device, and with no memory of an argument's. Where an
                argument requires a gradient, `out` carries the graph as a tensor does that is
                written to in place: gradients flow through it, and not into what it held before.

        Returns:
            The tensor (M, D) or (N, D), in the dtype and on the device of the arguments, where D
            is the dimension of the formula, or of the weights where there are any. (M, K, D) for
            the K least, and (M, K) if D = 1. Indices and counts are int64, truth values bool; of
            values and indices together, a tuple.

        Raises:
            TypeError: if the number, kind, dtype or device of the arguments is wrong.
            ValueError: if a shape is wrong.
            CompileError: at the first call, if the kernel cannot be compiled.
            CudaError: if there is no NVIDIA driver, GPU or NVRTC, or a CUDA call fails.
            KeyboardInterrupt: when Ctrl-C is pressed, on the CPU.
        """
        if torch.compiler.is_compiling():
            return _graph.call(self._key, args, backend, device_id, ranges, out)
        try:  # without the cost of another call
            return reduce(self._reduction, args, out, place_of(args, backend, device_id, ranges))
        except Exception as error:
            raise shortened(error)  # noqa: B904
