"""`pykeops.common.gpu_utils`."""

from keopsnb.compat.package import gpu_count


def get_gpu_number() -> int:
    """Return how many GPUs there are that kernels can run on; 0 without a driver."""
    return gpu_count()
