"""`pykeops.common.lazy_tensor`: the bases of the LazyTensors of all front ends."""

from typing import Any

from keopsnb._lazy.complexes import ComplexMatrix
from keopsnb._lazy.matrix import Matrix

GenericLazyTensor = Matrix
ComplexGenericLazyTensor = ComplexMatrix


def same_or_one_test(*dims: int) -> bool:
    """Whether these dimensions broadcast: all that are not 1 are the same."""
    return len(set(dims) - {1}) <= 1


def is_scalar_and_equals(x: Any, val: float) -> bool:
    """Whether x is a number, and that one."""
    return isinstance(x, int | float) and x == val


def is_complex_lazytensor(x: Any) -> bool:
    """Whether x is a symbolic matrix of complex numbers."""
    return isinstance(x, ComplexMatrix)
