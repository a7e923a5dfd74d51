"""Examples and documentation are true."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3]
PAGES = (
    "README.md",
    "docs/formulas.md",
    "docs/lazytensor.md",
    "docs/reductions.md",
    "docs/solve.md",
    "docs/torch.md",
)


def run(*command: str, folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    # Matplotlib says so when it makes its font cache, once.
    said = [text for text in done.stderr.splitlines() if not text.startswith("Matplotlib")]
    assert (done.returncode, said) == (0, []), done.stdout + done.stderr
    return done.stdout


def blocks(language: str) -> list[object]:
    """The code of that language in the pages, with the lines where they begin."""
    found = []
    for page in PAGES:
        text = (SOURCE / page).read_text()
        for match in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.M | re.S):
            line = text[: match.start()].count("\n") + 1
            found.append(pytest.param(match[1], id=f"{page}:{line}"))
    assert found
    return found


# Law: an example agrees with the library it compares itself to, and draws both results.


@pytest.mark.parametrize(
    ("example", "peer", "picture"),
    [("sum_reduction_numpy", "NumPy", "chosen.png"), ("sum_reduction", "PyTorch", None)],
)
def test_example_agrees_and_draws(
    example: str, peer: str, picture: str | None, tmp_path: Path
) -> None:
    image = pytest.importorskip("matplotlib.image")
    if peer == "PyTorch":
        pytest.importorskip("torch")
    arguments = [str(SOURCE / "examples" / f"{example}.py"), *([picture] if picture else [])]
    printed = run(sys.executable, *arguments, folder=tmp_path)
    for name in ("keopsnb", peer):
        assert re.search(rf"^Gradient with {name}.*: \d+\.\d+ s$", printed, re.M)
    assert re.search(r"^Greatest difference, .*: \d\.\de-\d\d$", printed, re.M)
    assert [file.name for file in tmp_path.iterdir()] == [picture or f"{example}.png"]
    pixels = image.imread(tmp_path / (picture or f"{example}.png"))[..., :3]
    # Two curves of different colours on white.
    assert min(pixels.shape[:2]) > 300
    colours = {tuple(c) for c in (pixels.reshape(-1, 3) * 255).round().astype(int).tolist()}
    assert {(31, 119, 180), (255, 127, 14), (255, 255, 255)} <= colours


# Law: code in the documentation runs, and says in its comments what it prints.


@pytest.mark.parametrize("code", blocks("python"))
def test_documented_python_runs(code: str, tmp_path: Path) -> None:
    if "torch" in code:
        pytest.importorskip("torch")
        if "torch.compile" in code or "torch.func" in code:
            from dynamo import OLD

            if OLD:
                pytest.skip("an older PyTorch warns of itself, or traces less")
    printed = run(sys.executable, "-W", "error", "-c", code, folder=tmp_path)
    for expected in re.findall(r"^print\(.*\)  # (.*)$", code, re.M):
        assert expected in printed.splitlines()


@pytest.mark.parametrize("code", blocks("cpp"))
def test_documented_cpp_runs(code: str, tmp_path: Path) -> None:
    compiler = os.environ.get("CXX") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    (tmp_path / "main.cpp").write_text(code)
    flags = ["-std=c++20", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{SOURCE / 'cpp' / 'include'}"]
    run(*compiler.split(), *flags, "main.cpp", "-o", "main", folder=tmp_path)
    expected = re.findall(r"printf\(.*\);  // (.*)$", code, re.M)
    assert expected
    assert run("./main", folder=tmp_path).splitlines() == expected


# Law: the documentation lists the operations that the parser knows.


def test_table_of_operations_is_the_catalogue(tmp_path: Path) -> None:
    run(sys.executable, str(SOURCE / "docs" / "generate.py"), "--check", folder=tmp_path)


@pytest.mark.parametrize("page", [*PAGES, "docs/architecture.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(page: str) -> None:
    text = (SOURCE / page).read_text()
    for target in re.findall(r"\]\(([^):#]+)\)", text):
        assert ((SOURCE / page).parent / target).exists(), target


# Law: a file that the documentation names is there: from the root of the sources, from the folders
# of the product, or by its name alone.

NAMED = (*PAGES, "docs/architecture.md", "docs/gpu.md", "docs/environment.md", "CONTRIBUTING.md")
FILE = r"[\w/.-]+\.(?:cpp|cu|def|hpp|md|py|sh|toml|txt)|(?:[\w.-]+/)+[\w.-]*"


@pytest.mark.parametrize("page", NAMED)
def test_files_named_are_there(page: str) -> None:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=SOURCE, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("no checkout")
    files = listed.stdout.split()
    folders = {str(parent) for file in files for parent in Path(file).parents}
    text = re.sub(r"^```.*?^```$", "", (SOURCE / page).read_text(), flags=re.M | re.S)
    named = [name for name in re.findall(r"`([^`\n]+)`", text) if re.fullmatch(FILE, name)]
    there = "".join(f"/{name}\n" for name in [*files, *folders])
    assert [name for name in named if f"/{name.rstrip('/')}\n" not in there] == []
