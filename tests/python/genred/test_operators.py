"""Differential operators in formulas, against dense derivatives of the same fields in PyTorch."""

from collections.abc import Callable

import numpy as np
import pytest

from keopsnb import CompileError
from keopsnb.numpy import Genred

torch = pytest.importorskip("torch")
jacobian = torch.func.jacrev

ALIASES = ["x = Vi(3)", "y = Vj(3)", "A = Vj(9)", "p = Pm(1)", "u = Vi(3)", "v = Vi(3)"]
DIMS = [3, 3, 9, 1, 3, 3]
rng = np.random.default_rng(0)
# One j, so that a sum is its only term.
POINTS = [rng.normal(size=(5, 3)), rng.normal(size=(1, 3)), rng.normal(size=(1, 9))]
POINTS += [rng.normal(size=1) ** 2 + 0.5, rng.normal(size=(5, 3)), rng.normal(size=(5, 3))]


def values(*formulas: str) -> list[np.ndarray]:
    """Of formulas over the points, in one kernel: each of dimension 1, 3, or 9 as said in front."""
    dims, texts = zip(*(f.split(":", 1) for f in formulas), strict=True)
    total = Genred(f"Concat({', '.join(texts)})", ALIASES, axis=1)(*POINTS)
    return np.split(total, np.cumsum([int(d) for d in dims])[:-1], axis=1)


def at_points(f: Callable) -> np.ndarray:
    """Of a function of single vectors."""
    x, y, A, p, u, v = (torch.tensor(a) for a in POINTS)
    rows = [f(x[i], y[0], A[0].reshape(3, 3), p, u[i], v[i]) for i in range(len(x))]
    return torch.stack([torch.as_tensor(r).reshape(-1) for r in rows]).numpy()


# Fields x -> F(x, y, A, p) of dimension 3, in formulas and in PyTorch, one for each way in which a
# differential is made of others.
FIELDS: dict[str, Callable] = {
    "x": lambda x, y, A, p: x,
    "Exp(-SqDist(x, y) * p) * (x - y)": lambda x, y, A, p: (
        torch.exp(-((x - y) ** 2).sum() * p) * (x - y)
    ),
    "Concat(Extract(x * x, 1, 2), x | y) / (2 + Sin(x | x))": lambda x, y, A, p: (
        torch.cat([(x * x)[1:], (x @ y)[None]]) / (2 + torch.sin(x @ x))
    ),
    "Extract(Concat(Sum(Exp(x)), x * y), 0, 3)": lambda x, y, A, p: torch.cat(
        [x.exp().sum()[None], x * y]
    )[:3],
    "ElemT(Elem(x, 1) * p * Elem(x, 0), 3, 2) + SumT(Sin(x | y), 3)": lambda x, y, A, p: (
        x[0] * x[1] * p * torch.eye(3)[2] + torch.sin(x @ y)
    ),
    "ExtractT(Extract(x ** 3, 0, 2), 1, 3) - x * x": lambda x, y, A, p: (
        torch.cat([torch.zeros(1), x[:2] ** 3]) - x * x
    ),
    "IfElse(x - y, Normalize(x), (x | x) * y) + Clamp(x, 0, y)": lambda x, y, A, p: (
        torch.where(x >= y, x / x.norm(), (x @ x) * y)
        + torch.where(x < 0, 0, torch.where(x > y, y, x))
    ),
    # Traces without a rule of their own.
    "MatVecMult(A, Sin(x)) + VecMatMult(x * x, A)": lambda x, y, A, p: A @ x.sin() + (x * x) @ A,
    "Extract(TensorProd(x, y), 2, 3) * Max(x)": lambda x, y, A, p: (
        torch.outer(x, y).reshape(-1)[2:5] * x.max()
    ),
    "TensorDot(A, Exp(x), [3, 3], [3], [0], [0]) + Extract(Kron(x, y, [3], [3]), 4, 3)": (
        lambda x, y, A, p: x.exp() @ A + torch.kron(x, y)[4:7]
    ),
    "Concat(ComplexMult(Extract(x, 0, 2), Extract(x, 1, 2)), ComplexAbs(Extract(x, 0, 2)))": (
        lambda x, y, A, p: torch.stack(
            [x[0] * x[1] - x[1] * x[2], x[0] * x[2] + x[1] * x[1], x[:2].norm()]
        )
    ),
    "SymSqNorm(A, x) * x": lambda x, y, A, p: (x @ A @ x) * x,
}
OPERATORS = {
    "9:GradMatrix({F}, x)": lambda F: lambda x, u, v, w: jacobian(F)(x),
    "3:Diff({F}, x, u)": lambda F: lambda x, u, v, w: jacobian(F)(x) @ u,
    "1:Divergence({F}, x)": lambda F: lambda x, u, v, w: jacobian(F)(x).trace(),
    "1:Laplacian({F} | y, x)": lambda F: lambda x, u, v, w: laplacian(lambda t: F(t) @ w)(x),
    "1:TraceOperator(Diff({F}, x, v), v, y)": lambda F: (
        lambda x, u, v, w: jacobian(F)(x).diagonal() @ w
    ),
    "3:AdjointOperator(Diff({F}, x, v), v, u)": lambda F: lambda x, u, v, w: u @ jacobian(F)(x),
    "1:SumLinOperator(Diff({F}, x, v), v, y, u)": lambda F: (
        lambda x, u, v, w: w @ jacobian(F)(x) @ u
    ),
    # Nested.
    "3:Grad(Diff({F} | y, x, u), x, 1)": lambda F: (
        lambda x, u, v, w: jacobian(lambda t: w @ jacobian(F)(t) @ u)(x)
    ),
    "3:Diff(Grad({F} | y, x, p), x, u) / p": lambda F: (
        lambda x, u, v, w: jacobian(jacobian(lambda t: F(t) @ w))(x) @ u
    ),
    "1:Diff(Divergence({F}, x), x, v)": lambda F: (
        lambda x, u, v, w: jacobian(lambda t: jacobian(F)(t).trace())(x) @ v
    ),
}


def laplacian(f: Callable) -> Callable:
    return lambda x: jacobian(jacobian(f))(x).trace()


# Law: an operator is what it is of the dense Jacobian, through every operation.


@pytest.mark.parametrize("field", FIELDS)
def test_operators(field: str) -> None:
    texts = [text.replace("{F}", f"({field})") for text in OPERATORS]
    # The compiler's time grows faster than a kernel.
    found = [value for k in range(0, len(texts), 3) for value in values(*texts[k : k + 3])]
    for (text, operator), value in zip(OPERATORS.items(), found, strict=True):

        def dense(x, y, A, p, u, v, operator=operator):
            return operator(lambda t: FIELDS[field](t, y, A, p))(x, u, v, y)

        np.testing.assert_allclose(value, at_points(dense), rtol=1e-11, atol=1e-11, err_msg=text)


# Law: operators nest in any order.


def test_nested() -> None:
    k = "Exp(-SqDist(x, y))"

    def kernel(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return torch.exp(-((x - y) ** 2).sum())

    found = values(
        f"1:Laplacian(Laplacian({k}, x), x)",
        f"1:Divergence(Grad({k}, x, Divergence(x * Laplacian({k}, x), x)), x)",
        f"9:GradMatrix(Grad({k}, y, 1), x)",
        f"1:TraceOperator(AdjointOperator({k} * v, v, u), u)",
        f"3:Grad(SumLinOperator(Diff({k} * x, x, v), v), x, 1)",
    )
    expected = [
        lambda x, y, *_: laplacian(laplacian(lambda t: kernel(t, y)))(x),
        lambda x, y, *_: jacobian(
            lambda s: (
                jacobian(lambda t: kernel(t, y))(s)
                * jacobian(lambda t: t * laplacian(lambda r: kernel(r, y))(t))(s).trace()
            )
        )(x).trace(),
        lambda x, y, *_: jacobian(lambda t: jacobian(kernel, 1)(t, y))(x),
        lambda x, y, *_: 3 * kernel(x, y),
        lambda x, y, *_: jacobian(lambda t: jacobian(lambda r: kernel(r, y) * r)(t).sum())(x),
    ]
    for value, dense in zip(found, expected, strict=True):
        np.testing.assert_allclose(value, at_points(dense), rtol=1e-11, atol=1e-12)


# Laws: directions of several variables add up; weights are 1 if left out, scalars stand for
# vectors, and a linear form for a vector of it; what is factorized is what it was.


def test_forms() -> None:
    found = values(
        "3:Diff(p * x * Exp(x | y), (x, p, y), (u, 2, v)) - Diff(p * x * Exp(x | y), x, u) "
        "- Diff(p * x * Exp(x | y), p, 2) - Diff(p * x * Exp(x | y), y, v)",
        "1:TraceOperator(p * v - v / p, v)",
        "1:TraceOperator(v * y, v, p)",
        "1:TraceOperator(v | y, v)",
        "1:TraceOperator(v | y, v, u)",
        "3:AdjointOperator(v | y, v, 1)",
        "1:SumLinOperator(v * y, v)",
        "1:SumLinOperator(v * y, v, p, p)",
        "1:SumLinOperator(Concat(v, v | y), v, 1, u)",
        "3:Factorize(x * Exp(y), Exp(y)) - AutoFactorize(x * Exp(y))",
    )
    expected = [
        lambda x, y, A, p, u, v: torch.zeros(3),
        lambda x, y, A, p, u, v: 3 * (p - 1 / p),
        lambda x, y, A, p, u, v: p * y.sum(),
        lambda x, y, A, p, u, v: y.sum(),
        lambda x, y, A, p, u, v: y @ u,
        lambda x, y, A, p, u, v: y,
        lambda x, y, A, p, u, v: y.sum(),
        lambda x, y, A, p, u, v: p * p * y.sum(),
        lambda x, y, A, p, u, v: u.sum() + y @ u,
        lambda x, y, A, p, u, v: torch.zeros(3),
    ]
    for k, (value, dense) in enumerate(zip(found, expected, strict=True)):
        np.testing.assert_allclose(value, at_points(dense), rtol=1e-12, atol=1e-12, err_msg=str(k))


def test_a_formula_that_is_not_linear() -> None:
    with pytest.raises(CompileError, match=r"keopsnb: in trace_operator\(f, v, w\), f is linear"):
        values("1:TraceOperator(v * v, v)")
