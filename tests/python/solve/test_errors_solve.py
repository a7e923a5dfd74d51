"""Wrong uses of KernelSolve: an error that names what is wrong, shows it, and says what to write.

And the uses that look like them and are right.
"""

import importlib
import importlib.util
import re
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

FRONTS = ["numpy"] + ["torch"] * (importlib.util.find_spec("torch") is not None)
RANDOM = np.random.default_rng(0)
X, B = RANDOM.normal(size=(6, 2)), RANDOM.normal(size=(6, 1))
KERNEL = np.exp(-((X[:, None] - X) ** 2).sum(-1))


class Front:
    """A front end, with what the uses below are written with."""

    def __init__(self, name: str) -> None:
        self.make: Callable[[Any], Any] = np.asarray
        if name == "torch":
            self.make = importlib.import_module("torch").as_tensor
        self.call = importlib.import_module(f"keopsnb.{name}").KernelSolve(
            "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], "b", axis=1
        )
        self.x, self.b = self.make(X), self.make(B)

    def solve(self, b: Any = None, **options: Any) -> Any:
        """The system of b, with options."""
        return self.call(self.x, self.x, self.b if b is None else b, **options)

    def ones(self, *shape: int, dtype: str = "float64") -> Any:
        """An array."""
        return self.make(np.ones(shape, dtype))


Use = Callable[[Front], Any]
WRONG: dict[str, tuple[Use, type[Exception], str]] = {
    # Arguments.
    "b of one axis": (lambda f: f.solve(f.b[:, 0]), ValueError, "argument 3 ('b') has shape (6,)"),
    "b a number": (lambda f: f.solve(3.0), TypeError, "argument 3 ('b') is a float"),
    "b a list": (lambda f: f.solve([[1.0]] * 6), TypeError, "argument 3 ('b') is a list"),
    "b None": (lambda f: f.call(f.x, f.x, None), TypeError, "argument 3 ('b') is a NoneType"),
    "b too wide": (lambda f: f.solve(f.make(np.zeros((6, 2)))), ValueError, "('b') has shape"),
    "b float32": (lambda f: f.solve(f.ones(6, 1, dtype="float32")), TypeError, "is float32, and"),
    "b integers": (lambda f: f.solve(f.ones(6, 1, dtype="int64")), TypeError, "side is"),
    "x None": (lambda f: f.call(None, f.x, f.b), TypeError, "argument 1 ('x') is a NoneType"),
    "two arguments": (lambda f: f.call(f.x, f.b), TypeError, "right-hand side is number 3"),
    "rows of x": (lambda f: f.call(f.x[:5], f.x, f.b), ValueError, "the kernel has 5 rows"),
    "batches": (
        lambda f: f.call(f.ones(2, 6, 2), f.ones(3, 6, 2), f.b),
        ValueError,
        "argument 2 ('y') has the batch dimensions (3,)",
    ),
    # x0.
    "x0 a number": (lambda f: f.solve(x0=3), TypeError, "x0 is 3; write an array of shape (6, 1)"),
    "x0 a list": (lambda f: f.solve(x0=[1.0] * 6), TypeError, "x0 is a list"),
    "x0 too short": (lambda f: f.solve(x0=f.b[:5]), ValueError, "(5, 1), and the right-hand side"),
    "x0 of one axis": (lambda f: f.solve(x0=f.b[:, 0]), ValueError, "x0 has shape (6,)"),
    "x0 a batch": (lambda f: f.solve(x0=f.ones(2, 6, 1)), ValueError, "x0 has shape (2, 6, 1)"),
    "x0 float32": (lambda f: f.solve(x0=f.ones(6, 1, dtype="float32")), TypeError, "x0 is"),
    # alpha.
    "alpha None": (lambda f: f.solve(alpha=None), TypeError, "alpha is None; write a number"),
    "alpha text": (lambda f: f.solve(alpha="5"), TypeError, "alpha is '5'"),
    "alpha complex": (lambda f: f.solve(alpha=1j), TypeError, "alpha is 1j"),
    "alpha a list": (lambda f: f.solve(alpha=[1.0]), TypeError, "alpha is a list"),
    "alpha complex array": (lambda f: f.solve(alpha=f.ones(1) * 1j), TypeError, "alpha is a"),
    "alpha a vector": (lambda f: f.solve(alpha=f.ones(3)), ValueError, "alpha has shape (3,)"),
    "alpha a row": (lambda f: f.solve(alpha=f.ones(1, 6)), ValueError, "alpha has shape (1, 6)"),
    "alpha a matrix": (lambda f: f.solve(alpha=f.ones(6, 6)), ValueError, "write a number, one"),
    "alpha of a batch": (lambda f: f.solve(alpha=f.ones(2, 1)), ValueError, "(..., 1, 1)"),
    # When to stop.
    "eps infinite": (lambda f: f.solve(eps=float("inf")), ValueError, "eps is inf"),
    "eps nan": (lambda f: f.solve(eps=float("nan")), ValueError, "eps is nan"),
    "eps 0": (lambda f: f.solve(eps=0), ValueError, "eps is 0; write a positive number"),
    "eps text": (lambda f: f.solve(eps="1"), TypeError, "eps is '1'"),
    "-1 iterations": (lambda f: f.solve(max_iterations=-1), ValueError, "max_iterations is -1"),
    "2.5 iterations": (lambda f: f.solve(max_iterations=2.5), TypeError, "max_iterations is 2.5"),
    "iterations text": (lambda f: f.solve(max_iterations="5"), TypeError, "max_iterations is '5'"),
    "callback 5": (lambda f: f.solve(callback=5), TypeError, "callback is 5; write a function"),
    # Preconditioners.
    "no such name": (lambda f: f.solve(preconditioner="x"), ValueError, "preconditioner is 'x'"),
    "a number": (lambda f: f.solve(preconditioner=5), TypeError, "preconditioner is 5; write one"),
    "returns None": (
        lambda f: f.solve(preconditioner=lambda _: None),
        TypeError,
        "The function preconditioner returned None",
    ),
    "returns a vector": (
        lambda f: f.solve(preconditioner=lambda r: r[:, 0]),
        ValueError,
        "The function preconditioner returned an array of shape (6,)",
    ),
    "returns complex": (
        lambda f: f.solve(preconditioner=lambda r: r * 1j),
        TypeError,
        "The function preconditioner returned",
    ),
    "rank text": (
        lambda f: f.solve(preconditioner="nystrom", rank="5"),
        ValueError,
        "rank is '5'; write a positive integer",
    ),
    # Names of other libraries.
    "tol": (lambda f: f.solve(tol=1e-3), TypeError, "no option 'tol'; write eps"),
    "rtol": (lambda f: f.solve(rtol=1e-3), TypeError, "no option 'rtol'; write eps"),
    "atol": (lambda f: f.solve(atol=1e-3), TypeError, "relative to the right-hand side: write eps"),
    "maxiter": (lambda f: f.solve(maxiter=3), TypeError, "'maxiter'; write max_iterations"),
    "M": (lambda f: f.solve(M=None), TypeError, "no option 'M'; write preconditioner"),
    "colour": (lambda f: f.solve(colour=3), TypeError, "no option 'colour'; there are eps,"),
}
# The options, and the alpha of the system that they are for.
RIGHT: dict[str, tuple[Callable[[Front], dict[str, Any]], Any]] = {
    "alpha a fraction": (lambda _: {"alpha": Fraction(1, 2)}, 0.5),
    "alpha of NumPy": (lambda _: {"alpha": np.float32(0.5)}, 0.5),
    "alpha an array": (lambda f: {"alpha": f.ones()}, 1.0),
    "alpha an integer array": (lambda f: {"alpha": f.ones(dtype="int64")}, 1.0),
    "alpha float32": (lambda f: {"alpha": f.ones(1, dtype="float32").reshape(())}, 1.0),
    "alpha a batch": (
        lambda f: {"alpha": f.make(np.array([[[0.5]], [[1.0]]]))},
        np.array([[[0.5]], [[1.0]]]),
    ),
    "alpha for each row": (
        lambda f: {"alpha": f.make(np.arange(1.0, 7)[:, None])},
        np.arange(1, 7),
    ),
    "alpha a vector": (lambda f: {"alpha": f.make(np.arange(1.0, 7))}, np.arange(1, 7)),
    "one alpha of a batch": (
        lambda f: {"alpha": f.ones(1, 1, 1), "preconditioner": "nystrom"},
        1.0,
    ),
    "eps None": (lambda _: {"eps": None}, 1.0),
    "eps of NumPy": (lambda _: {"eps": np.float32(1e-9)}, 1.0),
    "iterations of NumPy": (lambda _: {"max_iterations": np.int64(50)}, 1.0),
    "rank of NumPy": (lambda _: {"preconditioner": "pivoted_cholesky", "rank": np.int64(3)}, 1.0),
    "another dtype": (lambda f: {"preconditioner": lambda r: f.make(np.float32(r))}, 1.0),
    "x0": (lambda f: {"x0": f.ones(6, 1)}, 1.0),
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", WRONG)
def test_wrong_uses(name: str, front: str) -> None:
    use, error, message = WRONG[name]
    with pytest.raises(error, match=re.escape(message)):
        use(Front(front))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", RIGHT)
def test_right_uses(name: str, front: str) -> None:
    made, alpha = RIGHT[name]
    f = Front(front)
    found = np.asarray(f.solve(**{"alpha": 1.0, "eps": 1e-9, **made(f)}))
    np.testing.assert_allclose(KERNEL @ found + alpha * np.eye(6) @ found, found * 0 + B, atol=1e-7)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_matrices_that_are_not_symmetric_are_refused(dtype: str) -> None:
    x, y = X.astype(dtype), (2 * X).astype(dtype)
    uses = {
        "Exp(-SqDist(x, y)) * b": y,
        "Exp(-SqDist(x, y)) * Exp(Sum(y)) * b": x,
        "Exp((x | y) - SqNorm2(x)) * b": x,
    }
    solver = importlib.import_module("keopsnb.numpy").KernelSolve
    for formula, rows in uses.items():
        solve = solver(formula, ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], "b", axis=1)
        with pytest.raises(ValueError, match="The matrix is not symmetric"):
            solve(x, rows, B.astype(dtype), alpha=5.0)


@pytest.mark.parametrize("scale", [0.1, 1.0, 30.0])
@pytest.mark.parametrize("side", ["random", "constant", "alternating", "a warm start"])
def test_matrices_that_are_symmetric_are_not(side: str, scale: float) -> None:
    """In float32, next to the null space too, where products are little but rounding."""
    numpy = importlib.import_module("keopsnb.numpy")
    n, random = 2000, np.random.default_rng(0)
    x = (scale * random.random((n, 2))).astype("float32")
    b = {
        "constant": np.ones((n, 1)),
        "alternating": (-1.0) ** np.arange(n)[:, None],
    }.get(side, random.normal(size=(n, 1)))
    solve = numpy.KernelSolve(
        "Exp(-SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)"], "b", axis=1
    )

    def reached(x0: Any = None) -> Any:
        options = {"alpha": 1e-4, "eps": 1e-3, "max_iterations": 20}
        try:
            return solve(x, x, b.astype("float32"), x0=x0, **options)
        except numpy.ConvergenceError as error:
            return error.found.solution

    start = reached()
    if side == "a warm start":
        reached(start)


@pytest.mark.parametrize("shape", [(30, 2), (3, 30, 2)])
@pytest.mark.parametrize("columns", [1, 3])
def test_steps_next_to_the_null_space_are_no_sign_of_another_matrix(
    shape: tuple[int, ...], columns: int
) -> None:
    """A preconditioner leads there: products are 1e-6 of their terms, and mostly rounding."""
    numpy = importlib.import_module("keopsnb.numpy")
    random = np.random.default_rng(0)
    x = random.random(shape).astype("float32")
    b = random.normal(size=(30, columns)).astype("float32")
    aliases = ["x = Vi(2)", "y = Vj(2)", f"b = Vj({columns})"]
    solve = numpy.KernelSolve("Exp(-SqDist(x, y)) * b", aliases, "b", axis=1)
    with pytest.raises(numpy.ConvergenceError):
        solve(x, x, b, alpha=1e-6, max_iterations=3, preconditioner="nystrom")
