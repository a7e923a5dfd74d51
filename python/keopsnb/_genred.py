"""The common part of the `Genred`s of all front ends."""

import functools
import os
from collections.abc import Sequence
from typing import Any

from keopsnb._boundary import boundary
from keopsnb._options import axis_number, check_options, header_text
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
        made_of = (
            formula, reduction_op, axis, opt_arg, formula2, dtype_acc, use_double_acc, sum_scheme,
            use_fast_math,
        )  # fmt: skip
        usual = (
            dtype is None
            and cuda_type is None
            and header is None
            and type(formula) is str
            and type(axis) is int
            and type(aliases) in (list, tuple)
        )
        if usual and _is_key((*made_of, *aliases)):
            self._reduction = _known(*made_of, *aliases)
        else:
            self._reduction = made(made_of, aliases, dtype, cuda_type, header)
        self._prepare()

    def _prepare(self) -> None:
        """Prepare the front end's part, once."""


def _is_key(made_of: tuple[object, ...]) -> bool:
    try:
        hash(made_of)
    except TypeError:
        return False
    return True


def made(
    made_of: tuple[Any, ...],
    aliases: Sequence[str],
    dtype: object = None,
    cuda_type: object = None,
    header: str | os.PathLike[str] | None = None,
) -> Reduction:
    """The reduction of a `Genred` with these arguments: `made_of` are all up to `use_fast_math`."""
    formula, reduction_op, axis, opt_arg, formula2, *sums, use_fast_math = made_of
    dtype_acc, use_double_acc, sum_scheme = sums
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
    return Reduction(
        formula,
        aliases,
        reduction_op,
        axis_number(axis),
        formula2,
        opt_arg,
        compensated,
        use_fast_math,
        header=header_text(header),
    )


# Each is made once: programs make a Genred where they call it. True is no 1 here, nor 2.0 a 2.
@functools.lru_cache(4096, typed=True)
def _known(*given: Any) -> Reduction:
    return made(given[:9], list(given[9:]))
