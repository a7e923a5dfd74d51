"""The files of the package stand above one another."""

import ast
import graphlib
import re
from collections.abc import Iterator
from pathlib import Path

import keopsnb

PACKAGE = Path(keopsnb.__file__).parent
CPP = Path(__file__).parents[3] / "cpp"


def imports(path: Path) -> Iterator[str]:
    """The modules that a file imports, also in functions, and not for checkers of types alone."""
    tree = ast.parse(path.read_text())
    unseen = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node not in unseen and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def graph() -> dict[str, set[str]]:
    files = [p for p in PACKAGE.rglob("_*.py") if "compat" not in p.parts and p.stem[1] != "_"]
    files += [p for p in PACKAGE.rglob("[a-z]*.py") if "compat" not in p.parts]
    names = {".".join(("keopsnb", *p.relative_to(PACKAGE).with_suffix("").parts)): p for p in files}
    return {name: set(imports(p)) & set(names) - {name} for name, p in names.items()}


# Law: no module needs one that needs it.


def test_there_are_no_circles() -> None:
    needs = graph()
    assert len(needs) > 40
    assert list(graphlib.TopologicalSorter(needs).static_order())


def headers() -> dict[Path, set[Path]]:
    """The files of C++ that each includes."""
    folders = (CPP, CPP / "include", CPP / "src")
    found = {}
    for path in sorted(p for p in CPP.rglob("*") if p.suffix in (".hpp", ".cpp")):
        names = re.findall(r'^#include ["<]([^">]+)[">]', path.read_text(), re.M)
        places = [folder / name for name in names for folder in (path.parent, *folders)]
        found[path] = {place for place in places if place.is_file()} - {path}
    return found


def test_there_are_no_circles_of_headers() -> None:
    needs = headers()
    assert sum(map(len, needs.values())) > 300
    assert list(graphlib.TopologicalSorter(needs).static_order())


def test_there_are_no_circles_of_folders() -> None:
    folders = [folder for folder in (CPP / "src").iterdir() if folder.is_dir()]
    needs: dict[Path, set[Path]] = {folder: set() for folder in folders}
    for path, used in headers().items():
        if path.parent in needs:
            needs[path.parent] |= {other.parent for other in used} & set(folders) - {path.parent}
    assert len(needs) > 5
    assert list(graphlib.TopologicalSorter(needs).static_order())


# Law: a floor of the headers needs none above it, and the documentation has every header on one.


def test_floors_of_headers() -> None:
    page = (CPP.parent / "docs" / "architecture.md").read_text()
    table = page.split("## Floors")[1].split("|---|---|---|\n")[1].split("\n\n")[0]
    floors = [re.findall("`([^`]+)`", row.split("|")[2]) for row in table.splitlines()]
    assert len(floors) > 8
    include = CPP / "include" / "keopsnb"
    level = {}
    for path in (p for p in headers() if include in p.parents):
        name = path.relative_to(include).as_posix()
        on = [(len(n), k) for k, names in enumerate(floors) for n in names if name.startswith(n)]
        level[path] = max(on)[1] if on else None
    assert [path.name for path, floor in level.items() if floor is None] == []
    upward = [
        f"{path.relative_to(include)} includes {other.relative_to(include)}"
        for path, used in headers().items()
        for other in used & set(level)
        if path in level and level[other] > level[path]
    ]
    assert upward == []
