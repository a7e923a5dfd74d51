"""Symbolic matrices against dense NumPy arrays."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse.linalg

from keopsnb.numpy import LazyTensor, Pm, Vi, Vj

RANDOM = np.random.default_rng(0)
M, N = 5, 7
X, Y, B, W = (RANDOM.uniform(0.2, 1.5, s) for s in ((M, 3), (N, 3), (N, 2), (3,)))
XI, YJ = X[:, None], Y[None]


def difference() -> LazyTensor:
    return Vi(X) - Vj(Y)


def kernel() -> LazyTensor:
    return (-difference().sqnorm2() / 0.7).exp()


K = np.exp(-((XI - YJ) ** 2).sum(-1) / 0.7)

Unary = Callable[[Any], Any]

# Law: what is written on symbolic matrices is what it would be on arrays.

EXPRESSIONS: list[tuple[str, Unary, Unary]] = [
    ("arithmetic", lambda k: 2 * k + 1 - k / 3, lambda k: 2 * k + 1 - k / 3),
    ("reflected", lambda k: 1.5 - k + 1 / k, lambda k: 1.5 - k + 1 / k),
    ("powers", lambda k: k**2 + k**-1 + k**0.5, lambda k: k**2 + k**-1 + k**0.5),
    ("real powers", lambda k: k**1.7 + 2**k, lambda k: k**1.7 + 2**k),
    ("modulus", lambda k: k % 0.1 + k // 0.1, lambda k: k % 0.1 + k // 0.1),
    ("sign", lambda k: abs(-k) + +k, lambda k: abs(-k) + k),
    ("comparison", lambda k: (k > 0.1) + (k <= 0.3), lambda k: (k > 0.1) * 1.0 + (k <= 0.3)),
    ("equality", lambda k: (k == k) + (k != 0.5), lambda k: (k == k) * 1.0 + (k != 0.5)),
    ("ufuncs", lambda k: np.exp(k) + np.sin(k) - np.log(k), None),
    ("more ufuncs", lambda k: np.arctan2(k, 0.5) * np.tanh(k) + np.sqrt(k), None),
    ("and more", lambda k: np.maximum(k, 0.2) + np.minimum(0.3, k) + np.floor(5 * k), None),
    ("NumPy numbers", lambda k: np.float64(2) * k + np.float32(1), None),
    ("an array", lambda k: (W * (Vi(X) - Vj(Y))).sum(-1), lambda _: (W * (XI - YJ)).sum(-1)),
    ("functions", lambda k: k.sinh() + k.erf(), lambda k: np.sinh(k) + scipy.special.erf(k)),
    ("clamp", lambda k: k.clamp(0.1, 0.3), lambda k: np.clip(k, 0.1, 0.3)),
    ("where", lambda k: (k > 0.2).where(k, 0), lambda k: np.where(k > 0.2, k, 0)),
    ("ifelse", lambda k: (k - 0.2).ifelse(k, -1), lambda k: np.where(k >= 0.2, k, -1)),
    ("mod", lambda k: k.mod(0.2, 0.1), lambda k: k - 0.2 * np.floor((k - 0.1) / 0.2)),
    ("round", lambda k: k.round(1), lambda k: np.round(k, 1)),
    ("sinc", lambda k: k.sinc(), lambda k: np.sinc(k)),
    ("logic", lambda k: (k > 0.1).logical_and(k < 0.3), lambda k: (k > 0.1) & (k < 0.3)),
    ("sum()", lambda k: sum([k, k]), lambda k: 2 * k),
]


@pytest.mark.parametrize(("name", "lazy", "dense"), EXPRESSIONS, ids=[e[0] for e in EXPRESSIONS])
def test_expressions(name: str, lazy: Unary, dense: Unary | None) -> None:
    found = lazy(kernel())
    assert isinstance(found, LazyTensor), name
    np.testing.assert_allclose(found.dense(), (dense or lazy)(K), rtol=1e-10)


VECTORS: list[tuple[str, Callable[[Any, Any], Any], Any]] = [
    ("sqdist", lambda x, y: x.sqdist(y), ((XI - YJ) ** 2).sum(-1)),
    ("scalar product", lambda x, y: x | y, X @ Y.T),
    ("norm", lambda x, y: (x - y).norm(-1) + (x - y).norm2(), None),
    ("normalize", lambda x, y: (x - y).normalize().sqnorm2(), np.ones((M, N))),
    ("weights", lambda x, y: (x - y).weightedsqnorm(Pm(W)), ((XI - YJ) ** 2 * W).sum(-1)),
    ("weighted", lambda x, y: x.weightedsqdist(y, W), ((XI - YJ) ** 2 * W).sum(-1)),
    ("extract", lambda x, y: (x * y).extract(1, 2), (XI * YJ)[..., 1:]),
    ("elem", lambda x, y: (x * y).elem(-1), (XI * YJ)[..., 2]),
    ("concat", lambda x, y: x.concat(y), None),
    ("cat", lambda x, y: LazyTensor.cat((x, y, x), -1).sum(), X.sum(1)[:, None] * 2 + Y.sum(1)),
    (
        "tensorprod",
        lambda x, y: x.tensorprod(y),
        (XI[..., :, None] * YJ[..., None, :]).reshape(M, N, 9),
    ),
    ("matvecmult", lambda x, y: x.tensorprod(y).matvecmult(x), None),
    ("tensordot", lambda x, y: x.keops_tensordot(y, (3,), (3,), (0,), (0,)), X @ Y.T),
    ("max", lambda x, y: (x * y).max(), (XI * YJ).max(-1)),
    ("argmin", lambda x, y: (x * y).argmin(), (XI * YJ).argmin(-1)),
    ("slice", lambda x, y: (x - y)[..., 1:], (XI - YJ)[..., 1:]),
    ("slices", lambda x, y: (x - y)[:, :, -2], (XI - YJ)[:, :, -2]),
    ("rows", lambda x, y: (x - y)[1:4, [0, 2]], (XI - YJ)[1:4][:, [0, 2]]),
    ("components", lambda x, y: (x - y)[1], (XI - YJ)[..., 1]),
]


@pytest.mark.parametrize(("name", "lazy", "dense"), VECTORS, ids=[e[0] for e in VECTORS])
def test_vectors(name: str, lazy: Callable[[Any, Any], Any], dense: Any) -> None:
    found = lazy(Vi(X), Vj(Y)).dense()
    if dense is None:
        norm = np.sqrt(((XI - YJ) ** 2).sum(-1))
        dense = {
            "norm": 2 * norm,
            "concat": np.concatenate(np.broadcast_arrays(XI, YJ), -1),
            "matvecmult": XI * (X @ Y.T)[..., None],
        }[name]
    np.testing.assert_allclose(found.reshape(dense.shape), dense, rtol=1e-12)


# Law: reductions are those of the dense matrix.

REDUCTIONS: list[tuple[str, Unary, Unary]] = [
    ("sum", lambda k: k.sum(axis=1), lambda k: k.sum(1, keepdims=True)),
    ("sum over i", lambda k: k.sum(axis=0), lambda k: k.sum(0)[:, None]),
    ("dim", lambda k: k.sum(dim=1), lambda k: k.sum(1, keepdims=True)),
    ("negative", lambda k: k.sum(axis=-2), lambda k: k.sum(1, keepdims=True)),
    ("mean", lambda k: k.mean(1), lambda k: k.mean(1, keepdims=True)),
    ("var", lambda k: k.var(1, correction=1), lambda k: k.var(1, keepdims=True, ddof=1)),
    ("prod", lambda k: k.prod(1), lambda k: k.prod(1, keepdims=True)),
    ("max", lambda k: k.max(axis=1), lambda k: k.max(1, keepdims=True)),
    ("argmin", lambda k: k.argmin(axis=0), lambda k: k.argmin(0)[:, None]),
    ("min_argmin", lambda k: k.min_argmin(axis=1)[1], lambda k: k.argmin(1)[:, None]),
    ("Kmin", lambda k: k.Kmin(3, axis=1), lambda k: np.sort(k, 1)[:, :3]),
    ("argKmax", lambda k: k.argKmax(2, axis=1), lambda k: np.argsort(-k, 1)[:, :2]),
    ("any", lambda k: (k > 0.5).any(1), lambda k: (k > 0.5).any(1)[:, None]),
    ("count", lambda k: (k > 0.1).count(1), lambda k: (k > 0.1).sum(1)[:, None]),
    ("logsumexp", lambda k: k.logsumexp(1), lambda k: np.log(np.exp(k).sum(1))[:, None]),
    (
        "weighted",
        lambda k: k.logsumexp(1, weight=Vj(B)),
        lambda k: np.log(np.exp(k) @ B),
    ),
    (
        "softmax",
        lambda k: k.sumsoftmaxweight(Vj(B), axis=1),
        lambda k: np.exp(k) @ B / np.exp(k).sum(1)[:, None],
    ),
    ("product", lambda k: k @ B, lambda k: k @ B),
    ("with a vector", lambda k: k @ B[:, 0], lambda k: k @ B[:, 0]),
    ("transposed", lambda k: k.T @ X, lambda k: k.T @ X),
]


@pytest.mark.parametrize(("name", "lazy", "dense"), REDUCTIONS, ids=[e[0] for e in REDUCTIONS])
def test_reductions(name: str, lazy: Unary, dense: Unary) -> None:
    found, expected = lazy(kernel()), dense(K)
    assert found.shape == expected.shape, name
    np.testing.assert_allclose(found, expected, rtol=1e-11)


def test_batches() -> None:
    x, y = RANDOM.normal(size=(2, 1, 4, 1, 3)), RANDOM.normal(size=(3, 1, 6, 3))
    lazy = (LazyTensor(x) - LazyTensor(y)).sqnorm2()
    dense = ((x - y) ** 2).sum(-1)
    assert lazy.shape == dense.shape
    assert lazy.batchdims == (2, 3)
    np.testing.assert_allclose(lazy.dense(), dense)
    np.testing.assert_allclose(lazy.sum(axis=3)[..., 0], dense.sum(3))
    np.testing.assert_allclose(lazy.min(axis=2)[..., 0], dense.min(2))
    v = RANDOM.normal(size=(3, 6, 2))
    np.testing.assert_allclose(lazy @ v, dense @ v)


def test_symbolic() -> None:
    waiting = (-(Vi(0, 3) - Vj(1, 3)).sqnorm2() / 0.7).exp().sum_reduction(axis=1)
    np.testing.assert_allclose(waiting(X, Y), K.sum(1)[:, None])
    np.testing.assert_allclose(waiting(X[:2], Y), K[:2].sum(1)[:, None])
    later = kernel().sum(axis=1, call=False)
    np.testing.assert_allclose(later(), K.sum(1)[:, None])
    with pytest.raises(TypeError, match="call it before its result"):
        later + 1
    v = RANDOM.normal(size=(N, 2))
    product = (-(Vi(0, 3) - Vj(Y)).sqnorm2() / 0.7).exp() @ v
    np.testing.assert_allclose(product(X), K @ v)


def test_properties() -> None:
    k = kernel()
    assert (k.ni, k.nj, k.ndim, k.shape, k.dim(), k.dtype) == (M, N, 1, (M, N), 3, "float64")
    assert (k.device, (2 * Vi(0, 3)).device) == ("cpu", None)
    assert difference().shape == (M, N, 3)
    assert Vi(X).shape == (M, 1, 3)
    assert len(k.variables) == 3
    assert len((k * Vi(X).sum()).variables) == 3, "one array, one argument"
    assert LazyTensor(k).formula == k.formula
    assert "(5, 7)" in repr(k)
    assert "35 times" in repr(k)


def test_copies() -> None:
    for k in (pickle.loads(pickle.dumps(kernel())), copy.deepcopy(kernel())):
        np.testing.assert_allclose(k.dense(), K)


def test_linear_operator() -> None:
    k = (-(Vi(X) - Vj(X)).sqnorm2()).exp()
    operator = scipy.sparse.linalg.aslinearoperator(k)
    np.testing.assert_allclose(operator @ np.ones(M), k.dense().sum(1))
    found = scipy.sparse.linalg.eigsh(operator, k=2)[0]
    np.testing.assert_allclose(found, np.linalg.eigvalsh(k.dense())[-2:])


def test_numbers_take_the_dtype_of_the_others() -> None:
    x = X.astype("float32")
    found = ((Vi(x) * 0.1 + [1.0, 2.0, 3.0]) | Vj(Y.astype("float32"))).sum(axis=1)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found[:, 0], (X * 0.1 + [1, 2, 3]) @ Y.T.sum(1), rtol=1e-5)


# Law: what is wrong is named, shown, and put right.

ERRORS: list[tuple[Callable[[], Any], type, str]] = [
    (lambda: LazyTensor(X), ValueError, r"Vj\(x\) or axis=1 for columns j"),
    (lambda: LazyTensor(X, axis=2), ValueError, "axis is 2; write 0 for rows i"),
    (lambda: LazyTensor(np.float64(2), axis=0), ValueError, r"write Pm\(x\) for a parameter"),
    (lambda: LazyTensor(np.ones((2, 2, 2))), ValueError, r"write \(..., M, 1, D\)"),
    (lambda: LazyTensor("x"), TypeError, "A str is nothing that a symbolic matrix is made of"),
    (lambda: LazyTensor((0, 3, 5)), ValueError, r"The category of \(0, 3, 5\) is 5"),
    (lambda: Vi(X) + Vi(X[:2]), ValueError, "The matrices have 2 and 5 rows along i"),
    (lambda: Vi(X) + Vj(Y[:, :2]), ValueError, "dimension 3 and .* has dimension 2"),
    (lambda: kernel().sum(axis=3), ValueError, "axis is 3, and this matrix of shape"),
    (lambda: kernel().sum(axis=1, dim=0), ValueError, "axis is 1 and dim is 0; give one"),
    (lambda: kernel().logsumexp(), ValueError, "axis is missing"),
    (lambda: kernel().Kmin(9, axis=1), ValueError, "opt_arg is 9, and .* of which there are 7"),
    (lambda: kernel().sum(axis=1, colour=3), TypeError, "unexpected option 'colour'"),
    (lambda: kernel().mean(axis=-1), ValueError, "reduces over i or j, not the entries"),
    (lambda: bool(kernel()), TypeError, "neither true nor false"),
    (lambda: hash(kernel()), TypeError, "unhashable"),
    (lambda: difference() @ B, ValueError, "the entries of this one have dimension 3"),
    (lambda: kernel() @ B[:3], ValueError, r"v has shape \(3, 2\), and K has 7 columns"),
    (lambda: kernel() @ 3, TypeError, "takes an array v, and this is a int"),
    (lambda: kernel()(), TypeError, "Only a reduction with call=False"),
    (lambda: kernel()[0, 1], IndexError, r"Write a slice such as \[3:4\]"),
    (lambda: difference()[..., ::2], IndexError, "an integer or a slice"),
    (lambda: difference()[..., 5], IndexError, "The component is 5, and there are 3"),
    (lambda: difference()[..., ..., 0], IndexError, "one '...' at most"),
    (lambda: kernel().dense(limit=10), ValueError, "has 35 numbers, and limit is 10"),
    (lambda: kernel().round(1.5), TypeError, "other is 1.5; write an integer"),
    (lambda: (Vi(1, 3) - Vj(3, 3)).sqnorm2().sum(1), ValueError, "have the positions .1, 3."),
    (lambda: Vi(0, 3).sum().sum(0)(), TypeError, "has 1 symbolic variables, and 0 were given"),
    (lambda: LazyTensor.cat((X, Y)), TypeError, "There is no symbolic matrix to concatenate"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[e[2] for e in ERRORS])
def test_errors(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize("n", [np.float64(2), np.float32(0.5), np.int64(3), -0.5, True])
def test_powers_by_numbers_of_any_kind(n: Any) -> None:
    np.testing.assert_allclose((Vi(X) ** n).dense()[:, 0], X ** float(n), rtol=1e-6)


@pytest.mark.parametrize("rows", [0, 1, 4])
@pytest.mark.parametrize("columns", [0, 3])
def test_reductions_over_both_axes(rows: int, columns: int) -> None:
    k = (Vi(X[:rows]) * Vj(Y[:columns])).sum()
    dense = X[:rows] @ Y[:columns].T
    for method, expected in (
        ("sum", dense.sum()),
        ("max", dense.max(initial=-np.inf)),
        ("min", dense.min(initial=np.inf)),
        ("logsumexp", np.logaddexp.reduce(dense.ravel())),
    ):
        np.testing.assert_allclose(getattr(k, method)(axis=(0, 1)), [expected], rtol=1e-12)
