"""The names `pykeops` and `keopscore`, made to stand for this package."""

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

import keopsnb
from keopsnb._lazy.operators import Operators

# The version, for programs that compare it.
PYKEOPS_VERSION = "2.3"

_STANDS_FOR = {"pykeops": "keopsnb", "keopscore": "keopsnb.compat.keopscore"}


class _Pykeops(ModuleType):
    """`pykeops`: all that `keopsnb` has, with pykeops' version."""

    __version__ = PYKEOPS_VERSION

    def __getattr__(self, name: str) -> Any:
        return getattr(keopsnb, name)


class _Loader(Loader):
    """Gives a module that is there already, so that its classes exist once."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._spec = module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        # Python has written the alias' spec into it.
        module.__spec__ = self._spec


class _PykeopsLoader(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Pykeops(spec.name, keopsnb.__doc__)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing: names are looked up when they are asked for."""


class _Finder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """The module of keopsnb that stands for a name, if there is one."""
        top, _, rest = fullname.partition(".")
        if top not in _STANDS_FOR:
            return None
        if fullname == "pykeops":
            return ModuleSpec(fullname, _PykeopsLoader(), is_package=True)
        name = f"{_STANDS_FOR[top]}.{rest}".rstrip(".")
        if importlib.util.find_spec(name) is None:
            raise ModuleNotFoundError(
                f"No module named {fullname!r}: keopsnb has no {name}. It has what programs use of "
                "pykeops, and nothing of its code generator.",
                name=fullname,
            )
        module = importlib.import_module(name)
        return ModuleSpec(fullname, _Loader(module), is_package=hasattr(module, "__path__"))


_finder = _Finder()


def _imported() -> list[str]:
    return [name for name in sys.modules if name.partition(".")[0] in _STANDS_FOR]


def install() -> None:
    """Make `import pykeops`, and that of its sub-modules, import keopsnb in this process.

    Whether pykeops is installed does not matter; it is hidden until `uninstall`. Processes that
    are spawned begin without the alias; forked ones have it. A second call does nothing.

    Where a program asks whether a LazyTensor is true, as in `assert K >= 0`, it gets a warning and
    True, which is what pykeops says to that; without the alias it is an error.

    Raises:
        RuntimeError: if pykeops itself is imported already: what was taken from it would be mixed
            with keopsnb's.

    Example:
        >>> import keopsnb.compat
        >>> keopsnb.compat.install()
        >>> from pykeops.numpy import LazyTensor
        >>> LazyTensor.__module__
        'keopsnb.numpy._lazy'
        >>> keopsnb.compat.uninstall()
    """
    if _finder in sys.meta_path:
        return
    for name in _imported():
        raise RuntimeError(
            f"{name} is imported already, from {getattr(sys.modules[name], '__file__', '?')}; call "
            "keopsnb.compat.install() before anything imports pykeops, or run the program by "
            "python -m keopsnb.compat."
        )
    sys.meta_path.insert(0, _finder)
    Operators.lenient = True


def uninstall() -> None:
    """Undo `install`: imports from now on give pykeops itself, if it is installed.

    What programs hold of keopsnb stays as it is.
    """
    if _finder not in sys.meta_path:
        return
    sys.meta_path.remove(_finder)
    Operators.lenient = False
    for name in _imported():
        del sys.modules[name]
