"""Arrays of other libraries as NumPy arrays, without a copy where their memory can be read."""

from typing import Any

import numpy as np

_PROTOCOLS = ("__array_interface__", "__array__", "__dlpack__")


def is_foreign(x: Any) -> bool:
    """Whether x is an array of another library: by DLPack, or NumPy's array protocols."""
    return not isinstance(x, np.ndarray | np.generic | type) and any(
        hasattr(x, name) for name in _PROTOCOLS
    )


def as_array(x: Any, name: str = "An operand") -> Any:
    """A NumPy array that shows x.

    Raises:
        TypeError: if x is on a GPU, or its library does not give it away.
    """
    if not is_foreign(x):
        return x
    kind = f"{type(x).__module__}.{type(x).__qualname__}"
    device = getattr(x, "__dlpack_device__", None)
    place = device()[0] if callable(device) else 1
    if place not in (1, 3, 11, 13):  # DLPack's CPU, and memory of CUDA or ROCm that the CPU shares
        raise TypeError(
            f"{name} is a {kind} that is not in host memory; copy it to the host first, by its "
            "library's .cpu(), .get() or alike."
        )
    try:
        if any(hasattr(x, protocol) for protocol in _PROTOCOLS[:2]):
            return np.asarray(x)
        return np.from_dlpack(x)
    except (TypeError, ValueError, RuntimeError, BufferError) as error:
        raise TypeError(
            f"{name} is a {kind}, which gives no NumPy array ({error}); write numpy.asarray(...) "
            "of what it holds."
        ) from error


def as_arrays(args: tuple[Any, ...]) -> tuple[Any, ...]:
    """The arguments of a reduction, those of other libraries as NumPy arrays."""
    for x in args:
        if type(x) is not np.ndarray and is_foreign(x):
            return tuple(as_array(a, f"argument {n}") for n, a in enumerate(args, 1))
    return args


def parts(x: Any) -> Any:
    """Real and imaginary parts in turn, of complex numbers (..., D): (..., 2 D)."""
    return np.ascontiguousarray(x).view(x.real.dtype)


def as_complex(x: Any) -> Any:
    """The complex numbers (..., D) with these parts in turn (..., 2 D)."""
    return np.ascontiguousarray(x).view(np.result_type(x.dtype, np.complex64))
