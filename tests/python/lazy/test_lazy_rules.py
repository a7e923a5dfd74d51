"""Symbolic matrices obey the rules of arrays: sizes, indices, complex operands, diagonals."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import keopsnb.numpy as kn

X, Y = np.random.default_rng(0).random((5, 3)), np.random.default_rng(1).random((7, 3))
FULL = np.exp(-((X[:, None] - Y[None]) ** 2).sum(-1))


def fronts() -> list[Any]:
    """Each front end, with what makes an array of it and gives one back."""
    found = [pytest.param((kn, np.asarray), id="numpy")]
    torch = None
    try:
        import torch
    except ImportError:
        return found
    import keopsnb.torch as kt

    return [*found, pytest.param((kt, torch.tensor), id="torch")]


every_front = pytest.mark.parametrize("front", fronts())


def kernel(front: Any, x: Any = X, y: Any = Y) -> Any:
    k, of = front
    return (-((k.Vi(of(x)) - k.Vj(of(y))) ** 2).sum(-1)).exp()


def same(got: Any, want: Any) -> None:
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    np.testing.assert_allclose(got, want, rtol=1e-9, atol=1e-12)


@every_front
@pytest.mark.parametrize(("m", "n"), [(5, 0), (0, 7), (0, 0), (1, 1)])
def test_products_of_any_size(front: Any, m: int, n: int) -> None:
    of, K = front[1], kernel(front, X[:m], Y[:n])
    same(K @ of(np.ones((n, 2))), FULL[:m, :n] @ np.ones((n, 2)))
    same(K @ of(np.ones(n)), FULL[:m, :n] @ np.ones(n))
    same(of(np.ones(m)) @ K, np.ones(m) @ FULL[:m, :n])
    with pytest.raises(ValueError, match=f"K has {n} columns"):
        K @ of(np.ones((n + 1, 2)))
    with pytest.raises(ValueError, match=f"K has {m} rows"):
        of(np.ones(m + 1)) @ K


@every_front
def test_products_with_complex_vectors(front: Any) -> None:
    of, K = front[1], kernel(front)
    u, v = X[:, 0] + 1j * X[:, 1], Y[:, :2] - 2j * Y[:, 1:]
    same(K @ of(v), FULL @ v)
    same(K @ of(np.ascontiguousarray(v[:, 0])), FULL @ v[:, 0])
    same(of(u) @ K, u @ FULL)
    same(K.T @ of(u), FULL.T @ u)


ROWS = [slice(0, 0), slice(5, 9), slice(None, None, -1), np.array([0, 0]), np.array([4])]
ROWS += [np.array([], int), np.array([True]), np.array([False]), np.array([0]), np.array([-1])]


@every_front
@pytest.mark.parametrize("key", ROWS, ids=repr)
@pytest.mark.parametrize("axis", [0, 1])
def test_rows_of_what_does_not_depend_on_them(front: Any, key: Any, axis: int) -> None:
    k, of = front
    dense = Y[None] if axis == 0 else Y[:, None]
    matrix = (k.Vj if axis == 0 else k.Vi)(of(Y)) * 1.0
    at = (key, slice(None)) if axis == 0 else (slice(None), key)
    mine = tuple(of(a) if isinstance(a, np.ndarray) else a for a in at)
    try:
        want = dense[at]
    except IndexError:
        with pytest.raises(IndexError):
            matrix[mine]
        return
    got = matrix[mine]
    assert got._shape == want.shape
    same(got.sum(1), want.sum(1))
    same(got.sum(0), want.sum(0))


@every_front
@pytest.mark.parametrize("key", [np.int64(1), np.array(2), np.uint8(0), -1, slice(np.int64(1), 3)])
def test_components(front: Any, key: Any) -> None:
    k, of = front
    want = (X[:, None] * Y[None])[..., key].sum(1)
    got = (k.Vi(of(X)) * k.Vj(of(Y)))[..., of(key) if isinstance(key, np.ndarray) else key].sum(1)
    same(got, want if want.ndim == 2 else want[:, None])


@every_front
@pytest.mark.parametrize("key", [slice(2, 1), 3, -4, np.bool_(True), True, np.ones(3, bool), 1.0])
def test_components_that_are_none(front: Any, key: Any) -> None:
    k, of = front
    with pytest.raises(IndexError, match="component") as caught:
        (k.Vi(of(X)) * k.Vj(of(Y)))[..., key]
    assert len(str(caught.value)) < 120


@every_front
def test_bounds_that_are_numbers_of_any_kind(front: Any) -> None:
    k, of = front
    D = 3 * (k.Vi(of(X[:, 0])) - k.Vj(of(Y[:, 0])))
    dense = 3 * (X[:, None, 0] - Y[None, :, 0])
    for low, high in (
        (False, True),
        (np.bool_(False), np.bool_(True)),
        (0, 2**40),
        (-(2**70), np.int64(1)),
        (np.float32(0), 1),
    ):
        same(D.clamp(low, high).dense(), dense.clip(float(low), float(high)))


@every_front
def test_diagonals(front: Any) -> None:
    k, of = front
    same(kernel(front).diagonal(), FULL.diagonal())
    same(kernel(front).trace(), FULL.trace())
    same((k.Vi(of(X)) * k.Vj(of(Y))).diagonal(), X * Y[:5])
    batch = np.stack([X, 2 * X])
    same((k.Vi(of(batch)) | k.Vj(of(batch))).diagonal(), (batch * batch).sum(-1))


@every_front
def test_vectors_and_batches(front: Any) -> None:
    k, of = front
    same((k.Vi(of(X[:, 0])) * k.Vj(of(Y[:, 0]))).dense(), X[:, :1] * Y[:, 0])
    batch = np.stack([Y, 2 * Y])
    same((k.Vi(of(X)) | k.Vj(of(batch))).dense(), X @ batch.swapaxes(1, 2))
    with pytest.raises(ValueError, match=r"write Pm\(x\)"):
        k.Vi(of(np.float64(2)))


@every_front
def test_complex_operands_of_linear_operations(front: Any) -> None:
    k, of = front
    x, y = X[:, :2] + 1j * X[:, 1:], Y[:, :2] - 1j * Y[:, 1:]
    real, a, b = k.Vi(of(X[:, :2])), k.Vi(of(x)), k.Vj(of(y))

    def outer(u: Any, v: Any) -> Any:
        return np.einsum("ia,jb->iab", u, v).reshape(len(u), 4)

    for left, u in ((real, X[:, :2]), (a, x)):
        same(left.tensorprod(b).sum(1), outer(u, y.sum(0)[None]))
        same(left.keops_kron(b, 2, 2).sum(1), outer(u, y.sum(0)[None]))
        dot = (u @ y.sum(0))[:, None]
        same(left.matvecmult(b).sum(1), dot)
        same(left.keops_tensordot(b, 2, (2,), 0, [-1]).sum(1), dot)
    same(a.keops_tensordot(real, 2, 2, 0, 0).sum(1), (x * X[:, :2]).sum(1)[:, None])
    chosen = (real - 0.5).ifelse(a, real).sum(1)
    same(chosen, np.where(X[:, :2] >= 0.5, x, X[:, :2]))
    same((real > 0.5).where(1, a).sum(1), np.where(X[:, :2] > 0.5, 1, x))


@every_front
def test_many_numbers(front: Any) -> None:
    k, of = front
    D = k.Vi(of(X[:, 0])) * k.Vj(of(Y[:, 0]))
    once = D
    for _ in range(70):
        once = (once + 0.5) / (D + 2.5)
    assert len(once.variables) == 4  # each number is one argument
    many = sum(D * (0.25 + n) for n in range(100))
    same(many.sum(1), (X[:, :1] * Y[:, 0]).sum(1, keepdims=True) * (100 * 0.25 + 99 * 50))
    zeros = D * 0.0 + D * -0.0
    assert len(zeros.variables) == 4


def test_too_many_arguments() -> None:
    names = [f"x{n}" for n in range(1025)]
    one = np.ones(1)
    call = kn.Genred("x0 * x1", [f"{n} = Pm(1)" for n in names[:-1]] + ["y = Vj(1)"], axis=1)
    with pytest.raises(TypeError, match="at most 1024 arguments, and this one takes 1025; put"):
        call(*[one] * 1024, np.ones((3, 1)))


def test_numpy_functions() -> None:
    D = kn.Vi(X) * kn.Vj(Y)
    dense = X[:, None] * Y
    cases: list[Callable[..., Any]] = [np.sum, np.mean, np.prod, np.max, np.min, np.var]
    for function in cases:
        same(function(D, axis=1), function(dense, axis=1))
    same(np.var(D, axis=1, ddof=1), np.var(dense, axis=1, ddof=1))


def test_scipy_of_tensors() -> None:
    torch = pytest.importorskip("torch")
    linalg = pytest.importorskip("scipy.sparse.linalg")
    import keopsnb.torch as kt

    x = torch.tensor(X)
    K = (-kt.Vi(x).sqdist(kt.Vj(x))).exp()
    full = np.asarray(K.dense())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        operator = linalg.aslinearoperator(K)
        same(operator @ X, full @ X)
        same(operator.T @ X[:, 0], full.T @ X[:, 0])
        found = linalg.eigsh(operator, k=2)[0]
    same(np.sort(found), np.linalg.eigvalsh(full)[-2:])
