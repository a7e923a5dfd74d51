"""Tests beside pykeops, which compiles 5 s and more a formula: no part of continuous integration.

pip install keopsnb[pykeops] && pytest tests/peer
"""

import importlib.util
import os
import tempfile

import pytest

if importlib.util.find_spec("pykeops") is None:
    collect_ignore_glob = ["test_*"]


def pytest_configure(config: pytest.Config) -> None:
    # Set before either is imported. Kernels of both are kept where these are set already.
    for name in ("KEOPSNB_CACHE_DIR", "KEOPS_CACHE_FOLDER"):
        if name not in os.environ:
            folder = tempfile.TemporaryDirectory(prefix="peer-")
            config.add_cleanup(folder.cleanup)
            os.environ[name] = folder.name
    os.environ.setdefault("PYKEOPS_VERBOSE", "0")
    # pykeops' own.
    for module in ("pykeops", "keopscore"):
        config.addinivalue_line("filterwarnings", rf"ignore:::{module}\..*")
    config.addinivalue_line("filterwarnings", "ignore:invalid escape sequence")
