"""Generic reductions of NumPy arrays."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb._boundary import boundary, shortened
from keopsnb._gradients import Options, Reduction
from keopsnb._options import axis_number, check_options, header_text
from keopsnb._ranges import Ranges, ranges_of
from keopsnb.numpy._arrays import as_arrays

Array = NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


class Genred:
    """A reduction of a formula over one index, for NumPy arrays.

    With rows `x_i`, columns `y_j` and parameters `p`, computes `a_i = Reduce_j F(p, x_i, y_j)`,
    such as a sum, a maximum or the K least terms, in memory proportional to its arguments and its
    result.

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
            file. See "Your own operations" in the documentation of formulas.

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
        compensated = check_options(
            formula,
            aliases,
            reduction_op,
            axis,
            formula2=formula2,
            dtype=dtype,
            opt_arg=opt_arg,
            cuda_type=cuda_type,
            dtype_acc=dtype_acc,
            use_double_acc=use_double_acc,
            sum_scheme=sum_scheme,
        )
        self._reduction = Reduction(
            formula,
            aliases,
            reduction_op,
            axis_number(axis),
            formula2,
            opt_arg,
            Options(compensated, use_fast_math, header=header_text(header)),
        )

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
            ranges: which pairs to take, for a block-sparse reduction: six arrays of integers,
                `ranges_i` (C, 2), `slices_i` (C,), `redranges_j` (K, 2) for reductions over j, then
                the same with i and j exchanged. Rows i from `ranges_i[c, 0]` to `ranges_i[c, 1]`,
                left out, are reduced over the columns of the intervals
                `redranges_j[slices_i[c - 1]:slices_i[c]]`; rows in no cluster over none.
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
    _, last = reduction.composition()

    def run(part: Reduction, its: tuple[Any, ...]) -> Any:
        return _compute(part, its, out if part is last else None, *place)

    return reduction.composed(args, run)


def _compute(
    reduction: Reduction,
    args: tuple[Any, ...],
    out: Array | None,
    backend: str,
    device_id: int,
    ranges: Ranges | None,
) -> Any:
    clusters = None if ranges is None else reduction.clusters(args, ranges)
    return reduction.routine.call_numpy(args, out, backend, device_id, clusters)
