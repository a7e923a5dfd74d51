"""Every method of a matrix of complex numbers is NumPy's, or an error that says what to write."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from keopsnb.numpy import ComplexLazyTensor, LazyTensor, Vi, Vj

RANDOM = np.random.default_rng(0)
X, Y = (RANDOM.normal(size=(n, 4)) + 1j * RANDOM.normal(size=(n, 4)) for n in (5, 6))
R = RANDOM.normal(size=(6, 4))
XI, YJ, RJ = X[:, None], Y[None], R[None]


def outer(a: Any, b: Any) -> Any:
    return (a[..., :, None] * b[..., None, :]).reshape(*np.broadcast(a, b).shape[:2], -1)


def rows(a: Any, v: Any) -> Any:
    return np.einsum("...kl,...l->...k", a.reshape(*a.shape[:-1], 2, 2), v)


# Law: name, of matrices a and b that are complex and r that is real, is the same of arrays.
Case = tuple[Callable[..., Any], Callable[..., Any]]


def alike(f: Callable[..., Any]) -> Case:
    return f, f


def method(name: str, function: Callable[..., Any]) -> Case:
    return (lambda a, b, r: getattr(a, name)(b)), (lambda a, b, r: function(a, b))


ENTRIES: dict[str, Case] = {
    **{
        f"__{sign}{name}__": alike(lambda a, b, r, f=f, turn=sign: f(r, a) if turn else f(a, b))
        for name, f in (
            ("add", operator.add),
            ("sub", operator.sub),
            ("mul", operator.mul),
            ("truediv", operator.truediv),
            ("pow", operator.pow),
        )
        for sign in ("", "r")
        if (sign, name) != ("r", "pow")
    },
    "__rpow__": alike(lambda a, b, r: 2**a + (1 + 2j) ** b),
    "__neg__": alike(lambda a, b, r: -a),
    "__pos__": alike(lambda a, b, r: +a),
    "__abs__": alike(lambda a, b, r: abs(a * b)),
    "minus": ((lambda a, b, r: a.minus()), lambda a, b, r: -a),
    "add": method("add", operator.add),
    "subtract": method("subtract", operator.sub),
    "mult": method("mult", operator.mul),
    "divide": method("divide", operator.truediv),
    "pow": method("pow", operator.pow),
    "power": ((lambda a, b, r: a.power(2)), lambda a, b, r: a**2),
    "square": ((lambda a, b, r: a.square()), lambda a, b, r: a * a),
    "inv": ((lambda a, b, r: a.inv()), lambda a, b, r: 1 / a),
    "conj": alike(lambda a, b, r: a.conj() * b),
    "exp": alike(lambda a, b, r: np.exp(a * b)),
    "log": alike(lambda a, b, r: np.log(a * b)),
    "sqrt": alike(lambda a, b, r: np.sqrt(a * b)),
    "real": alike(lambda a, b, r: (a * b).real),
    "imag": alike(lambda a, b, r: (a * b).imag * r),
    "angle": ((lambda a, b, r: (a * b).angle()), lambda a, b, r: np.angle(a * b)),
    "abs": ((lambda a, b, r: (a * b).abs()), lambda a, b, r: abs(a * b)),
    "squareabs": ((lambda a, b, r: (a * b).squareabs()), lambda a, b, r: abs(a * b) ** 2),
    "sum": alike(lambda a, b, r: (a * b).sum(-1, keepdims=True)),
    "__getitem__": alike(lambda a, b, r: (a * b)[..., 1:3]),
    "elem": ((lambda a, b, r: (a * b).elem(2)), lambda a, b, r: (a * b)[..., 2:3]),
    "extract": ((lambda a, b, r: (a * b).extract(1, 2)), lambda a, b, r: (a * b)[..., 1:3]),
    "concat": method("concat", lambda a, b: np.concatenate(np.broadcast_arrays(a, b), -1)),
    "cat": (
        (lambda a, b, r: LazyTensor.cat([r, a])),
        lambda a, b, r: np.concatenate(np.broadcast_arrays(r, a), -1),
    ),
    "concatenate": (
        (lambda a, b, r: r.concat(a)),
        lambda a, b, r: np.concatenate(np.broadcast_arrays(r, a), -1),
    ),
    "tensorprod": method("tensorprod", outer),
    "keops_kron": ((lambda a, b, r: a.keops_kron(r, 4, 4)), lambda a, b, r: outer(a, r)),
    "keops_tensordot": (
        (lambda a, b, r: a.keops_tensordot(b, 4, 4, 0, 0)),
        lambda a, b, r: (a * b).sum(-1, keepdims=True),
    ),
    "matvecmult": (
        (lambda a, b, r: a.matvecmult(b[..., :2])),
        lambda a, b, r: rows(a, b[..., :2]),
    ),
    "vecmatmult": (
        (lambda a, b, r: a[..., :2].vecmatmult(b)),
        lambda a, b, r: np.einsum("...k,...kl->...l", a[..., :2], b.reshape(*b.shape[:-1], 2, 2)),
    ),
    "factorize": ((lambda a, b, r: (a * b + a).factorize(a)), lambda a, b, r: a * b + a),
    "auto_factorize": ((lambda a, b, r: a.auto_factorize()), lambda a, b, r: a),
    # In autograd's sense, of pairs of real numbers.
    "grad": ((lambda a, b, r: (a * b).grad(a, r)), lambda a, b, r: b.conj() * r),
    "diff": ((lambda a, b, r: (a * b).diff(a, b)), lambda a, b, r: b * b),
    "T": ((lambda a, b, r: (a.T * b.T).T), lambda a, b, r: a * b),
    "t": ((lambda a, b, r: (a / b).t().t()), lambda a, b, r: a / b),
}


@pytest.fixture(scope="module")
def entries() -> dict[str, Any]:
    """The sum over j of each; a kernel for a few."""
    a, b, r, ones = Vi(X), Vj(Y), Vj(R), Vj(np.ones((6, 1)))
    made = {name: lazy(a, b, r) for name, (lazy, _) in ENTRIES.items()}
    found = {}
    for first in range(0, len(made), 5):
        names = list(made)[first : first + 5]
        joined = LazyTensor.cat([made[name] * ones for name in names]).sum(1)
        ends = np.cumsum([made[name]._shape[-1] for name in names])
        found |= dict(zip(names, np.split(joined, ends[:-1], axis=1), strict=True))
    for name, k in made.items():
        assert k.is_complex == np.iscomplexobj(ENTRIES[name][1](XI, YJ, RJ)), name
    return found


@pytest.mark.parametrize("name", ENTRIES)
def test_entries(name: str, entries: dict[str, Any]) -> None:
    want = ENTRIES[name][1](XI, YJ, RJ)
    want = np.broadcast_to(want, (5, 6, want.shape[-1])).sum(1)
    np.testing.assert_allclose(entries[name], want, 1e-10, 1e-12)


RESULTS: dict[str, Case] = {
    "sum_reduction": ((lambda a, b: (a * b).sum_reduction(1)), lambda k: k.sum(1)),
    "mean": ((lambda a, b: (a * b).mean(axis=(0, 1))), lambda k: k.mean((0, 1))),
    "reduction": ((lambda a, b: (a * b).reduction("Sum", axis=0)), lambda k: k.sum(0)),
    "dense": ((lambda a, b: (a * b).dense()), lambda k: k),
    "diagonal": ((lambda a, b: (a * b).diagonal()), lambda k: k.diagonal().T),
    "trace": ((lambda a, b: (a * b).trace()), lambda k: k.trace()),
    "__matmul__": ((lambda a, b: (a * b)[..., 1] @ Y), lambda k: k[..., 1] @ Y),
    "__rmatmul__": ((lambda a, b: X.T @ (a * b)[..., 1]), lambda k: X.T @ k[..., 1]),
    "matvec": ((lambda a, b: (a * b)[..., 1].matvec(R)), lambda k: k[..., 1] @ R),
    "rmatvec": ((lambda a, b: (a * b)[..., 1].rmatvec(X)), lambda k: k[..., 1].conj().T @ X),
}


@pytest.mark.parametrize("name", RESULTS)
def test_results(name: str) -> None:
    lazy, dense = RESULTS[name]
    np.testing.assert_allclose(lazy(Vi(X), Vj(Y)), dense(XI * YJ), 1e-10)


# Law: every other method refuses, names itself, and says what to write.

SHAPES = {"shape", "ndim", "dim", "ni", "nj", "batchdims", "nbatchdims", "dtype", "device"}
FORMULAS = {"formula", "variables", "symbolic", "symbolic_variables", "callfun", "of_integers"}
PLUMBING = {"as_kind", "lift", "make", "check_done", "is_complex", "lenient", "planned", "solved"}
PLUMBING |= {"arrays", "real_kind", "complex_kind", "form", "args", "ranges", "backend", "waiting"}
DUNDERS = {f"__{name.strip('_')}__" for name in dir(operator)} | {"__round__", "__floor__"}
DUNDERS |= {"__ceil__", *(f"__r{d[2:]}" for d in DUNDERS)}
EVERY = {
    name
    for kind in ComplexLazyTensor.__mro__[:-1]
    for name, made in vars(kind).items()
    if not name.startswith("_") or (name in DUNDERS and callable(made))
}
PLUMBING |= {"__bool__", "__call__", "quick"}
REFUSED = EVERY - SHAPES - FORMULAS - PLUMBING - ENTRIES.keys() - RESULTS.keys()


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused(name: str) -> None:
    a, b, method = Vi(X), Vj(Y), getattr(ComplexLazyTensor, name)
    for given in ([], [b], [b, b], [1], [1, 1], [1, b]):
        for options in ({}, {"axis": 1}):
            try:
                method(a, *given, **options)
            except TypeError as error:
                message = str(error)
            else:
                pytest.fail(f"{name} gives numbers")
            if "complex" in message:
                break
    assert "complex" in message
    named = name.removesuffix("_reduction").lower().replace("var", "variance")
    assert named in message.lower() or (name[:2] == "__" and message.startswith("There is no "))
    assert any(word in message for word in ("take ", "write ", "reduce ", "give "))


def test_all_that_is_refused_is_meant() -> None:
    assert len(REFUSED) > 90
    assert not REFUSED & {"sum", "mean", "exp", "__mul__", "conj"}


REAL = Vj(R)
MIXED: dict[str, Callable[[Any], Any]] = {
    ">": lambda a: a > REAL,
    "==": lambda a: a.real == a,
    "|": lambda a: REAL | a,
    "Atan2": lambda a: REAL.atan2(a),
    "Fma": lambda a: REAL.fma(2, a),
    "And": lambda a: REAL & 1j,
    "Clamp": lambda a: REAL.clamp(0, 1j),
    "LogSumExp": lambda a: REAL.logsumexp(1, weight=a),
    "//": lambda a: 1j // REAL,
    "derivative": lambda a: REAL.sin().diff(REAL, a),
}


@pytest.mark.parametrize("name", MIXED)
def test_real_matrices_refuse_complex_operands(name: str) -> None:
    with pytest.raises(TypeError, match="complex") as caught:
        MIXED[name](Vi(X))
    assert name in str(caught.value)
    assert any(word in str(caught.value) for word in ("take ", "write "))


# Law: what is linear in a complex operand takes one.


def test_complex_weights() -> None:
    logits = Vi(X[:, :1].real) * Vj(R[:, :1])
    p = np.exp(X[:, :1].real * R[:, 0])
    want = (p / p.sum(1, keepdims=True)) @ Y
    np.testing.assert_allclose(logits.sumsoftmaxweight(Vj(Y), axis=1), want)


def test_derivatives_between_real_and_complex() -> None:
    r, x = Vj(R), Vi(X)
    wave = r.exp1j() * x
    e = np.exp(1j * R) * XI
    np.testing.assert_allclose(wave.diff(r, r).sum(1), (1j * RJ * e).sum(1))
    found = wave.grad(r, x)  # real: <x, i e^(ir) x>
    assert not found.is_complex
    np.testing.assert_allclose(found.sum(0), (np.conj(1j * e) * XI).real.sum(0))
    size = x.squareabs()
    np.testing.assert_allclose(size.grad(x, r).sum(1), (2 * XI * RJ).sum(1))
    np.testing.assert_allclose(size.diff(x, [1j] * 4).sum(1), 2 * X.imag)


def test_scipy_takes_the_adjoint() -> None:
    linalg = pytest.importorskip("scipy.sparse.linalg")
    k = (Vi(X) * Vj(Y))[..., 1]
    full = X[:, 1:2] * Y[:, 1]
    found = linalg.aslinearoperator(k).H @ X
    np.testing.assert_allclose(found, full.conj().T @ X)
