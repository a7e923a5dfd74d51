"""Shared by all tests: a kernel cache of their own, shards, and the rule for tests of a GPU."""

import ctypes
import importlib.util
import os
import tempfile

import pytest

if importlib.util.find_spec("torch") is None:
    collect_ignore_glob = ["*/test_*torch*"]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--shard", default="0/1", help="k/n: of all tests, every n-th from the k-th on"
    )


def pytest_configure(config: pytest.Config) -> None:
    # Set before keopsnb is imported. Tests never read or write the user's own cache.
    if "KEOPSNB_CACHE_DIR" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="keopsnb-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ["KEOPSNB_CACHE_DIR"] = folder.name


def _gpu_count() -> int:
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
    except OSError:
        return 0
    count = ctypes.c_int(0)
    if cuda.cuInit(0) != 0 or cuda.cuDeviceGetCount(ctypes.byref(count)) != 0:
        return 0
    return count.value


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    k, n = map(int, config.getoption("--shard").split("/"))
    config.hook.pytest_deselected(items=[item for i, item in enumerate(items) if i % n != k])
    items[:] = items[k::n]
    # The driver is asked only when a test needs it.
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and _gpu_count() == 0:
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="no NVIDIA GPU here"))
