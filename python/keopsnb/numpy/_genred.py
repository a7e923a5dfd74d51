"""Generic reductions of NumPy arrays."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from keopsnb import _core
from keopsnb._boundary import shortened
from keopsnb._genred import Reducer
from keopsnb._ranges import ranges_of
from keopsnb._reduction import as_inputs
from keopsnb.numpy._arrays import as_arrays

Array = NDArray[np.floating[Any] | np.integer[Any] | np.bool_]


class Genred(Reducer):
    __doc__ = Reducer.__doc__

    def __call__(
        self,
        *args: Array,
        backend: str = "auto",
        device_id: int = -1,
        ranges: Sequence[Any] | None = None,
        out: Array | None = None,
    ) -> Any:
        try:  # without the cost of another call
            args = as_arrays(args)
            reduction = self._reduction
            pairs = None if ranges is None else ranges_of(ranges)
            if reduction.compiled:
                return reduction(_core.NUMPY, args, out, backend, device_id, pairs)
            place = (backend, device_id, pairs)
            first, second, both = reduction.parts
            m = first(_core.NUMPY, args, None, *place)
            s = second(_core.NUMPY, (*args, *as_inputs(reduction.axis, [m])), None, *place)
            return both(_core.NUMPY, (m, s), out, *place)
        except Exception as error:
            raise shortened(error)  # noqa: B904
