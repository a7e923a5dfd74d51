"""Reductions of NumPy arrays against dense NumPy in float64."""

import itertools
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from keopsnb.numpy import Genred

DTYPES = ["float32", "float64"]
GAUSSIAN = "Exp(-SqDist(x, y) * g) * b"
ALIASES = ["x = Vi(3)", "y = Vj(3)", "b = Vj(2)", "g = Pm(1)"]


def gaussian_arguments(M: int, N: int, dtype: str) -> list[np.ndarray]:
    random = np.random.default_rng(M + 1000 * N)
    shapes = [(M, 3), (N, 3), (N, 2), (1,)]
    return [random.uniform(0.5, 1.5, shape).astype(dtype) for shape in shapes]


def dense(arguments: list[np.ndarray], axis: int, *, log: bool = False) -> np.ndarray:
    x, y, b, g = (a.astype("float64") for a in arguments)
    exponent = -((x[:, None] - y[None]) ** 2).sum(-1, keepdims=True) * g
    with np.errstate(divide="ignore"):
        value = (np.exp(exponent) * b[None]).sum(axis)
        return np.log(value) if log else value


def check(found: np.ndarray, expected: np.ndarray, dtype: str, error: float = 32) -> None:
    assert isinstance(found, np.ndarray)
    assert found.dtype == dtype
    assert found.shape == expected.shape
    eps = float(np.finfo(dtype).eps)
    np.testing.assert_allclose(found, expected, rtol=error * eps, atol=error * eps)


# Law: a reduction is the dense one, for any sizes: 0, 1, around the number of rows in a tile and
# the length of a block, and primes.

SIZES = [0, 1, 2, 7, 8, 9, 15, 17, 31, 32, 33, 63, 64, 65, 127, 129, 257, 1031]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("log", [False, True], ids=["Sum", "LogSumExp"])
def test_sizes(log: bool, axis: int, dtype: str) -> None:
    if log:
        formula = "-SqDist(x, y) * g"
        reduction = Genred(formula, ALIASES, "LogSumExp", axis=axis, formula2="b")
    else:
        reduction = Genred(GAUSSIAN, ALIASES, "Sum", axis=axis)
    for M, N in itertools.product(SIZES, SIZES):
        arguments = gaussian_arguments(M, N, dtype)
        out = np.full(((M, N)[1 - axis], 2), np.nan, dtype)
        assert reduction(*arguments, out=out) is out
        check(out, dense(arguments, axis, log=log), dtype)


def test_an_empty_reduction_is_the_neutral_element() -> None:
    x, y = np.ones((3, 1)), np.ones((0, 1))
    aliases = ["x = Vi(1)", "y = Vj(1)"]
    assert Genred("x * y", aliases, axis=1)(x, y).tolist() == [[0.0]] * 3
    assert Genred("x * y", aliases, axis=0)(x, y).shape == (0, 1)
    lse = Genred("x * y", aliases, "LogSumExp", axis=1)
    assert lse(x, y).tolist() == [[-np.inf]] * 3
    assert Genred("x * y", aliases, "LogSumExp", axis=0)(x, y).shape == (0, 1)


# Law: an index that no variable has takes one value; one that the formula does not use counts.


@pytest.mark.parametrize("dtype", DTYPES)
def test_missing_indices(dtype: str) -> None:
    x = np.random.default_rng(0).uniform(-1, 1, (19, 3)).astype(dtype)
    y = np.ones((5, 1), dtype)
    square = (x.astype("float64") ** 2).sum(-1, keepdims=True)
    check(Genred("SqNorm2(x)", ["x = Vi(3)"], axis=1)(x), square, dtype)
    check(Genred("SqNorm2(x)", ["x = Vi(3)"], axis=0)(x), square.sum(0, keepdims=True), dtype)
    check(Genred("SqNorm2(x)", ["x = Vj(3)"], axis=1)(x), square.sum(0, keepdims=True), dtype)
    check(Genred("SqNorm2(x)", ["x = Vj(3)"], axis=0)(x), square, dtype)
    unused = ["x = Vi(3)", "y = Vj(1)"]
    check(Genred("SqNorm2(x)", unused, axis=1)(x, y), 5 * square, dtype)
    check(Genred("2 * p", ["p = Pm(3)"], axis=1)(x[0]), 2 * x[:1].astype("float64"), dtype)
    assert Genred("0.5", ["y = Vj(1)"], axis=1)(y).tolist() == [[2.5]]


# Law: any layout in memory gives what a contiguous copy gives, and no argument is changed.


def layouts(a: np.ndarray) -> dict[str, np.ndarray]:
    wide = np.full((2 * a.shape[0], a.shape[1] + 3), np.nan, a.dtype)
    wide[::2, 1:-2] = a
    shifted = np.zeros(a.nbytes + 1, "uint8")[1:].view("uint8")
    unaligned = np.frombuffer(shifted.data, a.dtype).reshape(a.shape)
    unaligned[...] = a
    read_only = a.copy()
    read_only.flags.writeable = False
    return {
        "strided": wide[::2, 1:-2],
        "Fortran": np.asfortranarray(a),
        "transposed": np.ascontiguousarray(a.T).T,
        "reversed": np.ascontiguousarray(a[::-1])[::-1],
        "read-only": read_only,
        "unaligned": unaligned,
    }


@pytest.mark.parametrize("dtype", DTYPES)
def test_layouts(dtype: str) -> None:
    reduction = Genred(GAUSSIAN, ALIASES, axis=1)
    arguments = gaussian_arguments(13, 7, dtype)
    expected = reduction(*arguments)
    for k, a in enumerate(arguments[:3]):
        for name, other in layouts(a).items():
            before = other.copy()
            given = [*arguments[:k], other, *arguments[k + 1 :]]
            np.testing.assert_array_equal(reduction(*given), expected, err_msg=f"{k}, {name}")
            np.testing.assert_array_equal(other, before)


@pytest.mark.parametrize("dtype", DTYPES)
def test_broadcast_views_and_parameters(dtype: str) -> None:
    reduction = Genred(GAUSSIAN, ALIASES, axis=1)
    x, y, b, g = gaussian_arguments(13, 7, dtype)
    same = [np.broadcast_to(a[:1], a.shape) for a in (x, y, b)]
    check(reduction(*same, g), dense([*same, g], 1), dtype)
    for parameter in (g[0].reshape(()), g[0].reshape(1), np.broadcast_to(g, (1,))):
        np.testing.assert_array_equal(reduction(x, y, b, parameter), reduction(x, y, b, g))
    matrix = x.view(type("Subclass", (np.ndarray,), {}))
    np.testing.assert_array_equal(reduction(matrix, y, b, g), reduction(x, y, b, g))
    memory = [memoryview(a) for a in (x, y, b, g)]
    np.testing.assert_array_equal(reduction(*memory), reduction(x, y, b, g))


# Law: vectors of any length work, as operands and as results.


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("D", [4, 8, 9, 64, 100, 1000, 5000])
def test_long_vectors(D: int, dtype: str) -> None:
    random = np.random.default_rng(D)
    x, y = (random.normal(size=(n, D)).astype(dtype) for n in (9, 6))
    aliases = [f"x = Vi({D})", f"y = Vj({D})"]
    formula = f"Concat((x | y) / {D}, x * y - 0.5, Exp(-SqDist(x, y) / {D}) * y)"
    found = Genred(formula, aliases, axis=1)(x, y)
    X, Y = x.astype("float64")[:, None], y.astype("float64")[None]
    kernel = np.exp(-((X - Y) ** 2).mean(-1, keepdims=True))
    parts = [(X * Y).mean(-1, keepdims=True), X * Y - 0.5, kernel * Y]
    expected = np.concatenate([p.sum(1) for p in parts], -1)
    check(found, expected, dtype, 32 + 2 * D**0.5)  # sums over components are plain


# Law: numbers in a formula are those of float64, exactly.


def test_literals() -> None:
    texts = ["0.1", "1e-300", "1 / 3", "3.141592653589793", "RatCst(1, 7)", "IntInv(49)", "-.1"]
    values = [0.1, 1e-300, 1 / 3, 3.141592653589793, 1 / 7, 1 / 49, -0.1]
    found = Genred(f"Concat({', '.join(texts)})", ["x = Vi(1)"], axis=1)(np.ones((1, 1)))
    assert found[0].tolist() == values
    single = Genred("0.1 * x", ["x = Vi(1)"], axis=1)(np.ones((1, 1), "float32"))
    assert single[0, 0] == np.float32(0.1)


def test_many_variables() -> None:
    random = np.random.default_rng(5)
    x = [random.normal(size=(n, 2)) for n in [11, 6] * 5]
    aliases = [f"x{k} = V{'ij'[k % 2]}(2)" for k in range(10)]
    found = Genred(" + ".join(f"{k} * x{k}" for k in range(10)), aliases, axis=0)(*x)
    pairs = [np.expand_dims(a, 1 - k % 2) for k, a in enumerate(x)]
    check(found, sum(k * a for k, a in enumerate(pairs)).sum(0), "float64")


# Law: Grad(F, v, e) is J^T e; here of a Gaussian, where J is known.


def test_gradient_formulas() -> None:
    random = np.random.default_rng(7)
    x, y, e = (random.normal(size=(n, 2)) for n in (9, 6, 9))
    aliases = ["x = Vi(2)", "y = Vj(2)", "e = Vi(2)"]
    f = "Exp(-SqDist(x, y))"
    d = x[:, None] - y[None]
    k = np.exp(-(d**2).sum(-1, keepdims=True))
    first = Genred(f"Grad({f}, x, 1)", aliases, axis=1)(x, y, e)
    check(first, (-2 * d * k).sum(1), "float64")
    hessian = Genred(f"Grad(Grad({f}, x, 1), x, e)", aliases, axis=1)(x, y, e)
    inner = (d * e[:, None]).sum(-1, keepdims=True)
    check(hessian, ((4 * d * inner - 2 * e[:, None]) * k).sum(1), "float64", 64)
    mixed = Genred(f"Grad(Grad({f}, x, 1), y, e)", aliases, axis=1)(x, y, e)
    check(mixed, -((4 * d * inner - 2 * e[:, None]) * k).sum(1), "float64", 64)
    implicit = Genred("Grad(SqDist(x, y), x)", aliases[:2], axis=1)  # e becomes a j-variable
    check(implicit(x, y, e[:6, :1]), (2 * d * e[None, :6, :1]).sum(1), "float64")


# Law: summation options change rounding, never the result.


@pytest.mark.parametrize(
    "options",
    [
        *({"dtype_acc": v} for v in ("auto", "float32", "float64")),
        *({"sum_scheme": v} for v in ("auto", "direct_sum", "block_sum", "kahan_scheme")),
        {"use_double_acc": True},
        {"enable_chunks": False, "rec_multVar_highdim": True, "use_fast_math": False},
    ],
    ids=str,
)
def test_options(options: dict[str, object]) -> None:
    for dtype in DTYPES:
        arguments = gaussian_arguments(20, 999, dtype)
        found = Genred(GAUSSIAN, ALIASES, axis=1, **options)(*arguments, backend="CPU", device_id=0)
        check(found, dense(arguments, 1), dtype)


def test_options_without_effect_warn() -> None:
    for name in ("dtype", "cuda_type"):
        with pytest.warns(DeprecationWarning, match=f"^{name} has no effect"):
            Genred(GAUSSIAN, ALIASES, **{name: "float32"})


# Law: NumPy is all it takes.


def test_torch_may_be_absent(tmp_path: Path) -> None:
    code = """
import sys
class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "torch":
            raise ModuleNotFoundError("No module named 'torch'", name="torch")
sys.meta_path.insert(0, Blocker())
import numpy, keopsnb.numpy
x = numpy.ones((3, 1))
print(keopsnb.numpy.Genred("x", ["x = Vi(1)"], axis=0)(x).item())
try:
    import keopsnb.torch
except ModuleNotFoundError as error:
    print(error.name)
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.stdout, done.stderr) == ("3.0\ntorch\n", "")
    assert list(tmp_path.iterdir()) == []
