"""`pykeops.torch.cluster.grid_cluster`, which stands for its function too.

Importing it makes it an attribute of `cluster`, in the place of the function of that name.
"""

import sys
from types import ModuleType
from typing import Any

from keopsnb.torch.cluster import grid_cluster as grid_cluster


class _Function(ModuleType):
    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.grid_cluster(*args, **options)


sys.modules[__name__].__class__ = _Function
