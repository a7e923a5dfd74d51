"""The headers in projects of others: as a subproject, installed, and found by pkg-config."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3]
CMAKE = shutil.which("cmake", path=f"{sysconfig.get_path('scripts')}:{os.environ['PATH']}")
pytestmark = pytest.mark.skipif(CMAKE is None, reason="cmake is not installed")

PARENT = """
cmake_minimum_required(VERSION 3.20)
project(parent LANGUAGES CXX)
{before}
add_subdirectory({source} keopsnb)
include(GNUInstallDirs)
file(WRITE ${{CMAKE_BINARY_DIR}}/libdir "${{CMAKE_INSTALL_LIBDIR}}")
add_executable(program main.cpp)
target_link_libraries(program PRIVATE keopsnb::headers)
install(TARGETS program)
"""
PROGRAM = """
#include <keopsnb/keopsnb.hpp>
int main() { return keopsnb::vi<0, 3>.dim == 3 ? 0 : 1; }
"""


def run(*arguments: object) -> str:
    done = subprocess.run(
        [str(a) for a in arguments], check=False, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def files(folder: Path) -> set[str]:
    return {str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file()}


def build_parent(folder: Path, before: str) -> Path:
    (folder / "CMakeLists.txt").write_text(PARENT.format(source=SOURCE, before=before))
    (folder / "main.cpp").write_text(PROGRAM)
    run(CMAKE, "-S", folder, "-B", folder / "build", "-DCMAKE_INSTALL_PREFIX=/usr")
    run(CMAKE, "--build", folder / "build")
    run(CMAKE, "--install", folder / "build", "--prefix", folder / "installed")
    return folder / "installed"


# Law: a subproject leaves the variables of its parent alone, and installs what it is asked to.


def test_a_subproject_installs_nothing(tmp_path: Path) -> None:
    assert files(build_parent(tmp_path, "")) == {"bin/program"}


@pytest.mark.parametrize("before", ["", "set(CMAKE_INSTALL_LIBDIR lib64 CACHE PATH folder)"])
def test_a_subproject_leaves_the_folder_of_libraries_alone(before: str, tmp_path: Path) -> None:
    build_parent(tmp_path, before)
    alone = tmp_path / "alone"
    alone.mkdir()
    text = PARENT.format(source=SOURCE, before=before)
    (alone / "CMakeLists.txt").write_text(
        text[: text.index("add_executable")].replace("add_sub", "#")
    )
    run(CMAKE, "-S", alone, "-B", alone / "build", "-DCMAKE_INSTALL_PREFIX=/usr")
    chosen = (tmp_path / "build" / "libdir").read_text()
    assert chosen == (alone / "build" / "libdir").read_text()


def test_a_subproject_installs_where_its_parent_says(tmp_path: Path) -> None:
    before = "set(KEOPSNB_INSTALL ON)\nset(CMAKE_INSTALL_INCLUDEDIR include/third)"
    installed = files(build_parent(tmp_path, before))
    assert "include/third/keopsnb/keopsnb.hpp" in installed
    assert "share/licenses/keopsnb/LICENSE" in installed


# Law: an installed tree may be moved.


@pytest.mark.skipif(shutil.which("pkg-config") is None, reason="pkg-config is not installed")
@pytest.mark.parametrize("includedir", ["include", "include/third"])
def test_pkg_config_finds_the_headers(includedir: str, tmp_path: Path) -> None:
    build = tmp_path / "build"
    run(CMAKE, "-S", SOURCE, "-B", build, f"-DCMAKE_INSTALL_INCLUDEDIR={includedir}")
    run(CMAKE, "--install", build, "--prefix", tmp_path / "installed")
    moved = (tmp_path / "installed").rename(tmp_path / "moved")
    found = run(
        "env",
        f"PKG_CONFIG_PATH={moved}/share/pkgconfig",
        "pkg-config",
        "--cflags",
        "--keep-system-cflags",
        "keopsnb",
    )
    folder = Path(found.strip().removeprefix("-I"))
    assert folder.resolve() == (moved / includedir).resolve()
    assert (folder / "keopsnb" / "keopsnb.hpp").is_file()
