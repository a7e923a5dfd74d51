"""Wrong uses of LazyTensor: an error that names what is wrong, shows it, and says what to write."""

import importlib
import importlib.util
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

FRONTS = ["numpy"] + ["torch"] * (importlib.util.find_spec("torch") is not None)
RANDOM = np.random.default_rng(0)


def surroundings(front: str) -> SimpleNamespace:
    """The names that the uses below are written with."""
    module = importlib.import_module(f"keopsnb.{front}")
    make: Callable[[Any], Any] = np.asarray
    if front == "torch":
        make = importlib.import_module("torch").as_tensor

    def array(*shape: int, dtype: str = "float64") -> Any:
        return make(RANDOM.uniform(0, 4, shape).astype(dtype))

    x, y = module.Vi(array(5, 3)), module.Vj(array(4, 3))
    return SimpleNamespace(
        LazyTensor=module.LazyTensor,
        Vi=module.Vi,
        Vj=module.Vj,
        Pm=module.Pm,
        array=array,
        x=x,
        y=y,
        two=module.Vj(array(4, 2)),
        D=((x - y) ** 2).sum(-1),
        b=array(4, 2),
    )


def sliced_with_ranges(s: SimpleNamespace) -> Any:
    s.D.ranges = (1, 2, 3, 4, 5, 6)
    return s.D[:3, :]


Use = Callable[[SimpleNamespace], Any]
USES: dict[str, tuple[Use, type, str]] = {
    # Parts of a symbolic matrix.
    "no axis": (
        lambda s: s.LazyTensor(s.array(5, 3)),
        ValueError,
        "write Vi(x) or axis=0 for rows i",
    ),
    "axis 2": (lambda s: s.LazyTensor(s.array(5, 3), axis=2), ValueError, "axis is 2; write 0"),
    "axis of a number": (
        lambda s: s.LazyTensor(s.array(), axis=0),
        ValueError,
        "write Pm(x) for a parameter",
    ),
    "rows and columns": (
        lambda s: s.LazyTensor(s.array(5, 4, 3)),
        ValueError,
        "write (..., M, 1, D), (..., 1, N, D) or (..., 1, 1, D)",
    ),
    "weights without their name": (
        lambda s: s.D.logsumexp(1, s.two),
        TypeError,
        "LazyTensor of shape (1, 4, 2); axis and dim are integers, and weights have a name",
    ),
    "weights as an axis": (
        lambda s: s.D.logsumexp(s.b),
        TypeError,
        "of shape (4, 2); write one integer",
    ),
    "a dense matrix": (lambda s: s.D + s.array(5, 4), ValueError, "add products, K @ v + A @ v"),
    "text": (lambda s: s.LazyTensor("abc"), TypeError, "A str is nothing that"),
    "nothing": (lambda s: s.LazyTensor(None), TypeError, "A NoneType is nothing that"),
    "an empty list": (lambda s: s.LazyTensor([]), TypeError, "list is nothing that"),
    "an unknown keyword": (lambda s: s.LazyTensor(s.b, axis=0, foo=1), TypeError, "'foo'"),
    "Pm of two axes": (lambda s: s.Pm(s.array(2, 3)), ValueError, "x has shape (2, 3)"),
    "Vi of dimension 0": (lambda s: s.Vi(0, 0), ValueError, "dimension is 0"),
    "Vi at -1": (lambda s: s.Vi(-1, 3), ValueError, "position is -1"),
    "Vi at 2**70": (lambda s: s.Vi(2**70, 3), ValueError, "number symbolic variables from 0 on"),
    "Vi of dimension 2**70": (lambda s: s.Vi(0, 2**70), ValueError, "lies between 1 and 1000000"),
    "vectors of dimension 1000001": (
        lambda s: s.Vi(s.array(1, 1000001)),
        ValueError,
        "lies between 1 and 1000000, but this one is 1000001",
    ),
    "a component 2**70 - 1": (lambda s: s.x.extract(2**70, 1), ValueError, "of Extract lies"),
    "a list with 2**70": (
        lambda s: s.x.keops_tensordot(s.y, (2**70,), (3,), (0,), (0,)),
        ValueError,
        "An integer parameter of TensorDot lies between",
    ),
    "Vi without its dimension": (lambda s: s.Vi(0), TypeError, "write Vi(0, D)"),
    "Vi of dimension 3.0": (lambda s: s.Vi(0, 3.0), TypeError, "Vi(0, 3.0) is not of a position"),
    "Vj at 0.0": (lambda s: s.Vj(0.0, 3), TypeError, "write Vj(0, 3) for the symbolic variable 0"),
    "Pm of dimension 1.0": (lambda s: s.Pm(0, 1.0), TypeError, "Pm(0, 1.0) is not of a position"),
    "Vi of an array and 3": (lambda s: s.Vi(s.b, 3), TypeError, "write Vi(x) for an array x, or"),
    "Vi of NumPy's 0": (lambda s: s.Vi(np.int64(0)), TypeError, "write Vi(0, D)"),
    "an integer of 1329 bits": (lambda s: s.x * 10**400, ValueError, "has 1329 bits"),
    "vectors of dimension 0": (lambda s: s.Vi(s.array(5, 0)), ValueError, "(5, 0)"),
    # Parts that do not fit together.
    "dimensions in +": (lambda s: s.x + s.two, ValueError, "dimension 3"),
    "dimensions in |": (lambda s: s.x | s.two, ValueError, "dimension 2"),
    "dimensions in **": (lambda s: s.x**s.two, ValueError, "dimension 2"),
    "dimensions in sqdist": (lambda s: s.x.sqdist(s.two), ValueError, "dimension 2"),
    "rows": (lambda s: s.x + s.Vi(s.array(6, 3)), ValueError, "have 5 and 6 rows along i"),
    "columns": (lambda s: s.y * s.Vj(s.array(7, 3)), ValueError, "have 4 and 7 rows along j"),
    "batches": (
        lambda s: s.LazyTensor(s.array(2, 5, 1, 3)) - s.LazyTensor(s.array(3, 1, 4, 3)),
        ValueError,
        "has the batch dimensions (3,)",
    ),
    "dtypes": (
        lambda s: (s.x * s.Vj(s.array(4, 3, dtype="float32"))).sum(1),
        TypeError,
        "all must have one dtype",
    ),
    "+ text": (lambda s: s.x + "a", TypeError, "A str is nothing that"),
    "+ nothing": (lambda s: s.x + None, TypeError, "A NoneType is nothing that"),
    "list of text +": (lambda s: ["a"] + s.x, TypeError, "A list is nothing that"),  # noqa: RUF005
    "** text": (lambda s: s.x ** "2", TypeError, "A str is nothing that"),
    "clamp to text": (lambda s: s.x.clamp("a", 1), TypeError, "A str is nothing that"),
    # Products.
    "vectors @": (lambda s: s.x @ s.b, ValueError, "write (K * V).sum(...)"),
    "@ too long": (lambda s: s.D @ s.array(5, 2), ValueError, "K has 4 columns"),
    "@ symbolic": (lambda s: s.D @ s.y, TypeError, "takes an array v, and this is a LazyTensor"),
    "@ a number": (lambda s: s.D @ 3.0, TypeError, "takes an array v, and this is a float"),
    # Reductions.
    "axis 5": (lambda s: s.D.sum(5), ValueError, "axis is 5, and this matrix of shape (5, 4, 1)"),
    "axis as text": (lambda s: s.D.sum("1"), TypeError, "axis is '1'; write"),
    "axis and dim": (lambda s: s.D.sum(axis=1, dim=0), ValueError, "give one"),
    "a reduction's function": (
        lambda s: s.D.sum(1, call=False).exp(),
        TypeError,
        "call it before its result is used",
    ),
    "reduced twice": (
        lambda s: s.D.sum(1, call=False).sum(1),
        TypeError,
        "call it before its result is used",
    ),
    "a reduction transposed": (
        lambda s: s.D.sum(1, call=False).T,
        TypeError,
        "call it before its result is used",
    ),
    "rows of a reduction": (
        lambda s: s.D.sum(1, call=False)[:3, :],
        TypeError,
        "call it before its result is used",
    ),
    "a reduction as an array": (
        lambda s: s.D.sum(1, call=False).dense(),
        TypeError,
        "call it before its result is used",
    ),
    "rows of a symbolic variable": (
        lambda s: (s.Vi(0, 3) - s.y)[:3, :],
        TypeError,
        "has no rows to slice yet",
    ),
    "rows beside ranges": (sliced_with_ranges, TypeError, "slice first, and set ranges then"),
    "rows by a matrix": (
        lambda s: s.D[s.array(2, 2, dtype="int64"), :],
        IndexError,
        "indexed by one axis, and this has shape (2, 2)",
    ),
    "out over both axes": (
        lambda s: s.D.sum(axis=(0, 1), out=s.array(1)),
        TypeError,
        "out is for a reduction over one axis",
    ),
    "one row": (lambda s: s.D[np.int64(1), :], IndexError, "Write a slice such as [3:4]"),
    "called when it is reduced": (lambda s: s.D(), TypeError, "is called"),
    "an unknown option": (lambda s: s.D.sum(1, foo=3), TypeError, "'foo'"),
    "backend": (lambda s: s.D.sum(1, backend="gpu"), ValueError, "backend is 'gpu'; write one of"),
    "sum_scheme": (lambda s: s.D.sum(1, sum_scheme="k"), ValueError, "sum_scheme is 'k'; write"),
    "sum_scheme of min": (
        lambda s: s.D.min(1, sum_scheme="kahan_scheme"),
        ValueError,
        "which is for sums",
    ),
    "K > 1024": (lambda s: s.D.Kmin(2000, 1), ValueError, "an integer from 1 to 1024"),
    "K > N": (lambda s: s.D.Kmin(5, 1), ValueError, "of which there are 4"),
    "K = 0": (lambda s: s.D.argKmin(0, 1), ValueError, "an integer from 1 to 1024"),
    "K = 2.5": (lambda s: s.D.Kmin(2.5, 1), TypeError, "opt_arg is 2.5; write an integer"),
    "K without axis": (lambda s: s.D.argKmin(2), ValueError, "axis is missing; write axis=0"),
    "weights of text": (
        lambda s: s.D.sumsoftmaxweight("w", axis=1),
        TypeError,
        "A str is nothing that",
    ),
    "ranges of text": (lambda s: s.D.sum(1, ranges="abc"), TypeError, "ranges is str; write"),
    "three ranges": (lambda s: s.D.sum(1, ranges=(1, 2, 3)), TypeError, "ranges is tuple; write"),
    # Components.
    "elem(3)": (lambda s: s.x.elem(3), ValueError, "-D <= m < D"),
    "elem of text": (lambda s: s.x.elem("a"), TypeError, "'a'; write an integer"),
    "extract(2, 3)": (lambda s: s.x.extract(2, 3), ValueError, "start + d <= D"),
    "[7]": (lambda s: s.x[7], (IndexError, ValueError), "7"),
    "steps of a slice": (lambda s: s.x[:, :, 0:3:2], IndexError, "slice(0, 3, 2)"),
    "four indices": (lambda s: s.x[0, 0, 0, 0], IndexError, "The index has 4 parts"),
    "index of text": (lambda s: s.x["a"], IndexError, "'a'"),
    "index of floats": (lambda s: s.x[1.0], IndexError, "1.0"),
    "cat along rows": (
        lambda s: s.LazyTensor.cat((s.x, s.y), 0),
        ValueError,
        "matrices are joined along the entries: write -1",
    ),
    "cat of none": (lambda s: s.LazyTensor.cat((), -1), (TypeError, ValueError), "give one or"),
    "norm of rows": (lambda s: s.x.norm(1), ValueError, "norm is over the entries: write -1"),
    "one_hot of vectors": (lambda s: s.x.one_hot(4), ValueError, "dimension 3"),
    "tensordot's lists": (
        lambda s: s.x.keops_tensordot(s.y, (2,), (3,), (0,), (0,)),
        ValueError,
        "TensorDot",
    ),
    "splines of order 99": (lambda s: s.x.bspline(s.D, 99), ValueError, "K >= k + 2"),
    "grad in a formula": (lambda s: s.D.grad(s.x + 1, 1), ValueError, "is a variable"),
    "grad in an array": (
        lambda s: s.x.sqdist(s.LazyTensor(s.array(4, 3)[None])).grad(s.array(5, 3)[:, None], 1.0),
        ValueError,
        "write the symbolic matrix that was made of it",
    ),
    # Uses that a symbolic matrix does not have.
    "truth": (lambda s: bool(s.x), TypeError, "neither true nor false"),
    "a condition": (lambda s: 1 if s.x == s.y else 0, TypeError, "neither true nor false"),
    "a key": (lambda s: {s.x: 1}, TypeError, "unhashable"),
    "a sequence": (lambda s: list(s.x), TypeError, "not iterable"),
    "an array": (lambda s: np.asarray(s.x), TypeError, "write .dense() to make it one"),
    "norms by NumPy": (lambda s: np.linalg.norm(s.x), TypeError, "write .dense()"),
    "too large": (
        lambda s: s.Vi(s.array(200_000, 1)).sqdist(s.Vj(s.array(200_000, 1))).dense(),
        ValueError,
        "40,000,000,000 numbers",
    ),
    # Symbolic variables.
    "too few": (
        lambda s: (s.Vi(0, 3) - s.Vj(1, 3)).sum(1)(s.array(5, 3)),
        TypeError,
        "has 2 symbolic variables, and 1 were given",
    ),
    "one of another dimension": (
        lambda s: (s.Vi(0, 3) - s.Vj(1, 3)).sum(1)(s.array(5, 3), s.b),
        ValueError,
        "(4, 2)",
    ),
    "a position twice": (lambda s: (s.Vi(0, 3) - s.Vj(0, 3)).sum(1), ValueError, "number them"),
    "a position left out": (
        lambda s: (s.Vi(0, 3) - s.Vj(2, 3)).sum(1),
        ValueError,
        "number them from 0",
    ),
    "two dimensions at a position": (
        lambda s: (s.Vi(0, 3).sum(-1) + s.Vi(0, 2).sum(-1)).sum(1),
        ValueError,
        "number them",
    ),
}


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("name", USES)
def test_uses(name: str, front: str) -> None:
    use, error, message = USES[name]
    with pytest.raises(error, match=re.escape(message)):
        use(surroundings(front))


@pytest.mark.parametrize("front", FRONTS)
def test_integers_are_symbolic_variables_and_other_numbers_parameters(front: str) -> None:
    s = surroundings(front)
    three = np.asarray(3) if front == "numpy" else importlib.import_module("torch").tensor(3)
    for made in (
        s.Vi(0, np.int64(3)),
        s.Vi(np.int32(0), three),
        s.LazyTensor((0, np.int64(3), 0)),
        s.LazyTensor((0, three, 0)),
    ):
        assert repr(made) == repr(s.Vi(0, 3))
    for numbers in ((0.5, 3.0, 2.0), (0, 3.0, 0), [0, 3, 0], [np.float32(0.5), np.int64(3), 1]):
        assert "v0 = Pm(3)" in repr(s.LazyTensor(numbers))


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("number", [2**63 - 1, 2**63, -(2**63), 10**30])
def test_integers_of_any_size_are_numbers(number: int, front: str) -> None:
    s = surroundings(front)
    found, expected = ((k * s.D).sum(1) for k in (number, float(number)))
    np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-12)
    np.testing.assert_allclose(
        np.asarray((s.LazyTensor([number]) * s.D).sum(1)), np.asarray(expected), rtol=1e-12
    )


# Law: an operator's error names the operands in the order in which they stand, and the operator.


@pytest.mark.parametrize("front", FRONTS)
@pytest.mark.parametrize("sign", [">", ">=", "<", "<=", "==", "!=", "+", "-", "*", "/", "**"])
@pytest.mark.parametrize(("left", "right"), [("x", "two"), ("two", "x"), ("x", "v"), ("v", "x")])
def test_operands_stand_in_order(left: str, right: str, sign: str, front: str) -> None:
    if left == "v" and sign in ("==", "!=") and np.lib.NumpyVersion(np.__version__) < "1.25.0":
        pytest.skip("this NumPy hides errors of its == and !=, then asks the other operand")
    names = vars(surroundings(front))
    names["v"] = names["array"](1, 1, 2)
    shapes = {"x": (5, 3), "two": (4, 2), "v": (2,)}
    order = re.escape(f"of shape {shapes[left]}") + ".*" + re.escape(f"of shape {shapes[right]}")
    with pytest.raises(ValueError, match=order) as error:
        eval(f"{left} {sign} {right}", {}, names)
    if sign in (">", ">="):
        assert str(error.value).startswith(f"{sign} takes (D), (D) -> D, ")


@pytest.mark.parametrize("sign", [">", ">=", "<", "<="])
def test_a_complex_operand_is_refused_by_the_operator_written(sign: str) -> None:
    s = surroundings("numpy")
    for written in (f"x {sign} z", f"z {sign} x", f"z {sign} z"):
        with pytest.raises(TypeError, match=f"{sign} (or .*)?of complex numbers; take .real"):
            eval(written, {}, {"x": s.x, "z": s.Vj(s.b + 1j)})


class Kept(np.ndarray):
    """An array of a program's own."""


def test_dtypes_of_an_own_array_differ() -> None:
    s = surroundings("numpy")
    with pytest.raises(TypeError, match="all must have one dtype"):
        s.Vj(np.zeros((4, 3), "float32")) - s.Vi(np.zeros((5, 3)).view(Kept))


def test_front_ends_do_not_mix() -> None:
    pytest.importorskip("torch")
    one, other = surroundings("numpy"), surroundings("torch")
    with pytest.raises(TypeError, match="made of a torch tensor, and this symbolic matrix of an a"):
        one.x - other.y
    with pytest.raises(TypeError, match="made of an array, and this symbolic matrix of a torch"):
        other.x - one.y
