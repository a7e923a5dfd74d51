"""`pykeops.numpy.utils`: dense kernels to compare with, and NumPy under names torch has too."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb.numpy import Genred, KernelSolve, cluster

Array = NDArray[Any]
Profile = Callable[[Array], Array]

# Kernels as functions k of u = |x - y|^2 / s^2: log k, and k'.
_KERNELS: dict[str, tuple[Profile, Profile]] = {
    "gaussian": (lambda u: -u, lambda u: -np.exp(-u)),
    "laplacian": (lambda u: -np.sqrt(u), lambda u: -np.exp(-np.sqrt(u)) / (2 * np.sqrt(u))),
    "cauchy": (lambda u: -np.log1p(u), lambda u: -((1 + u) ** -2.0)),
    "inverse_multiquadric": (lambda u: -np.log1p(u) / 2, lambda u: -((1 + u) ** -1.5) / 2),
}


def _one_of(kernel: str, names: Any) -> str:
    if kernel not in names:
        raise ValueError(f"kernel is {kernel!r}; write one of {', '.join(map(repr, names))}.")
    return kernel


def differences(x: Array, y: Array) -> Array:
    """x_i - y_j, (D, M, N), of points (M, D) and (N, D)."""
    return np.asarray(x.T[:, :, None] - y.T[:, None, :])


def squared_distances(x: Array, y: Array) -> Array:
    """|x_i - y_j|^2, (M, N), of points (M, D) and (N, D)."""
    return np.asarray(sum(d * d for d in differences(x, y)))


def log_np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """The logarithm of `np_kernel`."""
    return _KERNELS[_one_of(kernel, _KERNELS)][0](squared_distances(x, y) / s**2)


def np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """The matrix (M, N) of a kernel of scale s, of points (M, D) and (N, D).

    Args:
        x: (M, D).
        y: (N, D).
        s: the scale.
        kernel: `"gaussian"`, exp(-r^2); `"laplacian"`, exp(-r); `"cauchy"`, 1 / (1 + r^2); or
            `"inverse_multiquadric"`, (1 + r^2)^(-1/2); with r = |x - y| / s.

    Raises:
        ValueError: if the kernel is none of them.
    """
    return np.asarray(np.exp(log_np_kernel(x, y, s, kernel)))


def grad_np_kernel(x: Array, y: Array, s: float, kernel: str) -> Array:
    """The derivative of `np_kernel` in the squared distance, (M, N)."""
    return _KERNELS[_one_of(kernel, _KERNELS)][1](squared_distances(x, y) / s**2) / s**2


def np_kernel_sphere(nalpha: Array, nbeta: Array, s: float, kernel: str) -> Array:
    """The matrix (M, N) of a kernel on unit vectors (M, D) and (N, D).

    Args:
        nalpha: (M, D).
        nbeta: (N, D).
        s: the scale, of the Gaussian ones.
        kernel: `"linear"`, c = <a, b>; `"binet"`, c^2; `"gaussian_oriented"`, exp(2 (c - 1) / s^2);
            or `"gaussian_unoriented"`, exp(2 (c^2 - 1) / s^2).

    Raises:
        ValueError: if the kernel is none of them.
    """
    c = nalpha @ nbeta.T
    kernels: dict[str, Callable[[], Any]] = {
        "linear": lambda: c,
        "binet": lambda: c**2,
        "gaussian_oriented": lambda: np.exp(2 * (c - 1) / s**2),
        "gaussian_unoriented": lambda: np.exp(2 * (c**2 - 1) / s**2),
    }
    return np.asarray(kernels[_one_of(kernel, kernels)]())


def chain_rules(q: Array, ax: Array, by: Array, Aa: Array, p: Array) -> Array:
    """sum_j 2 (a_i - b_j) A_ij <q_i, p_j>, (M, D): the gradient of <q, k(|a - b|^2) p> in a.

    Args:
        q: (M, E).
        ax: (M, D).
        by: (N, D).
        Aa: (M, N), k' of the squared distances.
        p: (N, E).
    """
    weights = Aa * (q @ p.T)
    return np.asarray(2 * (weights.sum(1)[:, None] * ax - weights @ by))


def log_sum_exp(mat: Array, axis: int = 0) -> Array:
    """Log sum exp along an axis, where no exponential overflows."""
    top = mat.max(axis, keepdims=True)
    return np.asarray(top.squeeze(axis) + np.log(np.exp(mat - top).sum(axis)))


def WarmUpGpu() -> None:
    """No effect: a first call costs what it costs, and later ones nothing."""


class numpytools:
    """NumPy's functions under the names that `torchtools` has too."""

    Genred = Genred
    KernelSolve = KernelSolve
    arraytype = np.ndarray
    float_types = (float, np.float16, np.float32, np.float64)

    norm = staticmethod(np.linalg.norm)
    solve = staticmethod(np.linalg.solve)
    arraysum = staticmethod(np.sum)
    exp, log, eq = np.exp, np.log, np.equal
    tile, copy = staticmethod(np.tile), staticmethod(np.copy)
    contiguous = staticmethod(np.ascontiguousarray)
    swap_axes = staticmethod(cluster.swap_axes)
    empty = staticmethod(
        lambda shape, dtype, device=None, requires_grad=None: np.empty(shape, dtype)
    )
    zeros = staticmethod(
        lambda shape, dtype, device=None, requires_grad=None: np.zeros(shape, dtype)
    )
    array = staticmethod(lambda x, dtype, device=None: np.array(x, dtype))
    eye = staticmethod(lambda n, dtype: np.eye(n, dtype=dtype))
    rand = staticmethod(lambda m, n, dtype: np.random.default_rng().random((m, n)).astype(dtype))
    randn = staticmethod(
        lambda m, n, dtype: np.random.default_rng().standard_normal((m, n)).astype(dtype)
    )
    is_tensor = staticmethod(lambda x: isinstance(x, np.ndarray))
    transpose = staticmethod(lambda x: x.T)
    permute = staticmethod(lambda x, *args: x.transpose(*args))
    numpy = staticmethod(lambda x: x)
    size = staticmethod(lambda x: x.size)
    view = staticmethod(lambda x, s: x.reshape(s))
    long = staticmethod(lambda x: x.astype(np.int64))
    dtype = staticmethod(lambda x: x.dtype)
    dtypename = staticmethod(lambda dtype: np.dtype(dtype).name)
    detect_complex = staticmethod(
        lambda x: any(map(np.iscomplexobj, x)) if isinstance(x, list) else np.iscomplexobj(x)
    )
    view_as_complex = staticmethod(lambda x: x.view(np.result_type(x.dtype, np.complex64)))
    view_as_real = staticmethod(lambda x: x.view(x.real.dtype))
    get_pointer = staticmethod(lambda x: x.__array_interface__["data"][0])
    device = staticmethod(lambda x: "cpu")
    device_type_index = staticmethod(lambda x: ("cpu", None))
    device_dict = staticmethod(lambda x: {"cat": "cpu"})
