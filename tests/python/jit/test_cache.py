"""The cache of compiled kernels: in any state of the disk a right result, or a clear error."""

import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest
from processes import Compiler, finish, python, start

Environment = dict[str, str | None]


@pytest.fixture
def compiler(tmp_path: Path) -> Compiler:
    return Compiler(tmp_path)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def environment(cache: Path, compiler: Compiler, tmp_path: Path) -> Environment:
    (tmp_path / "tmp").mkdir()
    return {
        "KEOPSNB_CACHE_DIR": str(cache),
        "KEOPSNB_CXX": str(compiler.path),
        "TMPDIR": str(tmp_path / "tmp"),
    }


def objects(cache: Path) -> list[Path]:
    return list(cache.rglob("*.so"))


# Law: a kernel is compiled once, for all processes.


def test_second_process_does_not_compile(environment: Environment, compiler: Compiler) -> None:
    python("check()", environment)
    assert len(compiler.compilations) == 1
    python("check(); check()", environment)
    assert len(compiler.compilations) == 1
    python("check(); compute('b')", environment)
    assert len(compiler.compilations) == 2


def test_many_processes_on_a_cold_cache(environment: Environment, compiler: Compiler) -> None:
    processes = [start("check()", environment) for _ in range(8)]
    for process in processes:
        finish(process)
    compiled = len(compiler.compilations)
    assert 1 <= compiled <= 8
    python("check()", environment)
    assert len(compiler.compilations) == compiled


def test_another_compiler_makes_another_kernel(
    environment: Environment, compiler: Compiler, tmp_path: Path
) -> None:
    python("check()", environment)
    (tmp_path / "other").mkdir()
    other = Compiler(tmp_path / "other")
    python("check()", {**environment, "KEOPSNB_CXX": str(other.path)})
    assert (len(compiler.compilations), len(other.compilations)) == (1, 1)


# Law: what is in the cache needs no compiler; what is not names what is missing.


@pytest.mark.parametrize(
    "change",
    [
        {"KEOPSNB_CXX": None, "CXX": None, "PATH": ""},
        {"KEOPSNB_CXX": "/nonexistent/g++"},
        {"KEOPSNB_CXX": "/bin/false"},
        {"KEOPSNB_CXX": "/bin/true"},
    ],
    ids=["no PATH", "missing", "fails", "makes nothing"],
)
def test_a_warm_cache_needs_no_compiler(
    change: Environment, environment: Environment, compiler: Compiler
) -> None:
    python("check()", environment)
    code = "check()\ntry:\n    compute('b')\nexcept keopsnb.CompileError:\n    print('missing')"
    assert python(code, {**environment, **change}) == "missing\n"
    python("check()", environment)
    assert len(compiler.compilations) == 1


def test_nothing_but_the_cache_is_left(
    environment: Environment, cache: Path, tmp_path: Path
) -> None:
    python("check()", environment)
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list((cache / "work").iterdir()) == []
    assert len(objects(cache)) == 1


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"XDG_CACHE_HOME": "{}/xdg"}, "xdg/keopsnb"),
        ({"HOME": "{}/home", "XDG_CACHE_HOME": None}, "home/.cache/keopsnb"),
        ({"HOME": "{}/home", "XDG_CACHE_HOME": "relative"}, "home/.cache/keopsnb"),
    ],
)
def test_usual_places(
    changes: Environment, where: str, environment: Environment, tmp_path: Path
) -> None:
    there = {k: v and v.format(tmp_path) for k, v in changes.items()}
    python("check()", {**environment, "KEOPSNB_CACHE_DIR": None, **there})
    assert len(objects(tmp_path / where)) == 1


# Law: where nothing can be kept, kernels live in a temporary folder, which goes with the process.


def check_temporary(
    environment: Environment, compiler: Compiler, tmp_path: Path, *wrapper: str
) -> None:
    before = len(compiler.compilations)
    python("check(); check()", environment, *wrapper)
    assert len(compiler.compilations) == before + 1
    assert list((tmp_path / "tmp").iterdir()) == []


def test_no_home(environment: Environment, compiler: Compiler, tmp_path: Path) -> None:
    no_home = {"KEOPSNB_CACHE_DIR": None, "XDG_CACHE_HOME": None, "HOME": None}
    check_temporary({**environment, **no_home}, compiler, tmp_path)


def test_no_folder_can_be_made(
    environment: Environment, compiler: Compiler, tmp_path: Path
) -> None:
    check_temporary({**environment, "KEOPSNB_CACHE_DIR": "/proc/none"}, compiler, tmp_path)


def without_privileges() -> list[str]:
    """A wrapper in which even root may not write where the mode forbids it."""
    if os.geteuid() != 0:
        return []
    if not shutil.which("setpriv"):
        pytest.skip("root may write everywhere, and there is no setpriv to change that")
    return ["setpriv", "--bounding-set=-dac_override"]


def test_read_only_folder(
    environment: Environment, cache: Path, compiler: Compiler, tmp_path: Path
) -> None:
    wrapper = without_privileges()
    cache.mkdir(mode=0o555)
    check_temporary(environment, compiler, tmp_path, *wrapper)
    cache.chmod(0o755)
    python("check()", environment)
    for folder in [cache, *(p for p in cache.rglob("*") if p.is_dir())]:
        folder.chmod(0o555)
    compiled = len(compiler.compilations)
    python("check()", environment, *wrapper)  # what is there is used
    assert len(compiler.compilations) == compiled
    for folder in [cache, *(p for p in cache.rglob("*") if p.is_dir())]:
        folder.chmod(0o755)


def full_disk(folder: Path) -> list[str]:
    """A wrapper in which this folder is a file system of 64 KiB."""
    script = f"mount -t tmpfs -o size=64k,mode=700 tmpfs '{folder}' && exec \"$@\""
    wrapper = ["unshare", "-rm", "sh", "-c", script, "sh"]
    folder.mkdir(exist_ok=True)
    if not shutil.which("unshare") or subprocess.run([*wrapper, "true"], check=False).returncode:
        pytest.skip("no small file system can be mounted here")
    return wrapper


def test_full_disk(
    environment: Environment, cache: Path, compiler: Compiler, tmp_path: Path
) -> None:
    check_temporary(environment, compiler, tmp_path, *full_disk(cache))


# Law: a damaged or foreign object is never used.


@pytest.mark.parametrize("damage", ["truncated", "emptied", "garbage", "one byte", "writable"])
def test_damaged_object(
    damage: str, environment: Environment, cache: Path, compiler: Compiler
) -> None:
    python("check()", environment)
    (path,) = objects(cache)
    whole = path.read_bytes()
    if damage == "writable":
        path.chmod(0o666)
    else:
        middle = len(whole) // 2
        changed = whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :]
        replacements = {"truncated": whole[:middle], "emptied": b"", "garbage": b"x" * 9999}
        path.write_bytes(replacements.get(damage, changed))
    python("check()", environment)
    assert len(compiler.compilations) == 2
    python("check()", environment)
    assert len(compiler.compilations) == 2


def test_missing_headers_are_mended(environment: Environment, cache: Path) -> None:
    python("check()", environment)
    shutil.rmtree(cache / "objects")
    headers = [p for folder in cache.glob("headers-*") for p in folder.rglob("*.hpp")]
    headers[0].unlink()
    headers[1].write_text("#error damaged\n")
    python("check()", environment)


def test_an_open_umask_leaves_no_folder_open(environment: Environment, cache: Path) -> None:
    python("os.umask(0); check()", environment)
    assert [p for p in [cache, *cache.rglob("*")] if p.stat().st_mode & 0o022] == []


# Law: a process may be killed at any moment.


def test_killed_during_a_compilation(
    environment: Environment, compiler: Compiler, tmp_path: Path
) -> None:
    (tmp_path / "slow").mkdir()
    begun = tmp_path / "slow" / "begun"
    slow = Compiler(tmp_path / "slow", f"echo $$ >'{begun}'; exec sleep 100")
    process = start("check()", {**environment, "KEOPSNB_CXX": str(slow.path)})
    while not begun.exists() or not begun.read_text():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.communicate()
    os.kill(int(begun.read_text()), signal.SIGKILL)
    python("check()", environment)
    assert len(compiler.compilations) == 1


def test_killed_at_any_moment(environment: Environment) -> None:
    for delay in (0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9):
        process = start("check()", environment)
        time.sleep(delay)
        process.kill()
        process.communicate()
    python("check()", environment)
