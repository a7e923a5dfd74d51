"""`keopscore.utils.gpu_utils`."""

from keopsnb.compat.package import gpu_count


def get_gpu_props() -> tuple[int, str]:
    """Return how many GPUs there are, and the flags to compile for them: none are needed."""
    return gpu_count(), ""
