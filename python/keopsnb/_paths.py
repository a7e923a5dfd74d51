"""Folders of the C++ library inside this package."""

import os
import site
import sys

from keopsnb import _core

# Headers and CMake files are installed beside the extension module; in an editable installation
# that is another folder than this file's.
_root = os.path.dirname(os.path.abspath(_core.__file__))


def get_include() -> str:
    """Return the folder to pass to a C++ compiler as -I, so that <keopsnb/keopsnb.hpp> is found."""
    return os.path.join(_root, "include")


def get_cmake_dir() -> str:
    """Return the folder to pass to CMake as -Dkeopsnb_DIR, so that it finds the package keopsnb."""
    return os.path.join(_root, "share", "cmake", "keopsnb")


def moved(package: str = "") -> str:
    """Return the folder of the modules that pykeops has and keopsnb's package has not of its own.

    As an entry of the package's `__path__` it gives them the places that programs expect.
    """
    return os.path.join(os.path.dirname(os.path.abspath(__file__)), "compat", "moved", package)


def package_folders() -> list[str]:
    """Return the folders that hold installed packages, in the order Python searches them.

    NVIDIA's compiler NVRTC, installed as a wheel, is found in one of them.
    """
    own = os.path.dirname(_root)
    folders = [*filter(os.path.isabs, sys.path), own]
    folders += getattr(site, "getsitepackages", list)()  # some virtual environments have none
    if site.ENABLE_USER_SITE:
        folders.append(site.getusersitepackages())
    return list(dict.fromkeys(folders))
