"""The boundary where programs enter the package: errors leave it without its own frames.

An error says what to change in the program that called, and its traceback ends at that call. With
KEOPSNB_TRACEBACK=full it goes on to the line that raised it.
"""

import functools
import os
import types
from collections.abc import Callable, Container
from typing import Any, TypeVar

Function = TypeVar("Function", bound=Callable[..., Any])

# Whose frames say nothing of the program that called; all others, as of a callback, are kept.
_INNER = frozenset(("keopsnb", "torch", "numpy", "contextlib", "functools"))
# Errors raised on purpose. Others are mistakes of this package, to be found by their frames.
_MEANT = (TypeError, ValueError, RuntimeError, IndexError, OSError, MemoryError)


def shortened(error: Exception) -> Exception:
    """The error, for the handler that caught it to raise."""
    assert error.__traceback__ is not None
    inner = error.__traceback__.tb_next  # this frame is added again
    frame = inner
    while frame is not None:
        if frame.tb_frame.f_globals.get("__name__", "").partition(".")[0] not in _INNER:
            return error.with_traceback(inner)
        frame = frame.tb_next
    if not isinstance(error, _MEANT) or os.environ.get("KEOPSNB_TRACEBACK") == "full":
        return error.with_traceback(inner)
    return error.with_traceback(None)


def boundary(function: Function) -> Function:
    """The function, whose errors are shortened."""

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except Exception as error:
            raise shortened(error)  # noqa: B904

    functools.update_wrapper(wrapped, function)
    wrapped.__code__ = wrapped.__code__.replace(co_name=function.__name__)  # in tracebacks
    return wrapped  # type: ignore[return-value]


def _enters(name: str) -> bool:
    """Whether a method is one that programs call."""
    if name.startswith("__"):
        return name not in ("__new__", "__init_subclass__", "__repr__", "__bool__")
    return not name.startswith("_")


def boundaries(kind: type, inner: Container[str]) -> None:
    """Make the methods that a class defines boundaries, but for those of these names."""
    for name, member in list(vars(kind).items()):
        if name in inner:
            continue
        if isinstance(member, types.FunctionType) and _enters(name):
            setattr(kind, name, boundary(member))
        elif isinstance(member, staticmethod) and _enters(name):
            inside = member.__func__
            if isinstance(inside, types.FunctionType):
                setattr(kind, name, staticmethod(boundary(inside)))
