"""`pykeops.config`: what there is on this machine."""

from typing import TYPE_CHECKING, Any

from keopsnb.compat import keopscore as keopscore
from keopsnb.compat.keopscore.config import config as config
from keopsnb.compat.keopscore.config import cuda_config as cuda_config
from keopsnb.compat.keopscore.config import openmp_config as openmp_config
from keopsnb.compat.package import get_build_folder as get_build_folder
from keopsnb.compat.package import gpu_count
from keopsnb.compat.package import numpy_found as numpy_found
from keopsnb.compat.package import torch_found as torch_found

pykeops_base, pykeops_cuda, pykeops_openmp = config, cuda_config, openmp_config

if TYPE_CHECKING:
    gpu_available: bool
else:
    # Asking for GPUs loads the driver, so that it waits until someone wants to know.
    def __getattr__(name: str) -> Any:
        if name == "gpu_available":
            return gpu_count() > 0
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
