"""`pykeops.torch.utils`: dense kernels to compare with, and torch under names NumPy has too."""

from typing import Any

import torch
from torch import Tensor

from keopsnb.torch import Genred, KernelSolve, cluster

_KERNELS = {
    "gaussian": lambda u: (-u).exp(),
    "laplacian": lambda u: (-u.sqrt()).exp(),
    "cauchy": lambda u: 1 / (1 + u),
    "inverse_multiquadric": lambda u: (1 + u).rsqrt(),
}


def is_on_device(x: Tensor) -> bool:
    """Whether a tensor is on a GPU."""
    return bool(x.is_cuda)


def squared_distances(x: Tensor, y: Tensor) -> Tensor:
    """|x_i - y_j|^2, (M, N), of points (M, D) and (N, D)."""
    return ((x[:, None, :] - y[None, :, :]) ** 2).sum(-1)


def torch_kernel(x: Tensor, y: Tensor, s: float, kernel: str) -> Tensor:
    """The matrix (M, N) of a kernel of scale s, as `keopsnb.numpy.utils.np_kernel`.

    Raises:
        ValueError: if there is no such kernel.
    """
    if kernel not in _KERNELS:
        raise ValueError(f"kernel is {kernel!r}; write one of {', '.join(map(repr, _KERNELS))}.")
    matrix: Tensor = _KERNELS[kernel](squared_distances(x, y) / s**2)
    return matrix


def torchsolve(A: Tensor, B: Tensor) -> Tensor:
    """The solution X of A X = B."""
    solution: Tensor = torch.linalg.solve(A, B)
    return solution


def _dtype(dtype: Any) -> torch.dtype:
    named = getattr(torch, dtype) if isinstance(dtype, str) else dtype
    assert isinstance(named, torch.dtype)
    return named


class torchtools:
    """torch's functions under the names that `numpytools` has too."""

    Genred = Genred
    KernelSolve = KernelSolve
    arraytype = torch.Tensor
    float_types = (float,)

    norm = staticmethod(torch.norm)
    exp, log, eq = staticmethod(torch.exp), staticmethod(torch.log), staticmethod(torch.eq)
    copy = staticmethod(torch.clone)
    swap_axes = staticmethod(cluster.swap_axes)
    solve = staticmethod(lambda A, b: torchsolve(A, b).contiguous())
    arraysum = staticmethod(lambda x, axis=None: x.sum() if axis is None else x.sum(axis))
    tile = staticmethod(lambda x, *args: x.repeat(*args))
    contiguous = staticmethod(lambda x: x.contiguous())
    transpose = staticmethod(lambda x: x.t())
    permute = staticmethod(lambda x, *args: x.permute(*args))
    numpy = staticmethod(lambda x: x.detach().cpu().numpy())
    size = staticmethod(lambda x: x.numel())
    view = staticmethod(lambda x, s: x.view(s))
    long = staticmethod(lambda x: x.long())
    dtype = staticmethod(lambda x: getattr(x, "dtype", type(x)))
    dtypename = staticmethod(lambda dtype: str(dtype).removeprefix("torch."))
    is_tensor = staticmethod(lambda x: isinstance(x, Tensor))
    detect_complex = staticmethod(
        lambda x: (
            any(isinstance(v, complex) for v in x)
            if isinstance(x, list)
            else isinstance(x, complex) or (isinstance(x, Tensor) and x.is_complex())
        )
    )
    view_as_complex = staticmethod(lambda x: torch.view_as_complex(x.unflatten(-1, (-1, 2))))
    view_as_real = staticmethod(lambda x: torch.view_as_real(x).flatten(-2))
    rand = staticmethod(lambda m, n, dtype, device: torch.rand(m, n, dtype=dtype, device=device))
    randn = staticmethod(lambda m, n, dtype, device: torch.randn(m, n, dtype=dtype, device=device))
    zeros = staticmethod(
        lambda shape, dtype, device, requires_grad=False: torch.zeros(
            *shape, dtype=dtype, device=device, requires_grad=requires_grad
        )
    )
    empty = staticmethod(
        lambda shape, dtype, device, requires_grad=False: torch.empty(
            *shape, dtype=dtype, device=device, requires_grad=requires_grad
        )
    )
    eye = staticmethod(lambda n, dtype, device: torch.eye(n, dtype=dtype, device=device))
    array = staticmethod(
        lambda x, dtype, device: torch.tensor(x, dtype=_dtype(dtype), device=device)
    )
    device = staticmethod(lambda x: getattr(x, "device", None))
    device_type_index = staticmethod(
        lambda x: (x.device.type, x.device.index) if isinstance(x, Tensor) else (None, None)
    )
    get_pointer = staticmethod(lambda x: x.data_ptr())
    pointer = staticmethod(lambda x: x.data_ptr())
