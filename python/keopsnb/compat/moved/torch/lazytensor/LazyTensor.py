"""`pykeops.torch.lazytensor.LazyTensor`."""

from typing import Any

from keopsnb.compat.moved.common.lazy_tensor import (
    ComplexGenericLazyTensor as ComplexGenericLazyTensor,
)
from keopsnb.compat.moved.common.lazy_tensor import GenericLazyTensor as GenericLazyTensor
from keopsnb.torch import ComplexLazyTensor as ComplexLazyTensor
from keopsnb.torch import LazyTensor as LazyTensor
from keopsnb.torch import Pm as Pm
from keopsnb.torch import Vi as Vi
from keopsnb.torch import Vj as Vj


def Var(x_or_ind: Any, dim: int | None = None, cat: int | None = None) -> LazyTensor:
    """A variable of the category `cat`: 0 is `Vi`, 1 is `Vj`, 2 is `Pm`.

    Raises:
        ValueError: if the category is none of them.
    """
    if cat not in (0, 1, 2):
        raise ValueError(f"cat is {cat!r}; write 0 for i, 1 for j, or 2 for a parameter.")
    return (Vi, Vj, Pm)[cat](x_or_ind, dim)
