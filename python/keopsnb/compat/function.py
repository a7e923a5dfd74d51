"""Modules of pykeops that have the name of the function they hold."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any


def stand_for(function: Callable[..., Any], module: str) -> None:
    """Make a module a function too.

    Importing it makes it an attribute of its package, in the place of the function of that name.
    """

    class Function(ModuleType):
        def __call__(self, *args: Any, **options: Any) -> Any:
            return function(*args, **options)

    sys.modules[module].__class__ = Function
