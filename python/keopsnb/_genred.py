"""The common part of the `Genred`s of all front ends."""

import functools
import os
import warnings
from collections.abc import Sequence
from typing import Any

from keopsnb import _core
from keopsnb._boundary import boundary
from keopsnb._options import header_text
from keopsnb._reduction import Reduction


class Reducer:
    """A reduction of a formula over one index.

    With rows `x_i`, columns `y_j` and parameters `p`, computes `a_i = Reduce_j F(p, x_i, y_j)`,
    such as a sum, a maximum or the K least terms, in memory proportional to its arguments and its
    result. `keopsnb.numpy.Genred` takes arrays, `keopsnb.torch.Genred` tensors.

    The argument `ranges` of a call says which pairs to take, for a block-sparse reduction: arrays
    of integers, `ranges_i` (C, 2), `slices_i` (C,), `redranges_j` (K, 2) for reductions over j,
    then the same with i and j exchanged. Rows i from `ranges_i[c, 0]` to `ranges_i[c, 1]`, left
    out, are reduced over the columns of the intervals `redranges_j[slices_i[c - 1]:slices_i[c]]`;
    rows in no cluster over none.

    Args:
        formula: `F`, a formula over the variables, such as `"Exp(-SqDist(x, y)) * b"`.
        aliases: the variables, in the order of the call's arguments: `"x = Vi(3)"` is indexed by i
            and has dimension 3, `"b = Vj(1)"` is indexed by j, `"p = Pm(2)"` by neither.
        reduction_op: `"Sum"`, `"LogSumExp"`, `"Max"`, `"ArgKMin"` ...: a row of the documentation
            of reductions, or a reduction of `header`.
        axis: the index reduced over. 1 is j, with a result indexed by i; 0 is i; (0, 1) is both,
            with a result of one row, for all but reductions that pick terms.
        dtype: no effect (deprecated).
        opt_arg: the K of `"KMin"` and its like, from 1 to 1024; the correction of `"Variance"`.
        formula2: for LogSumExp and SumSoftMaxWeight, the weights `G`, a formula.
        cuda_type: no effect (deprecated).
        dtype_acc: `"float64"` keeps sums of float32 terms to twice the precision; the default sums
            blocks of 128 terms in the type of the arguments, and the blocks without rounding error.
        use_double_acc: the same as `dtype_acc="float64"`.
        sum_scheme: `"kahan_scheme"` sums every term without rounding error; all others are the
            default. On a GPU blocks have at most 128 terms, and no scheme is finer.
        enable_chunks: no effect: kernels for long vectors are chosen by the formula.
        rec_multVar_highdim: no effect.
        use_fast_math: on GPUs, functions that are faster and less accurate (divisions, exponentials
            and logarithms err in the last digits; very small numbers count as 0). No effect on the
            CPU.

        header: C++ that defines operations and reductions of your own: its text, or the path of a
            file. See "Your own" in the documentation of reductions.

    Raises:
        FormulaError: if the formula or an alias cannot be understood, or dimensions do not fit.
        ValueError: if an option is not one that the reduction has.

    Example:
        >>> import numpy as np
        >>> from keopsnb.numpy import Genred
        >>> gaussian = Genred("Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"],
        ...                   axis=1)
        >>> gaussian(np.zeros((3, 2)), np.zeros((4, 2)), np.ones((4, 1)))
        array([[4.],
               [4.],
               [4.]])
    """

    @boundary
    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        reduction_op: str = "Sum",
        axis: int | tuple[int, int] = 0,
        dtype: object = None,
        opt_arg: int | None = None,
        formula2: str | None = None,
        cuda_type: object = None,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,  # noqa: ARG002
        rec_multVar_highdim: bool = False,  # noqa: ARG002
        use_fast_math: bool = False,
        header: str | os.PathLike[str] | None = None,
    ) -> None:
        for name, value in (("dtype", dtype), ("cuda_type", cuda_type)):
            if value is not None:
                warnings.warn(
                    f"{name} has no effect: the arguments of the call decide.",
                    DeprecationWarning,
                    stacklevel=3,
                )
        options = (
            reduction_op, axis, opt_arg, formula2, dtype_acc, use_double_acc, sum_scheme,
            use_fast_math, header_text(header),
        )  # fmt: skip
        try:
            listed = type(aliases) in (list, tuple)
            # Equal keys are equal arguments: True is no 1 here, nor 2.0 a 2.
            exact = type(axis) is not tuple or all(type(index) is int for index in axis)
            known = _known(formula, tuple(aliases), *options) if listed and exact else None
        except TypeError:
            known = None  # an argument cannot be hashed, or is wrong
        self._reduction = known or _core.reduction(formula, aliases, *options)
        self._prepare()

    def _prepare(self) -> None:
        """Prepare the front end's part, once."""

    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Sequence[Any] | None = None,
        out: Any = None,
    ) -> Any:
        """Compute the reduction.

        Of CUDA tensors it is enqueued on the current stream of their device, as torch's own
        operations are, and the call returns at once.

        Args:
            args: one array or tensor a variable, on one device, all float32, float64, float16 or
                torch's bfloat16 (the last two computed in float32), or integers or truth values,
                which are taken as int32 beside 32 bits or fewer and as int64 beside float64:
                (M, D) for an i-variable, (N, D) for a j-variable, (D,) for a parameter. Beside CUDA
                tensors a parameter of one number may be in host memory.
            backend: `"auto"` computes where the arguments are; unlike KeOps' it copies nothing to a
                GPU unasked. `"CPU"` and `"GPU"` ask for one or the other: with `"GPU"`, what is in
                host memory is copied to a GPU and the result back. Of KeOps' other names
                `"GPU_1D"` and `"GPU_2D"` are `"GPU"`, as the kernel is chosen by the sizes;
                `"GPU_1D_device"` and `"GPU_2D_device"` take CUDA tensors only, `"GPU_1D_host"` and
                `"GPU_2D_host"` arguments in host memory only. Gradients are computed likewise.
            device_id: the number of the GPU to copy to; -1 is the first. CUDA tensors stay where
                they are, and another number is an error.
            ranges: which pairs to take, for a block-sparse reduction, as tensors or arrays: see the
                class. Those of a GPU are read once, which waits for it, and again if they are
                changed in place.
            out: where to write the result, which is then what is returned: contiguous, of the
                result's shape, dtype and device, and with no memory of an argument's. Where an
                argument requires a gradient, `out` carries the graph as a tensor does that is
                written to in place: gradients flow through it, and not into what it held before.

        Returns:
            The array or tensor (M, D) or (N, D), in the dtype and on the device of the arguments,
            where D is the dimension of the formula, or of the weights where there are any. (M, K,
            D) for the K least, and (M, K) if D = 1. Indices and counts are int64, truth values
            bool; of values and indices together, a tuple.

        Raises:
            TypeError: if the number, kind, dtype or device of the arguments is wrong.
            ValueError: if a shape is wrong.
            CompileError: at the first call, if the kernel cannot be compiled.
            CudaError: if there is no NVIDIA driver, GPU or NVRTC, or a CUDA call fails.
            KeyboardInterrupt: when Ctrl-C is pressed, on the CPU.
        """
        raise NotImplementedError


# Each is made once: programs make a Genred where they call it.
@functools.lru_cache(4096, typed=True)
def _known(formula: str, aliases: tuple[str, ...], *options: Any) -> Reduction:
    return _core.reduction(formula, list(aliases), *options)
