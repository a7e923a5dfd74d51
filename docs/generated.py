"""Files that are generated: written, or compared with `--check`."""

import sys
from collections.abc import Callable
from pathlib import Path


def main(script: str, pages: Callable[[], dict[Path, str]]) -> int:
    """Write the pages that are not as they should be, or say which: the exit status of a script."""
    wrong = {
        page: text
        for page, text in pages().items()
        if not page.exists() or page.read_text() != text
    }
    for page, text in wrong.items():
        if "--check" in sys.argv:
            print(f"{page.name} is not what it is generated from: run python {script}.")
        else:
            page.write_text(text)
    return 1 if wrong and "--check" in sys.argv else 0
