"""Generic reductions of torch tensors."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._boundary import shortened
from keopsnb._genred import Reducer
from keopsnb._reduction import key_of
from keopsnb.torch import _graph
from keopsnb.torch._autograd import reduce
from keopsnb.torch._operator import place_of


class Genred(Reducer):
    __doc__ = Reducer.__doc__

    def _prepare(self) -> None:
        self._key = key_of(self._reduction)

    def __call__(
        self,
        *args: Tensor,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Sequence[Any] | None = None,
        out: Tensor | None = None,
    ) -> Any:
        if torch.compiler.is_compiling():
            return _graph.call(self._key, args, backend, device_id, ranges, out)
        try:  # without the cost of another call
            return reduce(self._reduction, args, out, place_of(args, backend, device_id, ranges))
        except Exception as error:
            raise shortened(error)  # noqa: B904
