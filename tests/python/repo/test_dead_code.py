"""Declarations are used."""

import re
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "cpp"


def texts(*patterns: str) -> str:
    return "\n".join(
        path.read_text() for pattern in patterns for path in sorted(SOURCE.glob(pattern))
    )


# Law: every function that a library of NVIDIA's is asked for is called: one that lacks another is
# not refused.


@pytest.mark.parametrize("table", ["KEOPSNB_CUDA_FUNCTIONS", "KEOPSNB_NVRTC_FUNCTIONS"])
def test_functions_of_libraries(table: str) -> None:
    rows = texts("src/cuda/api.hpp").split(f"#define {table}(X)")[1].split("\n\n")[0]
    names = re.findall(r"X\((\w+),", rows)
    calls = texts("src/**/*.[hc]pp").replace(rows, "")
    assert len(names) > 10
    assert [name for name in names if not re.search(rf"\b{name}\b", calls)] == []


# Law: every macro of the configuration is asked for somewhere else than where it is defined.


def test_macros_of_the_configuration() -> None:
    names = set(re.findall(r"#define (KEOPSNB_\w+)", texts("include/keopsnb/config.hpp")))
    used = re.sub(r"#(define|undef) \w+", "", texts("include/**/*.[hd]*", "src/**/*.[hc]pp"))
    assert len(names) > 10
    assert [name for name in sorted(names) if not re.search(rf"\b{name}\b", used)] == []
