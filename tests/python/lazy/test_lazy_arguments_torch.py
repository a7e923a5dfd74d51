"""Symbolic matrices of numbers, of missing rows, of dtypes and of arrays of NumPy."""

from typing import Any

import numpy as np
import pytest
import torch
from dynamo import needs_new_dynamo

import keopsnb.numpy as kn
import keopsnb.torch as kt

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.uniform(0.2, 1.5, (5, 3)), RANDOM.uniform(0.2, 1.5, (7, 3))
SQUARES = ((X[:, None] - Y) ** 2).sum(-1)
FRONTS = [pytest.param(kn, np.asarray, id="numpy"), pytest.param(kt, torch.as_tensor, id="torch")]


def squares(front: Any, array: Any) -> Any:
    return front.Vi(array(X)).sqdist(front.Vj(array(Y)))


# Law: a number is an argument of the kernel, and no part of its text; equal ones are one argument.


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_numbers_are_arguments(front: Any, array: Any) -> None:
    matrix = squares(front, array)
    numbers = [2.5, 3, -7, True, np.int64(11), np.float32(0.5), torch.tensor(4)]
    if front is kn:
        numbers.pop()
    texts = {(matrix / n + n).formula for n in numbers}
    assert len(texts) == 1
    for n in numbers:
        got = np.asarray((matrix / n + n).sum(1))
        np.testing.assert_allclose(got[:, 0], (SQUARES / float(n) + float(n)).sum(1))


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_signed_zeros_are_two_numbers(front: Any, array: Any) -> None:
    matrix = squares(front, array)
    got = np.asarray((matrix / 0.0 - matrix / -0.0).max(1))
    assert np.isposinf(got).all()


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_many_numbers(front: Any, array: Any) -> None:
    matrix, widths = squares(front, array), np.linspace(0.5, 2, 70)
    got = sum((-matrix / float(w)).exp() * float(w) for w in widths).sum(1)
    wanted = sum(np.exp(-SQUARES / w) * w for w in widths).sum(1)
    np.testing.assert_allclose(np.asarray(got)[:, 0], wanted)
    same = sum(matrix * 0.3 for _ in range(70))
    assert len(same.args.data) == 3


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_numbers_beside_integers_stay_exact(front: Any, array: Any) -> None:
    t = 1_700_000_000 + np.arange(4)
    i, j = front.Vi(array(t[:, None])), front.Vj(array(t[:, None]))
    late = np.asarray((j - i > 1).sum(1))[:, 0]
    np.testing.assert_array_equal(late, [2, 1, 0, 0])


# Law: 16 bits are types of memory. A number is none, so terms with one are of float32.


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("autocast", [False, True])
def test_numbers_beside_16_bits(dtype: torch.dtype, autocast: bool) -> None:
    x, y = (torch.as_tensor(a).to(dtype).requires_grad_() for a in (X, Y))
    wide = [t.detach().double().requires_grad_() for t in (x, y)]

    def value(x: Any, y: Any) -> Any:
        d = kt.Vi(x).sqdist(kt.Vj(y))
        return ((-d / 0.1).exp() * 3 + (d + 1e-8).log()).sum(1)

    with torch.autocast("cpu", torch.bfloat16, enabled=autocast):
        got = value(x, y)
    wanted = value(*wide)
    assert got.dtype == (torch.float32 if autocast else dtype)
    bound = 1e-5 if autocast else 2 * torch.finfo(dtype).eps
    assert torch.allclose(got.double(), wanted, rtol=bound, atol=bound)
    gradient = torch.autograd.grad(got.float().sum(), (x, y))
    for g, w in zip(gradient, torch.autograd.grad(wanted.sum(), wide), strict=True):
        assert g.dtype == dtype
        assert torch.allclose(g.double(), w, rtol=0.02, atol=0.02 * w.abs().max().item())
    assert (kt.Vi(x) + 1).argmin(1).dtype == torch.int64


def test_numbers_beside_16_bits_in_numpy() -> None:
    x, y = X.astype(np.float16), Y.astype(np.float16)
    matrix = kn.Vi(x).sqdist(kn.Vj(y)) + 1e-8
    d = ((x.astype(float)[:, None] - y) ** 2).sum(-1) + 1e-8
    got = matrix.log().sum(1)
    assert got.dtype == np.float16
    np.testing.assert_allclose(got[:, 0], np.log(d).sum(1), rtol=2e-3)
    out = np.full((5, 1), np.nan, np.float16)
    assert matrix.log().sum(1, out=out) is out
    np.testing.assert_array_equal(out, got)


def test_dtypes_under_autocast() -> None:
    x, y = torch.as_tensor(X).bfloat16(), torch.as_tensor(Y).float()
    with torch.autocast("cpu", torch.bfloat16):
        got = kt.Vi(x).sqdist(kt.Vj(y)).sum(1)
    wanted = ((x.double()[:, None] - y.double()) ** 2).sum((1, 2))
    assert got.dtype == torch.float32
    assert torch.allclose(got[:, 0].double(), wanted, rtol=1e-5)
    with pytest.raises(TypeError, match="all must have one dtype"):
        kt.Vi(x).sqdist(kt.Vj(y))


# Law: rows and columns are taken as from the dense matrix, also where no variable has them.

KEYS = [
    slice(0, 0),
    slice(5, 9),
    slice(-1, None),
    np.array([0, 0]),
    np.array([-1]),
    np.array([True]),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_a_single_row_is_sliced(front: Any, array: Any, key: Any) -> None:
    key = key if isinstance(key, slice) or front is kn else torch.as_tensor(key)
    wanted = (Y[None] * 2)[key if isinstance(key, slice) else np.asarray(key)]
    got = (front.Vj(array(Y)) * 2.0)[key, :]
    assert got.shape == wanted.shape
    np.testing.assert_allclose(np.asarray(got.sum(1)), wanted.sum(1))
    turned = (front.Vi(array(Y)) * 2.0)[:, key]
    assert turned.shape == wanted.swapaxes(0, 1).shape


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_rows_that_are_not_there(front: Any, array: Any) -> None:
    with pytest.raises(IndexError):
        front.Vj(array(Y))[array(np.array([4])), :]


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_products_of_empty_matrices(front: Any, array: Any) -> None:
    matrix = front.Vi(array(X)).sqdist(front.Vj(array(Y[:0])))
    assert tuple((matrix @ array(np.ones((0, 2)))).shape) == (5, 2)
    assert not np.asarray(matrix @ array(np.ones(0))).any()
    assert tuple((array(np.ones(0)) @ matrix.T).shape) == (5,)
    with pytest.raises(ValueError, match="K has 0 columns"):
        matrix @ array(np.ones((1, 2)))


@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_components_by_integers_of_any_kind(front: Any, array: Any) -> None:
    matrix = front.Vi(array(X)) * front.Vj(array(Y))
    for key in (1, np.int64(1), np.array(1), torch.tensor(1)):
        np.testing.assert_allclose(
            np.asarray(matrix[..., key].sum(1))[:, 0], X[:, 1] * Y[:, 1].sum()
        )
    with pytest.raises(IndexError, match="No component is in"):
        matrix[..., 2:1]


@pytest.mark.parametrize(("low", "high"), [(False, True), (0, 2**40), (0.0, 2.0**40), (1, 1.2)])
@pytest.mark.parametrize(("front", "array"), FRONTS)
def test_bounds_of_any_kind(front: Any, array: Any, low: Any, high: Any) -> None:
    got = np.asarray(squares(front, array).clamp(low, high).sum(1))[:, 0]
    np.testing.assert_allclose(got, np.clip(SQUARES, float(low), float(high)).sum(1))


def test_variance_by_numpy() -> None:
    got = np.var(squares(kn, np.asarray), axis=1, ddof=1)
    np.testing.assert_allclose(got[:, 0], SQUARES.var(1, ddof=1))


def test_solvers_of_scipy_take_matrices_of_tensors() -> None:
    linalg = pytest.importorskip("scipy.sparse.linalg")
    x = torch.as_tensor(X)
    operator = linalg.aslinearoperator((-kt.Vi(x).sqdist(kt.Vj(x))).exp())
    dense = np.exp(-((X[:, None] - X) ** 2).sum(-1))
    greatest = linalg.eigsh(operator, k=1, return_eigenvectors=False, v0=np.ones(5))
    np.testing.assert_allclose(greatest, np.linalg.eigvalsh(dense)[-1:])
    found, failed = linalg.cg(operator, np.ones(5), rtol=1e-10, maxiter=200)
    assert failed == 0
    np.testing.assert_allclose(dense @ found, np.ones(5), atol=1e-8)


@needs_new_dynamo
def test_slices_in_graphs() -> None:
    x, y = torch.as_tensor(X), torch.as_tensor(Y)

    def function(x: Any, y: Any) -> Any:
        return (kt.Vi(x) * kt.Vj(y))[1:4, 2:].sum(1)

    compiled = torch.compile(function, fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x, y), function(x, y))
