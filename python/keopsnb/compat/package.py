"""The names at the top of pykeops: `keopsnb.set_verbose` and its like.

keopsnb prints nothing while it works, compiles nothing at import and has no code generator to
tune, so that some of these names have no effect; they are there for the programs that write them.
"""

import importlib
import importlib.util
import os
from typing import TYPE_CHECKING, Any

from keopsnb import _core

# Whether the functions below that print may; keopsnb itself has nothing to say.
verbose = os.environ.get("PYKEOPS_VERBOSE") != "0"

# No effect: tensors are reduced where they are, and `device_id` of a call names another GPU.
default_device_id = 0

numpy_found = importlib.util.find_spec("numpy") is not None
torch_found = importlib.util.find_spec("torch") is not None

_FOLDER = "KEOPSNB_CACHE_DIR"
# The folder that the environment named before the first set_build_folder.
_usual: list[str | None] = []


def gpu_count() -> int:
    """The number of GPUs that kernels can run on; 0 without a driver."""
    return sum(key.removeprefix("GPU ").isdecimal() for key in _core.cuda_info())


if TYPE_CHECKING:
    show_cuda_status: bool
else:
    # Asking for GPUs loads the driver, so that it waits until someone wants to know.
    def __getattr__(name: str) -> Any:
        if name == "show_cuda_status":
            return gpu_count() > 0
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def set_verbose(val: bool) -> None:
    """Set whether `keopsnb.common.utils` may print. Reductions print nothing in either case."""
    global verbose
    verbose = val


def get_build_folder() -> str:
    """Return the folder that holds compiled kernels."""
    return str(_core.cache_info()["folder"])


def set_build_folder(path: str | os.PathLike[str] | None = None) -> None:
    """Keep compiled kernels in another folder, in this process and those that it starts.

    Unlike pykeops', later programs are not concerned: they read KEOPSNB_CACHE_DIR.

    Args:
        path: the folder, which is made if it is not there; None is the usual one.

    Raises:
        CacheError: at the first kernel, if others could write to the folder.
    """
    if not _usual:
        _usual.append(os.environ.get(_FOLDER))
    chosen = _usual[0] if path is None else os.fspath(path)
    if chosen is None:
        os.environ.pop(_FOLDER, None)
    else:
        os.environ[_FOLDER] = chosen


def clean_pykeops(recompile_jit_binaries: bool = True) -> None:
    """Remove all compiled kernels; programs that run go on with those that they have loaded.

    Args:
        recompile_jit_binaries: no effect: there are none.
    """
    _core.cache_clear()


def check_health(config_type: str = "all") -> None:
    """Print how keopsnb is set up, as `python -m keopsnb info` does.

    Args:
        config_type: no effect: everything is on one screen.
    """
    from keopsnb.__main__ import main

    main(["info"])


def test_numpy_bindings() -> None:
    """Compute a small reduction of NumPy arrays, and print that it is right.

    Raises:
        RuntimeError: if it is wrong.
    """
    import numpy

    from keopsnb.numpy import Genred

    x = numpy.arange(6.0).reshape(2, 3)
    _report("numpy", Genred("SqNorm2(x - y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, x))


def test_torch_bindings() -> None:
    """Compute a small reduction of torch tensors, and print that it is right.

    Raises:
        RuntimeError: if it is wrong.
    """
    import torch

    from keopsnb.torch import Genred

    x = torch.arange(6.0).reshape(2, 3)
    _report("torch", Genred("SqNorm2(x - y)", ["x = Vi(3)", "y = Vj(3)"], axis=1)(x, x))


def _report(front_end: str, result: Any) -> None:
    if result.tolist() != [[27.0], [27.0]]:
        raise RuntimeError(f"keopsnb.{front_end} gave {result.tolist()} for [[27], [27]].")
    say(f"keopsnb.{front_end} works.")


def say(message: str, **options: Any) -> None:
    """Print, unless `set_verbose(False)` was called."""
    if verbose:
        print(message, **options)  # noqa: T201


_PACKAGES = frozenset(("common", "compat", "config", "numpy", "torch"))
_NAMES = frozenset(
    (
        "check_health",
        "clean_pykeops",
        "default_device_id",
        "get_build_folder",
        "numpy_found",
        "set_build_folder",
        "set_verbose",
        "show_cuda_status",
        "test_numpy_bindings",
        "test_torch_bindings",
        "torch_found",
        "verbose",
    )
)


def member(name: str) -> Any:
    """An attribute of `keopsnb` that is one of pykeops' names, or a sub-module.

    Raises:
        AttributeError: if it is neither.
    """
    if name in _PACKAGES:
        return importlib.import_module(f"keopsnb.{name}")
    if name in _NAMES:
        return getattr(importlib.import_module(__name__), name)
    raise AttributeError(f"module 'keopsnb' has no attribute {name!r}")
