"""Errors where no kernel can be compiled, or kept."""

from pathlib import Path

import pytest
from processes import Compiler, python

Environment = dict[str, str | None]


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def environment(cache: Path, tmp_path: Path) -> Environment:
    return {
        "KEOPSNB_CACHE_DIR": str(cache),
        "KEOPSNB_CXX": str(Compiler(tmp_path).path),
        "TMPDIR": str(tmp_path),
    }


def error_of(environment: Environment, setup: str = "") -> str:
    """The error of a first call."""
    code = f"""
{setup}
try:
    check()
except (keopsnb.CompileError, keopsnb.CacheError) as error:
    print(type(error).__name__, "|", error)
"""
    return python(code, environment)


# Law: an error says what is wrong and what to do.


def test_no_room_anywhere(environment: Environment) -> None:
    setup = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (300, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))
"""
    message = error_of(environment, setup=setup)
    assert message.startswith("CacheError | A kernel could not be compiled: cannot write ")
    assert "Set KEOPSNB_CACHE_DIR to a folder of your own with some room." in message


def test_a_file_in_place_of_the_folder(environment: Environment, cache: Path) -> None:
    cache.touch()
    message = error_of(environment)
    assert message.startswith(f"CacheError | The cache folder {cache}, which KEOPSNB_CACHE_DIR ")
    assert "cannot be used: it is not a folder." in message


def test_a_folder_that_others_may_write_to(environment: Environment, cache: Path) -> None:
    cache.mkdir()
    cache.chmod(0o777)
    message = error_of(environment)
    assert "CacheError | " in message
    assert "cannot be used: other users may write to it." in message
    assert f"chmod go-w {cache}" in message
    assert list(cache.iterdir()) == []


def test_no_compiler(environment: Environment) -> None:
    message = error_of({**environment, "KEOPSNB_CXX": None, "CXX": None, "PATH": ""})
    assert message.startswith("CompileError | No C++ compiler was found. Tried: c++ (no such ")
    assert "apt install g++" in message
    assert "or set KEOPSNB_CXX or CXX to its command." in message


@pytest.mark.parametrize("command", ["/nonexistent/g++", "/bin/false", "' '"])
def test_a_command_that_is_no_compiler(command: str, environment: Environment) -> None:
    message = error_of({**environment, "KEOPSNB_CXX": command})
    assert "The C++ compiler that KEOPSNB_CXX names cannot be used: KEOPSNB_CXX=" in message
    assert "Set KEOPSNB_CXX to a working command, such as g++" in message


# Law: an error shows what the compiler printed, the command and where the whole text is.


def test_a_version_that_fails(environment: Environment, tmp_path: Path) -> None:
    script = tmp_path / "licensed-c++"
    script.write_text("#!/bin/sh\necho 'no license: ask the administrator' >&2\nexit 7\n")
    script.chmod(0o755)
    message = error_of({**environment, "KEOPSNB_CXX": str(script)})
    assert "--version ended with exit status 7:\nno license: ask the administrator\n" in message
    assert str(script) in message


def test_a_long_log(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "noisy").mkdir()
    notes = 'for k in $(seq 2000); do echo "note $k" >&2; done'
    cause = "echo 'a.hpp:1: error: the cause' >&2; echo 'and more' >&2"
    noisy = Compiler(tmp_path / "noisy", f"{notes}; {cause}; exit 1")
    message = error_of({**environment, "KEOPSNB_CXX": str(noisy.path)})
    assert "\na.hpp:1: error: the cause\nand more\n" in message
    assert "note 1" not in message
    assert f"Command: {noisy.path} " in message
    log = Path(message.split("\nLog: ")[1].split("\n")[0])
    assert log.read_text().startswith("note 1\nnote 2\n")


def test_a_compiler_that_fails(environment: Environment, cache: Path, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    broken = Compiler(tmp_path / "broken", "echo the disk is on fire >&2; exit 3")
    code = f"""
try:
    check()
except keopsnb.CompileError as error:
    assert "ended with exit status 3" in str(error), error
    assert "the disk is on fire" in error.log
    assert error.command.startswith({str(broken.path)!r})
    print(error.source_path)
"""
    kept = Path(python(code, {**environment, "KEOPSNB_CXX": str(broken.path)}).strip())
    assert kept.is_relative_to(cache)
    assert "KEOPSNB_CPU_KERNEL" in kept.read_text()
    python("check()", environment)  # and is no obstacle later
