"""Reductions over very large virtual matrices, with exact derivatives of any order.

The front ends are `keopsnb.numpy` and `keopsnb.torch`; importing this package loads neither.
"""

from typing import TYPE_CHECKING, Any

from keopsnb._compile import compile as compile  # noqa: A004
from keopsnb._core import CacheError as CacheError
from keopsnb._core import CompileError as CompileError
from keopsnb._core import CudaError as CudaError
from keopsnb._core import FormulaError as FormulaError
from keopsnb._core import __version__ as __version__
from keopsnb._core import get_num_threads as get_num_threads
from keopsnb._core import set_num_threads as set_num_threads
from keopsnb._paths import get_cmake_dir as get_cmake_dir
from keopsnb._paths import get_include as get_include
from keopsnb._paths import moved

if TYPE_CHECKING:
    from keopsnb.compat.package import check_health as check_health
    from keopsnb.compat.package import clean_pykeops as clean_pykeops
    from keopsnb.compat.package import default_device_id as default_device_id
    from keopsnb.compat.package import get_build_folder as get_build_folder
    from keopsnb.compat.package import numpy_found as numpy_found
    from keopsnb.compat.package import set_build_folder as set_build_folder
    from keopsnb.compat.package import set_verbose as set_verbose
    from keopsnb.compat.package import show_cuda_status as show_cuda_status
    from keopsnb.compat.package import test_numpy_bindings as test_numpy_bindings
    from keopsnb.compat.package import test_torch_bindings as test_torch_bindings
    from keopsnb.compat.package import torch_found as torch_found
    from keopsnb.compat.package import verbose as verbose
else:
    # Names that only programs written for pykeops ask for are loaded when they do.
    __path__.append(moved())

    def __getattr__(name: str) -> Any:
        from keopsnb.compat import package

        return package.member(name)


del TYPE_CHECKING, Any, moved
