"""Reductions over very large virtual matrices, with exact derivatives of any order.

The front ends are `keopsnb.numpy` and `keopsnb.torch`; importing this package loads neither.
"""

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
