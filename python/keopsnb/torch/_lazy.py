"""Symbolic matrices of torch tensors."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch

from keopsnb._boundary import shortened
from keopsnb._lazy.complexes import ComplexMatrix
from keopsnb._lazy.deferred import Planned, known_plan, layout_of, quick_plan
from keopsnb._lazy.functions import functions, operators, reductions
from keopsnb._lazy.making import indexed
from keopsnb._lazy.matrix import Matrix
from keopsnb._lazy.solving import Solved, known_solver
from keopsnb._lazy.variables import constant_in_graphs
from keopsnb._options import PM, VI, VJ
from keopsnb.torch import _graph
from keopsnb.torch._autograd import reduce
from keopsnb.torch._complex import as_complex, parts
from keopsnb.torch._context import NARROW_DTYPES, autocasts, is_ordinary
from keopsnb.torch._genred import Genred
from keopsnb.torch._operator import ANYWHERE

if TYPE_CHECKING:
    from typing_extensions import Self


class _Arrays:
    """Torch, as a symbolic matrix needs it."""

    noun = "a torch tensor"
    arguments = staticmethod(_graph.arguments)
    merge = staticmethod(_graph.merge)

    @staticmethod
    def is_plain(x: Any) -> bool:
        """Whether x is a tensor, and nothing else."""
        return type(x) is torch.Tensor and not _graph.is_read()

    @staticmethod
    def is_array(x: Any) -> bool:
        return isinstance(x, torch.Tensor)

    @staticmethod
    def as_array(x: Any) -> Any:
        if torch.compiler.is_compiling():
            _graph.tell_products_apart()
        return x

    @staticmethod
    def alike(data: Sequence[Any], numbers: Sequence[bool]) -> tuple[list[Any], Any]:
        """The arguments, with Python's numbers in the dtype and on the device of the others.

        16 bits are types of memory: a number is none, so that all are float32 beside one. Also the
        dtype of results, None if it is that of the arguments.
        """
        dtype, device, found = torch.get_default_dtype(), None, False
        for x, number in zip(data, numbers, strict=True):
            if not number and not found:
                device, found = x.device, x.is_floating_point()
                dtype = x.dtype if found else dtype
        narrow = dtype if dtype in NARROW_DTYPES else None
        if narrow:
            dtype = torch.float32
        made = [
            _vector(x, dtype, device)
            if number
            else x.float()
            if narrow and x.dtype in NARROW_DTYPES
            else x
            for x, number in zip(data, numbers, strict=True)
        ]
        return made, None if narrow is None or autocasts(device) else narrow

    @staticmethod
    def narrowed(x: Any, dtype: Any) -> Any:
        """Numbers in a dtype; indices and truth values as they are."""
        return x.to(dtype) if x.is_floating_point() else x

    @staticmethod
    def again(op: str, x: Any) -> Any:
        """Max or Min over i of what one over j gives: (..., M, D) to (..., D)."""
        if x.shape[-2] == 0:
            of_none = -torch.inf if op == "Max" else torch.inf
            return x.new_full((*x.shape[:-2], x.shape[-1]), of_none)
        return x.max(-2).values if op == "Max" else x.min(-2).values

    @staticmethod
    def rows(x: Any, key: Any) -> Any:
        if isinstance(key, slice) and key.step is not None and key.step < 0:
            key = torch.arange(*key.indices(x.shape[-2]), device=x.device)
        return x[..., key, :]

    @staticmethod
    def ones(device: Any) -> Any:
        return torch.ones((1, 1), dtype=torch.int32, device=device)

    @staticmethod
    def broadcast(x: Any, shape: tuple[int, ...]) -> Any:
        return x.expand(shape)

    @staticmethod
    def is_complex(x: Any) -> bool:
        return bool(x.is_complex())

    @staticmethod
    def plain_number(x: Any, dtype: Any) -> Any:
        """A tensor of no dimension as a number, or of this dtype: torch's rule for such tensors."""
        if not isinstance(x, torch.Tensor) or x.ndim > 0:
            return x
        if _is_number(x):
            return x.item()
        return x if dtype is None or x.is_complex() else x.to(dtype)

    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)


_REDUCTIONS = reductions("torch")
# Of the last, no one operation is a row; among them are Dynamo's names, for matrix / tensor and the
# like.
_FUNCTIONS = (
    operators()
    | functions("torch")
    | {
        "gt": "__gt__",
        "ge": "__ge__",
        "ceil": "ceil",
        "rsub": "__rsub__",
        "rdiv": "__rtruediv__",
        "rtruediv": "__rtruediv__",
        "rpow": "__rpow__",
        "rfloordiv": "__rfloordiv__",
        "rmod": "__rmod__",
    }
)
# Called by torch for tensor * matrix: the tensor's own operators and their reflections.
_FUNCTIONS |= {f"__{k}__": v for k, v in _FUNCTIONS.items() if v.startswith("__")}


def _vector(numbers: tuple[float, ...], dtype: Any, device: Any) -> torch.Tensor:
    if device is None or device.type == "cpu":
        return torch.tensor(numbers, dtype=dtype, device=device)
    # A copy would wait for the device, and be no part of a CUDA graph.
    each = [torch.full((1,), number, dtype=dtype, device=device) for number in numbers]
    return each[0] if len(each) == 1 else torch.cat(each)


def _is_numpy(x: Any) -> bool:
    return type(x).__module__ == "numpy" and type(x).__name__ == "ndarray"


def _product(left: Any, right: Any) -> Any:
    if isinstance(left, Matrix):
        return left.__matmul__(right)
    if torch.compiler.is_compiling():
        _graph.check_told_apart()
    return right.__rmatmul__(left)


def _called(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    name = _FUNCTIONS.get(func.__name__)
    like = next((a for a in args if isinstance(a, Matrix)), None)
    if func.__name__ in ("matmul", "__matmul__", "mv", "mm") and not kwargs:
        return _product(*args)
    if func.__name__ == "__rmatmul__" and not kwargs:  # Dynamo's, for K @ v
        return _product(args[1], args[0])
    if func.__name__ in _REDUCTIONS and args and like is args[0]:
        return getattr(like, _REDUCTIONS[func.__name__])(*args[1:], **kwargs)
    if name is None or kwargs or like is None:
        return NotImplemented
    first, *others = (like.lift(a) for a in args)
    return getattr(first, name)(*others)


def _is_number(x: torch.Tensor) -> bool:
    """Whether a tensor of no dimension is no more than a number, which is here to be read."""
    if torch.compiler.is_compiling() or not is_ordinary((x,)):
        return False
    return x.device.type == "cpu" and not x.requires_grad


@constant_in_graphs
def _key(*of_plan: Any) -> str:
    """The key of the reduction that a plan calls."""
    key: str = known_plan(Genred, *of_plan)[0]._key  # type: ignore[attr-defined]
    return key


def _planned(*of_plan: Any) -> Planned:
    if not torch.compiler.is_compiling():
        return known_plan(Genred, *of_plan)
    forms, places, *_ = of_plan
    key = _key(*of_plan)
    return lambda *args, **place: _graph.call(key, args, **place), layout_of(forms, places)


def _solver(*of_system: Any) -> Solved:
    from keopsnb.torch._solve import KernelSolve

    return known_solver(KernelSolve, *of_system)


@constant_in_graphs
def _key_of_solver(*of_system: Any) -> Solved:
    found = _solver(*of_system)
    return found._replace(call=found.call._key)


def _solved(*of_system: Any) -> Solved:
    if not torch.compiler.is_compiling():
        return _solver(*of_system)
    from keopsnb.torch._solve import solve_in_graph

    key, order, symbolic = _key_of_solver(*of_system)
    return Solved(lambda *args, **given: solve_in_graph(key, *args, **given), order, symbolic)


def _bound(genred: Genred) -> Any:
    return functools.partial(reduce, genred._reduction, out=None, place=ANYWHERE)


_make = Matrix.make  # of `_core`


class LazyTensor(Matrix):
    """A matrix (..., M, N) of vectors, given by a formula of torch tensors and never stored.

    Operators, functions and broadcasting are those of tensors; reducing over i or j computes, with
    autograd to any order.

    Args:
        x: a tensor (..., M, D), or (M,), with `axis`; (..., M, 1, D) for rows i, (..., 1, N, D)
            for columns j, (D,) or (..., 1, 1, D) for a parameter; a number or a list of numbers;
            or (position, dimension, category) for a symbolic variable, whose value a call gives.
        axis: of a tensor (..., M, D), or (M,) of numbers: 0 for rows i, 1 for columns j.

    Raises:
        TypeError: if x is something else.
        ValueError: if its shape and axis do not fit.

    Example:
        >>> import torch
        >>> from keopsnb.torch import Vi, Vj
        >>> x, y = torch.zeros(3, 2), torch.ones(4, 2)
        >>> K = (-((Vi(x) - Vj(y)) ** 2).sum()).exp()  # (3, 4), never stored
        >>> K @ torch.ones(4)
        tensor([0.5413, 0.5413, 0.5413])
    """

    planned = staticmethod(_planned)
    quick = staticmethod(quick_plan(Genred, _bound))
    solved = staticmethod(_solved)
    arrays = _Arrays

    @classmethod
    def __torch_function__(
        cls, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        """Torch's functions and operators on symbolic matrices: torch.exp(K), tensor * K."""
        try:
            return _called(func, args, kwargs or {})
        except Exception as error:
            raise shortened(error)  # noqa: B904

    def make(self, operation: str, *others: Any, **parameters: Any) -> Self:
        """An operation of this matrix and others."""
        if _graph.is_read():
            return self._make(operation, *others, **parameters)
        return _make(self, operation, *others, **parameters)

    @property
    def _at_once(self) -> bool:
        return not _graph.is_read() and super()._at_once

    def _product(self, v: Any, options: dict[str, Any]) -> Any:
        """An array of NumPy, as SciPy's solvers have, gives one."""
        if _is_numpy(v):
            return super()._product(self._tensor(v), options).cpu().numpy()
        return super()._product(v, options)

    def __rmatmul__(self, v: Any) -> Any:
        """The product of a tensor v with this matrix; an array of NumPy gives one."""
        if _is_numpy(v):
            return super().__rmatmul__(self._tensor(v)).cpu().numpy()
        return super().__rmatmul__(v)

    def _tensor(self, v: Any) -> torch.Tensor:
        tensor = torch.as_tensor(v, device=self.device)
        dtype = self.args.dtype
        return tensor.to(tensor.dtype if dtype is None or tensor.is_complex() else dtype)


class ComplexLazyTensor(ComplexMatrix, LazyTensor):
    """A matrix (..., M, N) of vectors of complex numbers, given by a formula and never stored.

    Made of complex arguments, of real ones and `is_complex=True` (real and imaginary parts in
    turn), or by operations such as `real2complex` and `exp1j`. Sums over i or j are complex.
    """

    real_kind = LazyTensor


LazyTensor.complex_kind = ComplexLazyTensor


def Vi(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of a tensor (..., M, D), or numbers (M,), indexed by i.

    Or a symbolic variable Vi(position, dimension).
    """
    return indexed(LazyTensor, x_or_ind, dim, VI)


def Vj(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """The rows of a tensor (..., N, D), or numbers (N,), indexed by j.

    Or a symbolic variable Vj(position, dimension).
    """
    return indexed(LazyTensor, x_or_ind, dim, VJ)


def Pm(x_or_ind: Any, dim: int | None = None) -> LazyTensor:
    """A parameter: a vector (D,) or a number; or a symbolic variable Pm(position, dimension)."""
    return indexed(LazyTensor, x_or_ind, dim, PM)
