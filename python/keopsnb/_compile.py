"""Kernels made ahead of time, for machines that are not this one."""

from collections.abc import Sequence
from typing import Any

from keopsnb._boundary import boundary
from keopsnb._dtypes import COMPUTED
from keopsnb._genred import Reducer


def _gradients_needed(
    variables: Sequence[tuple[str, int, int]], gradients: Sequence[str]
) -> tuple[bool, ...]:
    if isinstance(gradients, str):
        raise TypeError(f"gradients is {gradients!r}; write a list of names, as [{gradients!r}].")
    names = [name for name, _, _ in variables]
    for name in gradients:
        if name not in names:
            raise ValueError(
                f"gradients names {name!r}, and the variables are {', '.join(map(repr, names))}."
            )
    return tuple(name in gradients for name in names)


@boundary
def compile(  # noqa: A001  (keopsnb.compile)
    formula: str,
    aliases: Sequence[str],
    reduction_op: str = "Sum",
    axis: int = 0,
    *,
    dtype: str = "float32",
    target: str = "native",
    folder: str | None = None,
    gradients: Sequence[str] = (),
    **options: Any,
) -> list[str]:
    """Compile the kernels of a reduction into a folder, for another machine or a later day.

    The machine that runs them needs no compiler: neither NVRTC for a GPU's nor a C++ compiler for a
    CPU's. It finds them when the environment variable KEOPSNB_KERNEL_PATH names the folder (or
    several, with colons between) and a `Genred` has the same formula and options; aliases may have
    other names there. A GPU's kernels need no GPU here, but NVRTC: `pip install keopsnb[cuda13]`.

    Args:
        formula: as for `Genred`.
        aliases: as for `Genred`.
        reduction_op: as for `Genred`.
        axis: as for `Genred`.
        dtype: the type of the arguments that are numbers: `"float32"`, `"float64"`, `"float16"` or
            `"bfloat16"`.
        target: `"native"` (or `"cpu"`), this machine's CPU; `"x86-64-v2"`, `"x86-64-v3"` or
            `"x86-64-v4"`, all CPUs of that level; `"sm_90"`, the GPUs of compute capability 9.0 and
            later ones of 9; `"compute_80"`, all GPUs from compute capability 8.0 on, whose driver
            then finishes the compilation at each start.
        folder: where to put the kernels; `keopsnb-kernels` in the current folder by default.
            Others must not be able to write to it.
        gradients: names of the variables whose gradients, taken together, torch will ask for.
        options: any other of `Genred`.

    Returns:
        The paths of the kernels: that of the reduction first, then those of its gradients.

    Raises:
        FormulaError: if the formula or an alias cannot be understood, or dimensions do not fit.
        TypeError: if `dtype` is not computed on such a target.
        ValueError: if an option is not one that there is.
        CompileError: if the compiler is missing or refuses a kernel.
        CudaError: if NVRTC is missing or does not know the target.
        CacheError: if the folder cannot be written to.

    Example:
        >>> import keopsnb
        >>> paths = keopsnb.compile("Exp(-SqDist(x, y))", ["x = Vi(3)", "y = Vj(3)"], axis=1,
        ...                         target="x86-64-v3", gradients=["x"])  # doctest: +SKIP
    """
    reduction = Reducer(formula, aliases, reduction_op, axis, **options)._reduction
    needed = _gradients_needed(reduction.variables, gradients)
    place = "keopsnb-kernels" if folder is None else folder
    # Derivatives of other reductions than sums read wide numbers (torch/_autograd.py).
    wide = dtype if reduction_op == "Sum" else COMPUTED.get(dtype, dtype)
    kernels = [(kernel, wide) for kernel in reduction.kernels(needed)]
    if reduction.compiled:
        if any(needed) and wide != dtype:
            kernels.insert(0, (reduction, wide))
        kernels.insert(0, (reduction, dtype))
    return [kernel.build(type_, target, place) for kernel, type_ in kernels]
