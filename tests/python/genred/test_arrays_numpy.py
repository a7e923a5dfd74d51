"""Arrays that are not plain: nothing of them is lost, and nothing is read where it does not lie."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from processes import python

from keopsnb.numpy import Genred, KernelSolve, Vi, Vj

DOUBLE = Genred("2 * x", ["x = Vi(2)"], axis=1)


def test_arrays_of_a_gpu_are_named() -> None:
    class Array:
        __cuda_array_interface__ = None

    with pytest.raises(TypeError, match=r"argument 1 \('x'\) is a .*Array in the memory of a GPU"):
        Genred("x", ["x = Vi(2)"], axis=0)(Array())


def test_a_mask_is_not_ignored() -> None:
    x = np.ma.masked_array(np.ones((3, 2)), mask=np.eye(3, 2))
    with pytest.raises(TypeError, match=r"argument 1 \('x'\) is a masked array; write .filled"):
        DOUBLE(x)
    np.testing.assert_array_equal(DOUBLE(x.filled(5)), 2 * x.filled(5))


def test_unaligned_arrays_are_read_right() -> None:
    values = np.random.default_rng(0).random((7, 2))
    x = np.frombuffer(b"?" + values.tobytes(), np.uint8)[1:].view(np.float64).reshape(7, 2)
    assert not x.flags.aligned
    np.testing.assert_array_equal(DOUBLE(x), 2 * values)


# Law: what shows an array by a protocol of NumPy or by DLPack is that array; results are NumPy's.


class Interface:
    def __init__(self, x: np.ndarray) -> None:
        self._x = x
        self.__array_interface__ = x.__array_interface__


class Dlpack:
    def __init__(self, x: np.ndarray, device: tuple[int, int] = (1, 0)) -> None:
        self._x, self._device = x, device

    def __dlpack__(self, **options: Any) -> Any:
        return self._x.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._device


class Convertible:
    """As data frames are."""

    def __init__(self, x: np.ndarray) -> None:
        self._x = x

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self._x


class Refusing:
    """As arrays on a GPU are, whose library copies nothing unasked."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise TypeError("Implicit conversion is not allowed")


X, Y = (np.random.default_rng(k).random((n, 2)) for k, n in ((0, 5), (1, 7)))
PRODUCT = Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], axis=1)
EXPECTED = X * Y.sum(0)
FOREIGN = [Interface, Dlpack, Convertible]


@pytest.mark.parametrize("made", FOREIGN, ids=lambda made: made.__name__)
def test_arrays_of_other_libraries(made: Any) -> None:
    for args in ((made(X), Y), (X, made(Y)), (made(X), made(Y))):
        found = PRODUCT(*args)
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, EXPECTED, rtol=1e-14)
    lazy = Vi(made(X)) * Vj(Y)
    np.testing.assert_allclose(lazy.sum(axis=1), EXPECTED, rtol=1e-14)
    np.testing.assert_allclose((lazy * made(X[0])).sum(1), EXPECTED * X[0], rtol=1e-14)
    scalar = Vi(X) | Vj(Y)
    np.testing.assert_allclose(scalar @ made(np.ones(7)), X @ Y.sum(0), rtol=1e-14)
    composed = Genred("x * y", ["x = Vi(2)", "y = Vj(2)"], "Mean", axis=1)
    np.testing.assert_allclose(composed(made(X), made(Y)), EXPECTED / 7, rtol=1e-14)
    solve = KernelSolve("x * y * b", ["x = Vi(1)", "y = Vj(1)", "b = Vj(1)"], "b", axis=1)
    one = np.ones((1, 1))
    np.testing.assert_allclose(solve(made(one), made(one), made(one), alpha=1.0), one / 2)


def test_arrays_that_cannot_be_shown() -> None:
    for on_gpu in (Dlpack(X, (2, 0)), Dlpack(X, (10, 0))):
        with pytest.raises(TypeError, match="argument 1 is a .*Dlpack that is not in host memory"):
            PRODUCT(on_gpu, Y)
        with pytest.raises(TypeError, match="An operand is a .* not in host memory"):
            Vi(on_gpu)
    with pytest.raises(TypeError, match=r"argument 2 is a .*Refusing.*\(Implicit conversion"):
        PRODUCT(X, Refusing())
    with pytest.raises(TypeError, match="argument 1 .* is object; write numpy.asarray"):
        PRODUCT(Convertible(X.astype(object)), Y)


# Law: how an array lies in memory does not matter; a dtype without kernels is named.


def test_files_and_subclasses(tmp_path: Path) -> None:
    on_disk = np.memmap(tmp_path / "x", dtype=X.dtype, mode="w+", shape=X.shape)
    on_disk[:] = X
    on_disk.flush()
    read_only = np.memmap(tmp_path / "x", dtype=X.dtype, mode="r", shape=X.shape)

    class Special(np.ndarray):
        pass

    for x in (on_disk, read_only, read_only[::-1], X.view(np.matrix), X.view(Special)):
        found = PRODUCT(x, Y)
        assert type(found) is np.ndarray
        np.testing.assert_allclose(found, np.asarray(x) * Y.sum(0), rtol=1e-14)
    to = np.memmap(tmp_path / "out", dtype=X.dtype, mode="w+", shape=X.shape)
    assert PRODUCT(X, Y, out=to) is to
    np.testing.assert_allclose(to, EXPECTED, rtol=1e-14)


# Law: sizes beyond any memory are refused, whatever their product is modulo 2**64; of no numbers
# there may be any number of batches.


def test_sizes_beyond_memory() -> None:
    four = Genred("x*y*z*p", ["x = Vi(1)", "y = Vj(1)", "z = Vj(1)", "p = Pm(1)"], axis=1)
    for n in (2**16, 2**17 + 1, 2**20):
        sides = [np.ones([n if k == d else 1 for k in range(4)] + [1, 1]) for d in range(4)]
        with pytest.raises(ValueError, match=r"broadcast to the batch dimensions .* in parts"):
            four(*sides[:3], sides[3][..., 0])
    with pytest.raises((MemoryError, ValueError)):
        PRODUCT(np.broadcast_to(X[0], (2**61, 2)), Y)
    with pytest.raises(MemoryError):
        PRODUCT(np.ones((2**19, 1, 1, 2)), np.ones((1, 2**19, 1, 2)))
    for shape in ((2**40, 0, 2), (2**20, 2**20, 0, 2), (0, 2**40, 1, 2)):
        assert PRODUCT(np.empty(shape), Y).shape == shape


def test_layouts() -> None:
    wide = np.random.default_rng(2).random((10, 4))
    frozen = X.copy()
    frozen.flags.writeable = False
    layouts = [
        frozen,
        np.asfortranarray(X),
        wide[::2, ::2],
        X[::-1],
        np.broadcast_to(X[:1], (5, 2)),
        np.broadcast_to(1.5, (5, 2)),
        np.lib.stride_tricks.as_strided(wide, (5, 2), (8, 8)),
        np.zeros((0, 2)),
    ]
    for x in layouts:
        np.testing.assert_allclose(PRODUCT(x, Y), np.asarray(x) * Y.sum(0), rtol=1e-14)
        np.testing.assert_allclose((Vi(x) * Vj(Y)).sum(1), np.asarray(x) * Y.sum(0), rtol=1e-14)
    assert not frozen.flags.writeable


# Law: truth values and integers of any width are numbers; of indices, truth values are none.

INTEGERS = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integers_of_any_width(dtype: str) -> None:
    random = np.random.default_rng(3)
    least = 0 if dtype[0] in "?u" else -100
    whole = random.integers(least, 2 if dtype == "?" else 100, size=(14, 4)).astype(dtype)
    for y in (whole[::2, :2], whole[:7, ::-2], np.asfortranarray(whole[7:, 1:3])):
        for number in ("float64", "float32", "float16"):
            x = X.astype(number)
            found = PRODUCT(x, y)
            assert found.dtype == number
            wanted = x.astype("float64") * y.astype("float64").sum(0)
            np.testing.assert_allclose(found, wanted, rtol=2e-3 if number == "float16" else 1e-6)
            lazy = (Vi(x) * Vj(y)).sum(axis=1)
            assert np.array_equal(lazy, found)
    alone = PRODUCT(whole[:, :2], whole[:, 2:])
    assert alone.dtype == ("float64" if dtype in ("u4", "u8", "i8") else "float32")
    assert np.array_equal(alone, whole[:, :2] * whole[:, 2:].astype("float64").sum(0))
    table, k = np.arange(300.0), np.array([[2], [0], [1]]).astype(dtype)
    take = Genred("Take(t, k)", ["t = Pm(300)", "k = Vj(1)"], axis=1)
    if dtype == "?":
        message = r"argument 2 \('k'\) is bool, and the formula reads it as an index; write"
        with pytest.raises(TypeError, match=message):
            take(table, k)
    else:
        assert take(table, k).tolist() == [[3.0]]


@pytest.mark.parametrize("dtype", [">f8", "O", "c16", "g", ">i2", "S3", "M8[s]", "f8,f8"])
def test_dtypes_without_kernels(dtype: str) -> None:
    if np.dtype(dtype) == np.float64:  # where long double is no wider
        pytest.skip("long double is float64 here")
    if np.dtype(">f8").isnative and dtype == ">f8":
        dtype = "<f8"
    x = np.zeros((5, 2), dtype)
    with pytest.raises(TypeError, match=r"argument 1 \('x'\) is .*; write numpy.asarray\("):
        PRODUCT(x, Y)


# Law: a call of narrow numbers takes no memory but that of its result.


def test_narrow_numbers_are_not_copied() -> None:
    code = """
from pathlib import Path
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
nearest = Genred("SqDist(x, y)", ["x = Vi(3)", "y = Vj(3)"], "Min", axis=1)
x, y = np.ones((4_000_000, 3), "float16"), np.ones((2, 3), "float16")
nearest(x[:1000], y)
before = peak()
result = nearest(x, y)
print(peak() - before - result.nbytes // 1024)
"""
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc")
    assert int(python(code, {})) < 4_000  # kilobytes; the arrays have 23,000
