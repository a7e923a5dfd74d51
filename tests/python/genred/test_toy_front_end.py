"""Law: a front end in Python alone, over memory that shows a buffer, computes what NumPy's does."""

from typing import Any

import numpy as np
import pytest
from toy_front_end import Genred, Rows

import keopsnb.numpy

X, Y = np.random.default_rng(0).uniform(-1, 1, (2, 7, 3))
XY = ["x = Vi(3)", "y = Vj(3)"]


def toy(values: np.ndarray) -> Rows:
    return Rows.of(values.tolist(), values.dtype.char)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("reduction", "option"),
    [("Sum", None), ("LogSumExp", None), ("ArgMin", None), ("Max_ArgMax", None), ("KMin", 2)],
)
def test_values(reduction: str, option: int | None, dtype: str) -> None:
    x, y = X.astype(dtype), Y.astype(dtype)
    wanted = keopsnb.numpy.Genred("SqDist(x, y)", XY, reduction, axis=1, opt_arg=option)(x, y)
    found = Genred("SqDist(x, y)", XY, reduction, axis=1, opt_arg=option)(toy(x), toy(y))
    for one, other in zip(
        found if isinstance(found, tuple) else (found,),
        wanted if isinstance(wanted, tuple) else (wanted,),
        strict=True,
    ):
        assert one.tolist() == other.tolist()


def test_truth_values_and_integers() -> None:
    taken = Genred("Take(t, k)", ["t = Pm(3)", "k = Vj(1)"], axis=0)
    table = Rows(toy(X).numbers[:3], (3,))
    assert taken(table, Rows.of([[2], [0]], "q")).tolist() == [[X[0, 2]], [X[0, 0]]]
    below = Genred("x < y", XY, "Any", axis=1)
    wanted = keopsnb.numpy.Genred("x < y", XY, "Any", axis=1)(X, Y)
    assert below(toy(X), toy(Y)).tolist() == wanted.astype(int).tolist()


@pytest.mark.parametrize("reduction", ["Sum", "LogSumExp", "Mean", "Variance"])
@pytest.mark.parametrize("axis", [0, 1])
def test_gradients(axis: int, reduction: str) -> None:
    formula, aliases = "Exp(-SqDist(x, y) * p) * (x | y)", [*XY, "p = Pm(1)"]
    p, e = np.array([0.7]), np.linspace(-1, 1, 7)[:, None]
    found = Genred(formula, aliases, reduction, axis).gradients(
        [toy(X), toy(Y), Rows.of([p], "d")], toy(e)
    )
    value = keopsnb.numpy.Genred(formula, aliases, reduction, axis)
    for k, gradient in enumerate(found):
        for at in ((2, 1), (5, 0)) if k < 2 else ((0,),):
            shifted = []
            for step in (1e-5, -1e-5):
                args = [X.copy(), Y.copy(), p.copy()]
                args[k][at] += step
                shifted.append((value(*args) * e).sum())
            wanted = (shifted[0] - shifted[1]) / 2e-5
            assert np.array(gradient.tolist()).reshape(args[k].shape)[at] == pytest.approx(
                wanted, 1e-6, 1e-9
            )


# Law: memory that a library shows lives until the kernel has read it.
def test_memory_is_held() -> None:
    class Fresh:
        def __init__(self, numbers: np.ndarray) -> None:
            self.numbers = numbers

        def __dlpack__(self, **_: Any) -> Any:
            return (self.numbers * 1.0).__dlpack__()

        def __dlpack_device__(self) -> tuple[int, int]:
            return 1, 0

    class Hooks:
        def view(self, x: Any) -> Any:
            return Fresh(x) if x.size > 9 else x

        def empty(self, shape: Any, dtype: str, device: int) -> Any:
            return np.empty(shape, dtype)

    arrays = keopsnb._core.PythonArrays(Hooks())
    total = keopsnb._core.Reduction("x * p", ["x = Vj(1)", "p = Pm(1)"], "Sum", 1)
    for size in range(200, 240):
        assert total(arrays, (np.ones((size, 1)), np.full(1, 3.0)))[0, 0] == 3 * size


def test_out() -> None:
    total = Genred("SqDist(x, y)", XY, axis=1)
    out = toy(np.zeros((7, 1)))
    assert total(toy(X), toy(Y), out=out) is out
    assert out.tolist() == total(toy(X), toy(Y)).tolist()


WRONG: list[tuple[Any, type[Exception], str]] = [
    ([[1.0]], TypeError, "An argument is a list; write Rows.of(...)."),
    (toy(X[:, :2]), ValueError, "argument 1 ('x') has shape (7, 2), and should have shape (M, 3)"),
    (toy(X.astype("float32")), TypeError, "argument 2 ('y') is float64, and argument 1 ('x') is"),
    (Rows.of([[1, 2, 3]], "h"), TypeError, "argument 1 ('x') holds none of float32, float64,"),
]


@pytest.mark.parametrize(("x", "error", "message"), WRONG)
def test_errors(x: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error) as raised:
        Genred("SqDist(x, y)", XY, axis=1)(x, toy(Y))
    assert message in str(raised.value)


def test_errors_of_the_hooks() -> None:
    with pytest.raises(TypeError, match=r"The hooks are a .* without view\(\); give an object"):
        keopsnb._core.PythonArrays(object())

    class Hooks:
        def view(self, x: Any) -> Any:
            return x

        def empty(self, *_: Any) -> Any:
            return np.zeros((7, 1)).tobytes()

    arrays = keopsnb._core.PythonArrays(Hooks())
    total = keopsnb._core.Reduction("SqDist(x, y)", XY, "Sum", 1)
    with pytest.raises(TypeError, match=r"argument 1 \('x'\) is shown as a int; view\(\) should"):
        total(arrays, (1, Y))
    with pytest.raises(ValueError, match=r"argument 1 \('x'\) is not C-contiguous; make a copy"):
        total(arrays, (np.ones((7, 6))[:, ::2], Y))
    with pytest.raises(TypeError, match=r"The array that empty\(\) made is shown as a bytes"):
        total(arrays, (X, Y))
