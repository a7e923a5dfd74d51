"""`keopscore.config`: where kernels are kept, and whether there is a GPU."""

from keopsnb.compat.keopscore.config import chunks as chunks
from keopsnb.compat.package import get_build_folder, gpu_count, set_build_folder


class Config:
    """The folder of compiled kernels."""

    @staticmethod
    def get_build_folder() -> str:
        """Return the folder that holds compiled kernels."""
        return get_build_folder()

    @staticmethod
    def set_different_build_folder(
        path: str | None = None,
        read_save_file: bool = False,
        write_save_file: bool = True,
        reset_all: bool = True,
    ) -> None:
        """Keep compiled kernels in another folder, in this process; the switches have no effect."""
        set_build_folder(path)


class CUDAConfig:
    """GPUs."""

    @staticmethod
    def get_use_cuda() -> bool:
        """Whether there is a GPU that kernels can run on."""
        return gpu_count() > 0


class OpenMPConfig:
    """Threads: keopsnb has its own, on all cores, and `keopsnb.set_num_threads`."""

    @staticmethod
    def get_use_OpenMP() -> bool:
        """Whether kernels run on several cores: they do."""
        return True


config = Config()
cuda_config = CUDAConfig()
openmp_config = OpenMPConfig()


def get_config() -> Config:
    """Return `config`."""
    return config


def get_cuda_config() -> CUDAConfig:
    """Return `cuda_config`."""
    return cuda_config


def get_openmp_config() -> OpenMPConfig:
    """Return `openmp_config`."""
    return openmp_config
