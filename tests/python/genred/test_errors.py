"""Wrong uses: each gives an error that names what is wrong, shows it, and says what to write."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keopsnb import FormulaError, _core
from keopsnb._options import shown
from keopsnb.numpy import Genred

ALIASES = ["x = Vi(3)", "y = Vj(3)", "p = Pm(2)"]
FORMULA = "SqDist(x, y) * Sum(p)"
X, Y, P = np.ones((5, 3)), np.ones((4, 3)), np.ones(2)


def read_only(a: np.ndarray) -> np.ndarray:
    a.flags.writeable = False
    return a


# Law: a formula is refused where it stands, with the mistake underlined.

FORMULAS = [
    ("", 1, "The formula is empty. Write one, such as Exp(-SqDist(x, y)) * b."),
    ("exp(x)", 1, "There is no operation 'exp'. Did you mean 'Exp'?"),
    ("z", 1, "There is no variable 'z'. The variables are 'x', 'y' and 'p'."),
    ("x + p", 3, "but here 'x' has dimension 3 and 'p' has dimension 2."),
    ("Exp(x", 4, "This '(' is never closed: write ')'."),
    ("x ^ 2", 3, "There is no '^' in formulas: write a**b for a power."),
    ("x[0]", 2, "write Elem(f, index) for one component of f"),
    ("Pow(x, y)", 8, "Expected an integer, as in Pow(f, n), but found 'y'."),
    ("Elem(x, 3)", 1, "Elem takes (D), m -> 1  with -D <= m < D, but here 'x' has dimension 3"),
    ("x / 0", 5, "Here a formula is divided by the constant 0."),
    ("Grad(x, 3, y)", 9, "The second argument of Grad is a variable, but '3' is not one."),
    ("Grad(x, x, p)", 12, "The third argument of Grad has the dimension of the first"),
    ("__import__('os')", 1, "There is no operation '__import__'."),
    ("x\0", 2, "Found U+0000, which has no meaning in a formula."),
    ("x" + " + x" * 5000, None, "operations inside one another"),
    ("(" * 5000 + "x" + ")" * 5000, None, "parentheses, calls and signs inside one another"),
]


@pytest.mark.parametrize(("formula", "column", "message"), FORMULAS, ids=lambda v: str(v)[:20])
def test_formulas(formula: str, column: int | None, message: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)) as caught:
        Genred(formula, ALIASES)
    assert isinstance(caught.value, ValueError)
    assert column in (None, caught.value.column)
    lines = str(caught.value).split("\n")
    assert lines[-1].lstrip(" ").strip("~") == "^"
    assert column is None or lines[-1].index("^") == column - 1 + 2


@pytest.mark.parametrize(
    ("aliases", "message"),
    [
        (["x = Vi(0)"], "The dimension of a variable lies between 1 and 1000000"),
        (["x = vi(3)"], "Expected Vi, Vj, Pm or Var, but found 'vi'. Did you mean 'Vi'?"),
        (["x = Vi(3)", "x = Vj(3)"], "Two aliases are named 'x'"),
        (["x = Vi(1, 3)"], "variable 1 is declared and variable 0 is not."),
        ([""], "found the end of the text"),
    ],
)
def test_aliases(aliases: list[str], message: str) -> None:
    with pytest.raises(FormulaError, match=re.escape(message)):
        Genred("x", aliases)


# Law: so are options.


@pytest.mark.parametrize(
    ("arguments", "options", "error", "message"),
    [
        ((3, ALIASES), {}, TypeError, "formula is a int; write it as a string."),
        ((None, ALIASES), {}, TypeError, "formula is a NoneType; write it as a string."),
        (("x", "x = Vi(3)"), {}, TypeError, "aliases is 'x = Vi(3)'; write a list of strings"),
        (("x", None), {}, TypeError, "aliases is None; write a list of strings"),
        (("x", {"x": "Vi(3)"}), {}, TypeError, "aliases is {'x': 'Vi(3)'}; write a list"),
        (("x", [3]), {}, TypeError, "aliases is [3]; write a list of strings"),
        (("x", [["x = Vi(3)"]]), {}, TypeError, "aliases is [['x = Vi(3)']]; write a list"),
        (("x\ud800", ALIASES), {}, ValueError, "where character 1 is half of one; write ASCII."),
        (("x", ["\ud800 = Vi(3)"]), {}, ValueError, "alias 0 is '\\ud800 = Vi(3)', where"),
        (("x", ALIASES), {"axis": 2}, ValueError, "axis is 2; write axis=1 to reduce over j"),
        (("x", ALIASES), {"axis": -1}, ValueError, "axis is -1; write axis=1 to reduce over j"),
        (("x", ALIASES), {"axis": None}, ValueError, "axis is None; write axis=1"),
        (("x", ALIASES), {"axis": "1"}, ValueError, "axis is '1'; write axis=1"),
        (("x", ALIASES), {"axis": 1.0}, ValueError, "axis is 1.0; write axis=1"),
        (("x", ALIASES), {"axis": np.ones(2, int)}, ValueError, "axis is array([1, 1]); write"),
        (("x", ALIASES), {"axis": (False, True)}, ValueError, "axis is (False, True); write"),
        (("x", ALIASES), {"axis": (0.0, 1.0)}, ValueError, "axis is (0.0, 1.0); write axis=1"),
        (
            ("x", ALIASES),
            {"use_double_acc": np.ones(2)},
            TypeError,
            "use_double_acc is array([1., 1.]); write True or False.",
        ),
        (
            ("x", ALIASES),
            {"use_fast_math": []},
            TypeError,
            "use_fast_math is []; write True or False.",
        ),
        (("x", ALIASES), {"axis": 2**70}, ValueError, f"axis is {2**70}; write axis=1"),
        (("x", ALIASES), {"axis": 1 << 16609}, ValueError, "axis is an integer of 16610 bits; w"),
        (("x|y", ALIASES, "KMin", 0, None, 2**70), {}, ValueError, "opt_arg is an integer of 71 b"),
        (("x|y", ALIASES, "KMin", 0, None, -(2**70)), {}, ValueError, "opt_arg is an integer of 7"),
        (("x", ALIASES), {"dtype_acc": 2**70}, ValueError, "dtype_acc is 1180591620717411303424;"),
        (("x", ALIASES), {"dtype_acc": ["auto"]}, ValueError, "dtype_acc is ['auto']; write one"),
        (("x", ALIASES, "Sux"), {}, ValueError, "reduction_op is 'Sux'. Did you mean 'Sum'?"),
        (
            ("x", ALIASES, "?"),
            {},
            ValueError,
            "reduction_op is '?'; the reductions are 'Sum', 'Mean'",
        ),
        (("x", ALIASES, "KMin"), {}, ValueError, "needs the number K: write opt_arg=K."),
        (("x", ALIASES, "KMin", 0, None, 0), {}, ValueError, "opt_arg is 0, and for reduction_op="),
        (("x", ALIASES, "KMin", 0, None, 2000), {}, ValueError, "an integer from 1 to 1024."),
        (("x", ALIASES, "KMin", 0, None, 2.0), {}, TypeError, "opt_arg is 2.0; write an integer."),
        (("x", ALIASES, "Max"), {"formula2": "y"}, ValueError, "multiply the formula by it."),
        (("x|y", ALIASES, "SumSoftMaxWeight"), {}, ValueError, "write formula2='...'."),
        (("x", ALIASES, "Max"), {"sum_scheme": "kahan_scheme"}, ValueError, "which is for sums"),
        (("x", ALIASES, "Max"), {"use_double_acc": True}, ValueError, "which is for sums"),
        (("x", ALIASES, None), {}, TypeError, "reduction"),
        (("x", ALIASES), {"formula2": "y"}, ValueError, "multiply the formula by it."),
        (
            ("x", ALIASES, "LogSumExp"),
            {"formula2": "p"},
            ValueError,
            "formula2='p' has dimension 2, and the formula 3; for reduction_op='LogSumExp' they",
        ),
        (("x|y", ALIASES, "LogSumExp"), {"formula2": "z"}, FormulaError, "no variable 'z'"),
        (("x|y", ALIASES, "LogSumExp"), {"formula2": 3}, TypeError, "formula2 is a int; write"),
        (("x", ALIASES), {"opt_arg": 3}, ValueError, "opt_arg is 3, and reduction_op='Sum' takes"),
        (("x", ALIASES), {"dtype_acc": "half"}, ValueError, "dtype_acc is 'half'; write one"),
        (("x", ALIASES), {"sum_scheme": "kahan"}, ValueError, "sum_scheme is 'kahan'; write one"),
        (
            ("x", ALIASES),
            {"use_double_acc": True, "dtype_acc": "float32"},
            ValueError,
            "use_double_acc=True contradicts dtype_acc='float32'; give one.",
        ),
        (("x", ALIASES), {"nothing": 1}, TypeError, "unexpected keyword argument 'nothing'"),
    ],
    ids=shown,
)
def test_options(
    arguments: tuple[Any, ...], options: dict[str, Any], error: type, message: str
) -> None:
    with pytest.raises(error, match=re.escape(message)):
        Genred(*arguments, **options)


# Law: so are arguments of a call. The reduction works all the same afterwards.

Change = Callable[[], tuple[Any, ...]]
FLOATS = "write numpy.asarray(..., 'float32') or numpy.asarray(..., 'float64')."
X_IS = "argument 1 ('x') is "
X_SHAPE = "and should have shape (M, 3): it is an i-variable of dimension 3."
CALLS: list[tuple[Change, type, str]] = [
    (lambda: (), TypeError, "This formula takes 3 arguments (x, y, p), and 0 were given."),
    (lambda: (X, Y), TypeError, "This formula takes 3 arguments (x, y, p), and 2 were given."),
    (lambda: (X, Y, P, P), TypeError, "takes 3 arguments (x, y, p), and 4 were given."),
    (lambda: (X[:, :2], Y, P), ValueError, f"argument 1 ('x') has shape (5, 2), {X_SHAPE}"),
    (lambda: (X[0], Y, P), ValueError, f"argument 1 ('x') has shape (3,), {X_SHAPE}"),
    (
        lambda: (X[None, :, :2], Y, P),
        ValueError,
        "(1, 5, 2), and should have shape (M, 3), after batch dimensions: it is an i-variable of",
    ),
    (
        lambda: (np.stack([X, X]), np.stack([Y] * 3), P),
        ValueError,
        "argument 2 ('y') has the batch dimensions (3,), and the arguments before it (2,); they",
    ),
    (lambda: (X[0, 0], Y, P), ValueError, f"argument 1 ('x') has shape (), {X_SHAPE}"),
    (lambda: (np.ones((1,) * 32), Y, P), ValueError, "argument 1 ('x') has 32 dimensions"),
    (lambda: (X, Y.T, P), ValueError, "argument 2 ('y') has shape (3, 4), and should have shape "),
    (lambda: (X, Y, P[:1]), ValueError, "argument 3 ('p') has shape (1,), and should have shape "),
    (lambda: (X, Y, P[None, :1]), ValueError, "argument 3 ('p') has shape (1, 1), and should have"),
    (lambda: (X, Y, 1.0), TypeError, "argument 3 ('p') is a float; write numpy.asarray(...)"),
    (lambda: (X.tolist(), Y, P), TypeError, f"{X_IS}a list; write numpy.asarray(...) to make it"),
    (lambda: (None, Y, P), TypeError, f"{X_IS}a NoneType; write numpy.asarray(...) to make it"),
    (lambda: (b"abc", Y, P), TypeError, f"{X_IS}bytes; {FLOATS}"),
    (lambda: (X.astype(complex), Y, P), TypeError, f"{X_IS}complex128; {FLOATS}"),
    (
        lambda: (X.astype("float16"), Y, P),
        TypeError,
        "argument 2 ('y') is float64, and argument 1 ('x') is float16; all arguments must have one",
    ),
    (
        lambda: (np.full((5, 3), 1 << 40), Y.astype("float32"), P.astype("float32")),
        ValueError,
        "argument 1 ('x') holds 1099511627776, and beside numbers of 32 bits or fewer",
    ),
    (lambda: (X.astype("longdouble"), Y, P), TypeError, FLOATS),
    (lambda: (X.astype(">f8"), Y, P), TypeError, f"{X_IS}>f8; {FLOATS}"),
    (lambda: (X.astype(object), Y, P), TypeError, f"{X_IS}object; {FLOATS}"),
    (lambda: (X.astype("U3"), Y, P), TypeError, f"{X_IS}<U3; {FLOATS}"),
    (lambda: (X.astype("M8[s]"), Y, P), TypeError, f"{X_IS}datetime64[s]; {FLOATS}"),
    (lambda: (X.astype(">i4"), Y, P), TypeError, f"{X_IS}>i4; {FLOATS}"),
    (lambda: (np.ma.array(X, mask=X > 2), Y, P), TypeError, f"{X_IS}a masked array; write .filled"),
    (
        lambda: (np.full((5, 3), 1 << 63, "uint64"), Y, P),
        ValueError,
        "argument 1 ('x') holds integers of 2**63 or more; write it as float64.",
    ),
    (
        lambda: (np.full((5, 3), 1 << 31, "uint32"), Y.astype("float32"), P.astype("float32")),
        ValueError,
        "argument 1 ('x') holds 2147483648, and beside numbers of 32 bits or fewer",
    ),
    (lambda: (X.astype([("a", "f8")]), Y, P), TypeError, FLOATS),
    (
        lambda: (X.astype("float32"), Y, P),
        TypeError,
        "argument 2 ('y') is float64, and argument 1 ('x') is float32; all arguments must have one",
    ),
]
REDUCTION = Genred(FORMULA, ALIASES, axis=1)


@pytest.mark.parametrize(("change", "error", "message"), CALLS, ids=[m for _, _, m in CALLS])
def test_calls(change: Change, error: type, message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        REDUCTION(*change())
    assert REDUCTION(X, Y, P).tolist() == [[0.0]] * 5


def test_sizes_that_disagree() -> None:
    for k, message in [
        (1, "argument 3 ('z') has 6 rows, and argument 1 ('x') has 5; all i-variables must"),
        (0, "argument 3 ('z') has 6 rows, and argument 2 ('y') has 4; all j-variables must"),
    ]:
        reduction = Genred("x + y + z", [*ALIASES[:2], f"z = {['Vj', 'Vi'][k]}(3)"], axis=k)
        with pytest.raises(ValueError, match=re.escape(message)):
            reduction(X, Y, np.ones((6, 3)))


BACKENDS = (
    "write one of 'auto', 'CPU', 'GPU', 'GPU_1D', 'GPU_1D_device', 'GPU_1D_host', 'GPU_2D', "
    "'GPU_2D_device', 'GPU_2D_host'."
)
GPU_NUMBER = "write the number of a GPU, from 0, or -1 for that of the arguments."


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"backend": "gpu"}, ValueError, f"backend is 'gpu'; {BACKENDS}"),
        ({"backend": None}, ValueError, f"backend is None; {BACKENDS}"),
        ({"backend": "GPU_2D_device"}, TypeError, f"{X_IS}in host memory, and backend='GPU_2D_d"),
        ({"device_id": -2}, ValueError, f"device_id is -2; {GPU_NUMBER}"),
        ({"device_id": None}, TypeError, f"device_id is None; {GPU_NUMBER}"),
        ({"device_id": "0"}, TypeError, f"device_id is '0'; {GPU_NUMBER}"),
        ({"device_id": 2**70}, TypeError, f"device_id is {2**70}; {GPU_NUMBER}"),
        ({"device_id": 1 << 20000}, TypeError, f"device_id is too long; {GPU_NUMBER}"),
        ({"ranges": ()}, TypeError, "ranges is tuple; write a tuple of ranges_i, slices_i"),
    ],
    ids=shown,
)
def test_options_of_calls(options: dict[str, Any], error: type, message: str) -> None:
    with pytest.raises(error, match=re.escape(message)):
        REDUCTION(X, Y, P, **options)


MEMORY = np.ones(20)
OUTS: list[tuple[Any, type, str]] = [
    (np.zeros((5, 2)), ValueError, "out should have shape (5, 1)"),
    (np.zeros(5), ValueError, "out should have shape (5, 1)"),
    (np.zeros((0, 1)), ValueError, "out should have shape (5, 1)"),
    (np.zeros((5, 1), "float32"), TypeError, "out is float32, and the arguments are float64."),
    (np.zeros((5, 1), int), TypeError, "out is int64, and the arguments are float64."),
    (np.zeros((5, 1), bool), TypeError, "out is none of float32, float64, float16 and int64."),
    (np.zeros((10, 1))[::2], ValueError, "out is not C-contiguous; write numpy.empty(...)"),
    (read_only(np.zeros((5, 1))), TypeError, "cannot be written to; give a writable NumPy array."),
    ([[0.0]] * 5, TypeError, "out is a list that cannot be written to"),
    (MEMORY[14:19].reshape(5, 1), ValueError, "out shares memory with an argument; give an array"),
]


@pytest.mark.parametrize(("out", "error", "message"), OUTS, ids=[m for _, _, m in OUTS])
def test_out(out: Any, error: type, message: str) -> None:
    x = MEMORY[:15].reshape(5, 3)
    with pytest.raises(error, match=re.escape(message)):
        REDUCTION(x, Y, P, out=out)
    assert (x == 1).all()


def test_out_beside_an_argument() -> None:
    out = MEMORY[15:].reshape(5, 1)
    assert REDUCTION(MEMORY[:15].reshape(5, 3), Y, P, out=out) is out
    assert not out.any()


# Law: nor does anything happen when the module underneath is used wrongly.


def test_threads() -> None:
    for n in (0, -3):
        with pytest.raises(
            ValueError, match=f"The number of threads is {n}. Give a number of 1 or"
        ):
            _core.set_num_threads(n)
    for n in ("2", 2.5, None):
        with pytest.raises(TypeError):
            _core.set_num_threads(n)
    assert _core.get_num_threads() >= 1


def test_integers_of_any_kind_are_options() -> None:
    for axis in (np.int64(1), np.int8(0), np.array(1)):
        reduction = Genred("x|y", ALIASES[:2], "KMin", axis, opt_arg=np.int32(2))  # type: ignore[arg-type]
        assert reduction(X, Y).shape == ((5, 4)[1 - int(axis)], 2)
        assert Genred("x", ALIASES[:2], axis=axis)(X, Y, device_id=np.int64(-1)).ndim == 2  # type: ignore[arg-type]
