"""Operations and reductions that a header of the user's defines."""

import re
from pathlib import Path

import numpy as np
import pytest

from keopsnb import CompileError, FormulaError
from keopsnb.numpy import Genred

HEADER = Path(__file__).with_name("own.hpp")
ALIASES = ["x = Vi(2)", "y = Vj(2)", "e = Vi(2)"]


def arguments() -> tuple[np.ndarray, ...]:
    random = np.random.default_rng(3)
    return tuple(random.uniform(0.3, 2, (n, 2)) for n in (5, 9, 5))


def swish(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return a * b / (1 + np.exp(-a))


# Law: they are used, broadcast and differentiated as those of the catalogue.


def test_operations() -> None:
    x, y, e = arguments()
    a = x[:, None] - y[None]
    found = Genred("Softstep(x - y)", ALIASES, axis=1, header=HEADER)(x, y, e)
    np.testing.assert_allclose(found, (a / (1 + abs(a))).sum(1))
    gradient = Genred("Grad(Softstep(x - y), x, e)", ALIASES, axis=1, header=str(HEADER))
    np.testing.assert_allclose(gradient(x, y, e), (e[:, None] / (1 + abs(a)) ** 2).sum(1))
    text = HEADER.read_text()
    found = Genred("Swish2(x, Elem(y, 0))", ALIASES, axis=1, header=text)(x, y, e)
    np.testing.assert_allclose(found, swish(x[:, None], y[None, :, :1]).sum(1))
    h = 1e-6
    forward = Genred("Diff(Swish2(x, Elem(y, 0)), x, e)", ALIASES, axis=1, header=text)(x, y, e)
    moved = [swish((x + s * h * e)[:, None], y[None, :, :1]).sum(1) for s in (1, -1)]
    np.testing.assert_allclose(forward, (moved[0] - moved[1]) / (2 * h), rtol=1e-8)


@pytest.mark.parametrize("axis", [1, 0])
def test_reduction(axis: int) -> None:
    x, y, e = arguments()
    found = Genred("x - y", ALIASES, "MaxAbs", axis, header=HEADER)(x, y, e)
    np.testing.assert_array_equal(found, abs(x[:, None] - y[None]).max(axis))


# Law: a row is read wherever C++ has one, and nowhere else; with no compiler too, where neither
# conditions nor macros of the header's own bear on it.

ROW = "KEOPSNB_UNARY_OPERATION({0}, f{0}, a, 1_c)\n"
ONCE = ROW.format("Once")


@pytest.mark.parametrize("compiler", [None, "/nowhere/c++"])
@pytest.mark.parametrize(
    ("before", "behind"),
    [
        ("constexpr char quote = '\"';", ""),
        ("constexpr int thousand = 1'000; constexpr char quote = '\"'; /* \" */", "// '"),
        ('constexpr const char* quotes = "\\"\'";', ""),
        (f'constexpr const char* text = R"(" {ROW.format("No")})";', ""),
        (f'constexpr const char* text = u8R"a(" )" {ROW.format("No")})a";', ""),
        ("// a comment that goes on \\\n" + ROW.format("No"), ""),
        ("#define KEOPSNB_MINE " + ROW.format("No"), ""),
        ("KEOPSNB_UNARY_OPERATION /* with */\n (Swish, // two\n swish, a, 1_c) int k = 0;", ""),
    ],
)
def test_rows(
    before: str, behind: str, compiler: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if compiler:
        monkeypatch.setenv("KEOPSNB_CXX", compiler)
    header = f"{before}\n{ONCE}{behind}"
    Genred("Once(x)", ALIASES, header=header)
    with pytest.raises(FormulaError, match="There is no operation 'No'"):
        Genred("No(x)", ALIASES, header=header)
    if "Swish" in before:
        Genred("Swish(x)", ALIASES, header=header)


def test_what_the_preprocessor_decides(tmp_path: Path) -> None:
    other = tmp_path / "other.hpp"
    other.write_text(ROW.format("Included"))
    header = (
        f'#include "{other}"\n#include <keopsnb/user.hpp>\n'
        f"#if 0\n{ROW.format('No')}#else\n{ONCE}#endif\n"
        "#define MINE(name) KEOPSNB_UNARY_OPERATION(My##name, my_##name, a * a, 2_c * a)\n"
        "MINE(Square)\n"
    )
    x, y, e = arguments()
    found = Genred("MySquare(x) + Once(y) + Included(y)", ALIASES, axis=1, header=header)(x, y, e)
    np.testing.assert_allclose(found, (x[:, None] ** 2 + 2 * y[None]).sum(1))
    with pytest.raises(FormulaError, match="There is no operation 'No'"):
        Genred("No(x)", ALIASES, header=header)


# Law: what is wrong is said.


def test_errors() -> None:
    with pytest.raises(FormulaError, match="There is no operation 'Softstep'"):
        Genred("Softstep(x)", ALIASES)
    with pytest.raises(FormulaError, match=re.escape("There is no operation 'No'")):
        Genred("No(x)", ALIASES, header=HEADER)
    with pytest.raises(FormulaError, match="as in Swish2\\(f, g\\)"):
        Genred("Swish2(x)", ALIASES, header=HEADER)
    with pytest.raises(FileNotFoundError):
        Genred("x", ALIASES, header="nowhere.hpp")
    with pytest.raises(ValueError, match="'Sum' of the header has the name of another one"):
        Genred("x", ALIASES, header="KEOPSNB_REDUCTION(Sum, mine, values)\n")
    with pytest.raises(TypeError, match="header is 3; write the text of a C\\+\\+ header"):
        Genred("x", ALIASES, header=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="nor the path of a file of UTF-8"):
        Genred("x", ALIASES, header="\ud800")
    with pytest.raises(ValueError, match="whose arguments do not begin with two names"):
        Genred("x", ALIASES, header="KEOPSNB_UNARY_OPERATION(3, f)")
    with pytest.raises(ValueError, match="gives 'lists'; write values, indices or both"):
        Genred("x", ALIASES, header="KEOPSNB_REDUCTION(A, f, lists)")
    wrong = Genred("x - y", ALIASES, "Wrong", header="KEOPSNB_REDUCTION(Wrong, no_such, values)")
    with pytest.raises(CompileError, match="no_such"):
        wrong(*arguments())
    indices = HEADER.read_text().replace("max_abs, values", "max_abs, both")
    with pytest.raises(CompileError, match="says something else than the members"):
        Genred("x - y", ALIASES, "MaxAbs", header=indices)(*arguments())
