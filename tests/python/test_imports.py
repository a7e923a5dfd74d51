"""How the modules of the package stand above one another."""

import ast
import graphlib
from collections.abc import Iterator
from pathlib import Path

import keopsnb

PACKAGE = Path(keopsnb.__file__).parent


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
