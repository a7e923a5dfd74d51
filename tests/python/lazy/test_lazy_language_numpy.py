"""The language of symbolic matrices: methods, operators, axes, copies, errors."""

import copy
import doctest
import importlib
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_lazy_numpy import K, M, N, X, Y, kernel

from keopsnb import FormulaError, _core
from keopsnb._lazy.functions import method_of
from keopsnb.numpy import LazyTensor, Vi, Vj

V = np.random.default_rng(1).random((2, M))
DIFFERENCE = X[:, None] - Y

# Law: every operation of real numbers is a method, whose text is that of the row.

SCRIPT = Path(__file__).parents[3] / "docs" / "generate_methods.py"
ROWS = [row for row in _core.catalogue() if row.group != "complex"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_every_operation_is_a_documented_method(row: _core.Operation) -> None:
    method = getattr(LazyTensor, method_of(row))
    assert inspect.getdoc(method)
    assert "self" in inspect.signature(method).parameters


ELEMENTWISE = [r for r in ROWS if r.partials and r.name not in ("Add", "Subtract", "Mult", "Pow")]


@pytest.mark.parametrize("row", ELEMENTWISE, ids=lambda row: row.name)
def test_methods_say_what_their_rows_say(row: _core.Operation) -> None:
    method = getattr(LazyTensor, method_of(row))
    x = [Vi(0, 2), Vj(1, 2), Vi(2, 2)][: row.operands]
    made = method(*x, *[1, 2][: row.ints])
    names = ["v0", "v1", "v2"][: row.operands] + ["1", "2"][: row.ints]
    expected = LazyTensor((0, 2, 0)).ndim
    assert made.ndim == expected
    if row.name not in ("Divide", "Minus"):
        assert made.formula == f"{row.name}({', '.join(names)})"
    if row.name not in ("Divide", "Minus", "Clamp"):
        sentence = " ".join(row.sentence.split())[1:]
        assert sentence in " ".join((inspect.getdoc(method) or "").split())


def test_the_methods_are_as_generated() -> None:
    subprocess.run([sys.executable, str(SCRIPT), "--check"], check=True)


# Law: KeOps' methods have their names and parameters here.

KEOPS = """
    abs() acos() argKmin(K,axis,dim) argKmin_reduction(K,axis,dim) argmax(axis,dim)
    argmax_reduction(axis,dim) argmin(axis,dim) argmin_reduction(axis,dim) asin() atan()
    atan2(other) auto_factorize() bspline(x,k) cat(tuple_of_lt,dim) clamp(other1,other2)
    concat(other) concatenate(tuple_of_lt,axis) cos() diff(other,diffin)
    difference_matrix(other) dim()
    divergence(var) elem(i) exp() exp1j() extract(i,d) factorize(other) grad(other,gradin)
    grad_matrix(other) ifelse(other1,other2) imag2complex() keops_kron(other,dimfself,dimfother)
    keops_tensordot(other,dimfa,dimfb,contfa,contfb,permute) Kmin(K,axis,dim)
    Kmin_argKmin(K,axis,dim) Kmin_argKmin_reduction(K,axis,dim) Kmin_reduction(K,axis,dim)
    laplacian(var) log() logsumexp(axis,dim,weight) logsumexp_reduction(axis,dim,weight)
    matvec(v) matvecmult(other) max(axis,dim) max_argmax(axis,dim)
    max_argmax_reduction(axis,dim) max_reduction(axis,dim) min(axis,dim) min_argmin(axis,dim)
    min_argmin_reduction(axis,dim) min_reduction(axis,dim) mod(modulus,offset) norm(dim) norm2()
    normalize() one_hot(D) power(other) real2complex()
    reduction(reduction_op,other,opt_arg,axis,dim,call,is_complex) relu() rmatvec(v)
    round(other) rsqrt() sign() sin() sinc() sinxdivx() softdtw_sqdist(other,gamma)
    solve(other,var,call) sqdist(other) sqnorm2() sqrt() square() step() sum(axis,dim)
    sum_reduction(axis,dim) sumsoftmaxweight(weight,axis,dim)
    sumsoftmaxweight_reduction(weight,axis,dim) t() tensorprod(other) trace_operator(var)
    vecmatmult(other) weightedsqdist(g,s) weightedsqnorm(other) xlogx()
""".split()  # noqa: SIM905


@pytest.mark.parametrize("call", KEOPS)
def test_methods_of_keops(call: str) -> None:
    name, _, parameters = call.rstrip(")").partition("(")
    given = inspect.signature(getattr(LazyTensor, name)).parameters
    found = [p for p in given if p not in ("self", "kwargs")]
    wanted = parameters.split(",") if parameters else []
    assert found[: len(wanted)] == wanted


# Law: products are those of the dense matrix, on either side.


@pytest.mark.parametrize("v", [V[0], V], ids=["vector", "rows"])
def test_products_from_the_left(v: np.ndarray) -> None:
    for found in (v @ kernel(), np.matmul(v, kernel()), kernel().__rmatmul__(v)):
        assert isinstance(found, np.ndarray)
        assert found.shape == (v @ K).shape
        np.testing.assert_allclose(found, v @ K, rtol=1e-12)
    np.testing.assert_allclose(np.matmul(kernel(), np.ones(N)), K @ np.ones(N), rtol=1e-12)


def test_products_from_the_left_with_batches() -> None:
    y = np.random.default_rng(2).random((3, 1, N, 3))
    k = ((LazyTensor(X[:, None]) - LazyTensor(y)) ** 2).sum(-1)
    dense = ((X[:, None] - y) ** 2).sum(-1)
    np.testing.assert_allclose(V @ k, V @ dense, rtol=1e-12)


# Law: & ^ ~ are logic on comparisons, | the scalar product.


def test_logic() -> None:
    k = kernel()
    found = ((k > 0.2) & ~(k > 0.5) ^ (k < 0.1)).dense()
    np.testing.assert_array_equal(found, (K > 0.2) & ~(K > 0.5) ^ (K < 0.1))
    scalar = Vi(X) | Vj(Y)
    np.testing.assert_allclose(scalar.dense(), X @ Y.T)


# Law: several axes are reduced as those of arrays; keepdim keeps them with length 1.

AXES: list[tuple[str, Callable[[Any], Any], Any]] = [
    ("sum", lambda d: d.sum(axis=(0, 1)), DIFFERENCE.sum((0, 1))),
    ("dim", lambda d: d.sum(dim=(-3, -2)), DIFFERENCE.sum((0, 1))),
    ("entries too", lambda d: d.sum(axis=(0, 1, 2)), DIFFERENCE.sum().reshape(1)),
    ("j and entries", lambda d: d.max((1, -1)), DIFFERENCE.max((1, 2))[:, None]),
    ("mean", lambda d: d.mean((0, 1)), DIFFERENCE.mean((0, 1))),
    ("any", lambda d: (d > 1).any((0, 1)), (DIFFERENCE > 1).any((0, 1))),
    ("count", lambda d: (d > 0).count((0, 1)), (DIFFERENCE > 0).sum((0, 1))),
    ("logsumexp", lambda d: d.sum().logsumexp((0, 1)), None),
    ("keepdim", lambda d: d.sum(1, keepdim=True), DIFFERENCE.sum(1, keepdims=True)),
    ("keepdims", lambda d: d.sum(0, keepdims=True), DIFFERENCE.sum(0, keepdims=True)),
    ("both kept", lambda d: d.sum((0, 1), keepdim=True), DIFFERENCE.sum((0, 1), keepdims=True)),
    ("not kept", lambda d: d.sum(1, keepdim=False), DIFFERENCE.sum(1)),
    ("indices", lambda d: d.argmax(1, keepdim=True), DIFFERENCE.argmax(1)[:, None]),
    ("a pair", lambda d: d.min_argmin(1, keepdim=True)[1], DIFFERENCE.argmin(1)[:, None]),
    ("NumPy's sum", lambda d: np.sum(d, axis=np.int64(1)), DIFFERENCE.sum(1)),
    ("NumPy's mean", lambda d: np.mean(d, axis=(0, 1)), DIFFERENCE.mean((0, 1))),
    ("entries", lambda d: d.sum(-1, keepdim=True).sum(1), DIFFERENCE.sum((1, 2))[:, None]),
]


@pytest.mark.parametrize(("name", "reduce", "dense"), AXES, ids=[a[0] for a in AXES])
def test_axes(name: str, reduce: Callable[[Any], Any], dense: Any) -> None:
    if dense is None:
        dense = np.log(np.exp(DIFFERENCE.sum(-1)).sum()).reshape(1)
    found = reduce(Vi(X) - Vj(Y))
    assert found.shape == dense.shape, name
    np.testing.assert_allclose(found, dense, rtol=1e-12)


def test_operations_of_several_steps() -> None:
    d = Vi(X).difference_matrix(Vj(Y[:, :2]))
    dense = (X[:, None, :, None] - Y[None, :, None, :2]).reshape(M, N, 6)
    np.testing.assert_allclose(d.sum(1), dense.sum(1), rtol=1e-12)
    k = kernel()
    np.testing.assert_array_equal((k * 5).ceil().sum(1), np.ceil(K * 5).sum(1)[:, None])
    np.testing.assert_array_equal(np.ceil(k * 5).sum(1), np.ceil(K * 5).sum(1)[:, None])


# Law: what waits for its variables is copied and pickled like any object, and says what it is.


def test_deferred_reductions_are_copied_and_pickled() -> None:
    waiting = (-(Vi(0, 3) - Vj(1, 3)).sqnorm2() / 0.7).exp().sum(axis=1, call=False)
    assert "Sum over j of Exp" in repr(waiting)
    for made in (waiting, copy.deepcopy(waiting), pickle.loads(pickle.dumps(waiting))):
        np.testing.assert_allclose(made(X, Y), K.sum(1)[:, None])


def test_one_structure_is_compiled_once() -> None:
    assert kernel().form == kernel().form
    again = pickle.loads(pickle.dumps(kernel()))
    assert again.form == kernel().form


def test_repr_shows_formula_variables_and_cost() -> None:
    shown = repr(kernel())
    for part in ("(5, 7)", "float64", "formula: Exp", "Vi(3)  (5, 3)", "Pm(1)  [0.7]", "35 times"):
        assert part in shown


# Law: errors speak of operands, by index and shape; names of the formula's variables are ours.

ERRORS: list[tuple[Callable[[], Any], type, str]] = [
    (lambda: Vi(X) * Vj(Y.astype("f4")), TypeError, r"float32 \(rows j of shape \(7, 3\)\)"),
    (lambda: Vi(X) + Vj(Y[:, :2]), FormulaError, r"operand 2 \(rows j of shape \(7, 2\)\) has"),
    (lambda: Vi(X).extract(1, 5), FormulaError, "integer parameters are 1 and 5"),
    (
        lambda: LazyTensor(np.ones((3, 5, 1, 2))) * LazyTensor(np.ones((2, 1, 7, 2))),
        ValueError,
        r"rows j of shape \(2, 7, 2\)\) has the batch dimensions \(2,\)",
    ),
    (
        lambda: (Vi(0, 3) * Vj(1, 3)).sum(1)(X, Y[:, :2]),
        ValueError,
        r"The value of symbolic variable 1 has shape \(7, 2\)",
    ),
    (lambda: kernel().argmin((0, 1)), ValueError, "ArgMin is over one axis; write axis=0 or"),
    (lambda: kernel().sum(colour=3), TypeError, "unexpected option 'colour'"),
    (lambda: kernel().sum((1, 1)), ValueError, "name one axis or more, and each once"),
    (lambda: kernel().Kmin(2, axis=1, keepdim=True), TypeError, "leave keepdim out"),
    (lambda: V[:, :3] @ kernel(), ValueError, r"v has shape \(2, 3\), and K has 5 rows"),
    (lambda: kernel() @ kernel().T, TypeError, "takes an array v, and this is a LazyTensor"),
    (lambda: kernel().sum(axis=1.0), TypeError, "axis is 1.0; write one integer"),
    (lambda: [1] @ kernel(), TypeError, "takes an array v, and this is a list"),
]


@pytest.mark.parametrize(("call", "error", "message"), ERRORS, ids=[e[2] for e in ERRORS])
def test_errors(call: Callable[[], Any], error: type, message: str) -> None:
    with pytest.raises(error, match=message) as caught:
        call()
    assert "v0" not in str(caught.value)
    assert "v1" not in str(caught.value)


# Law: an import loads no more than it needs.


def test_import_is_light() -> None:
    code = (
        "import sys, keopsnb.numpy; "
        "heavy = {'torch', 'scipy', 'keopsnb._lazy.base', 'keopsnb._solve'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); "
        "from keopsnb.numpy import *; LazyTensor, KernelSolve, cluster.grid_cluster; "
        "assert not {'torch', 'scipy'} & set(sys.modules); "
        "assert set(keopsnb.numpy.__all__) <= set(dir(keopsnb.numpy))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        __import__("keopsnb.numpy").numpy.nothing  # noqa: B018


# Law: the examples of docstrings are true.


@pytest.mark.parametrize(
    "module", ["_cluster", "_lazy.reductions", "_lazy.matrix", "numpy._lazy", "_solve"], ids=str
)
def test_docstrings(module: str) -> None:
    found = doctest.testmod(importlib.import_module(f"keopsnb.{module}"))
    assert found.attempted > 0
    assert found.failed == 0
