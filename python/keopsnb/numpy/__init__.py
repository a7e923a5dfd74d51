"""Reductions of NumPy arrays."""

from typing import TYPE_CHECKING, Any

from keopsnb._generic import helper
from keopsnb._paths import moved
from keopsnb.numpy._genred import Genred as Genred

if TYPE_CHECKING:
    from keopsnb.numpy import cluster as cluster
    from keopsnb.numpy._lazy import ComplexLazyTensor as ComplexLazyTensor
    from keopsnb.numpy._lazy import LazyTensor as LazyTensor
    from keopsnb.numpy._lazy import Pm as Pm
    from keopsnb.numpy._lazy import Vi as Vi
    from keopsnb.numpy._lazy import Vj as Vj
    from keopsnb.numpy._solve import AccuracyWarning as AccuracyWarning
    from keopsnb.numpy._solve import ConvergenceError as ConvergenceError
    from keopsnb.numpy._solve import KernelSolve as KernelSolve

generic_argkmin = helper(Genred, "ArgKMin")
generic_argmin = helper(Genred, "ArgMin")
generic_logsumexp = helper(Genred, "LogSumExp")
generic_sum = helper(Genred, "Sum")

__all__ = [
    "AccuracyWarning",
    "ComplexLazyTensor",
    "ConvergenceError",
    "Genred",
    "KernelSolve",
    "LazyTensor",
    "Pm",
    "Vi",
    "Vj",
    "cluster",
    "generic_argkmin",
    "generic_argmin",
    "generic_logsumexp",
    "generic_sum",
]

# Imported at their first use: they are half of the time that the import would take.
_LATER = {
    **dict.fromkeys(("ComplexLazyTensor", "LazyTensor", "Pm", "Vi", "Vj"), "_lazy"),
    **dict.fromkeys(("AccuracyWarning", "ConvergenceError", "KernelSolve"), "_solve"),
    "cluster": "cluster",
}


if not TYPE_CHECKING:  # a checker knows the names above, and no others

    def __getattr__(name: str) -> Any:
        if name not in _LATER:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        import importlib

        module = importlib.import_module(f"{__name__}.{_LATER[name]}")
        found = globals()[name] = module if name == "cluster" else getattr(module, name)
        return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


__path__.append(moved("numpy"))
