"""`pykeops.common.operations`: linear systems of operators given as functions."""

import importlib
from collections.abc import Callable
from typing import Any

from keopsnb import _precondition
from keopsnb._conjugate import EPS, conjugate_gradients
from keopsnb.compat.moved.common.utils import get_tools


def ConjugateGradientSolver(
    binding: str, linop: Callable[[Any], Any], b: Any, eps: float = 1e-6
) -> Any:
    """Solve A x = b for a symmetric positive definite A.

    Args:
        binding: `"numpy"` or `"torch"`.
        linop: x -> A x.
        b: (N,) or (N, D).
        eps: each column stops at `|b - A x| <= eps |b|`; pykeops' bound is absolute.

    Returns:
        x, in the shape of b.

    Raises:
        ConvergenceError: if the system was not solved.
    """
    return _solve(binding, linop, b, eps, None)


def KernelLinearSolver(
    binding: str,
    K: Any,
    x: Any,
    b: Any,
    alpha: float = 0,
    eps: float = 1e-6,
    precond: bool = False,
    precondKernel: Any = None,
) -> Any:
    """Solve (K(x, x) + alpha Id) a = b.

    Args:
        binding: `"numpy"` or `"torch"`.
        K: a function of x, y and b that gives K(x, y) b; or `("gaussian", D, E, sigma)`, the
            kernel exp(-|x - y|^2 / sigma^2) of points of dimension D and b of dimension E.
        x: (N, D), points.
        b: (N, E).
        alpha: what is added to the diagonal.
        eps: each column stops at `|b - A a| <= eps |b|`.
        precond: whether to precondition by the Nystrom approximation on sqrt(N) random points
            (Frangella, Tropp and Udell, "Randomized Nystrom preconditioning", 2023); it keeps N^1.5
            numbers.
        precondKernel: no effect: K is enough.

    Returns:
        a, (N, E).

    Raises:
        ConvergenceError: if the system was not solved.
        ValueError: if precond is asked for, and alpha is not positive.
    """
    tools = get_tools(binding)
    kernel = _gaussian(tools, *K[1:]) if isinstance(K, tuple) else K
    inverse = _nystrom(_arrays(binding), tools, kernel, x, alpha) if precond else None
    return _solve(binding, lambda a: kernel(x, x, a) + alpha * a, b, eps, inverse)


def _arrays(binding: str) -> Any:
    return importlib.import_module("numpy" if binding == "numpy" else "torch")


def _solve(
    binding: str,
    apply: Callable[[Any], Any],
    b: Any,
    eps: float,
    inverse: Callable[[Any], Any] | None,
) -> Any:
    xp = _arrays(binding)
    column = b if b.ndim > 1 else b[:, None]
    found = conjugate_gradients(
        xp,
        lambda a: apply(a.reshape(b.shape)).reshape(column.shape),
        column,
        precondition=inverse,
        # As many steps as there, and its eps where rounding allows it.
        eps=None if eps == EPS else eps,
        max_iterations=10 * column.shape[-2] * column.shape[-1] + 100,
    )
    return found.solution.reshape(b.shape)


def _gaussian(tools: Any, dim: int, columns: int, sigma: float) -> Callable[[Any, Any, Any], Any]:
    reduction = tools.Genred(
        f"Exp(-SqDist(x, y) / {float(sigma) ** 2!r}) * b",
        [f"x = Vi({dim})", f"y = Vj({dim})", f"b = Vj({columns})"],
        axis=1,
    )
    product: Callable[[Any, Any, Any], Any] = reduction
    return product


def _nystrom(
    xp: Any, tools: Any, kernel: Callable[[Any, Any, Any], Any], x: Any, alpha: float
) -> Callable[[Any], Any]:
    """Of K applied to columns of the identity, those of random points u: K(x, u)."""
    if not alpha > 0:
        raise ValueError(f"alpha is {alpha!r}; write a positive number, or precond=False.")
    import numpy

    count = max(1, round(len(x) ** 0.5))
    chosen = numpy.random.default_rng(0).choice(len(x), count, replace=False)
    chosen.sort()
    u = x[chosen]
    test = x @ u.T * 0
    test[chosen, range(count)] = 1
    unit = test[chosen]
    # A column at a time, as a kernel may take one column only.
    columns = [kernel(x, u, unit[:, k : k + 1]) for k in range(count)]
    found = sum(c * unit[k] for k, c in enumerate(columns))
    shift = tools.array([[alpha]], "float64", tools.device(x))

    def wide(values: Any) -> Any:
        return xp.asarray(values, dtype=xp.float64)

    def narrow(values: Any) -> Any:
        return xp.asarray(values, dtype=x.dtype)

    precision = float(xp.finfo(x.dtype).eps)
    low_rank = _precondition.nystrom(xp, wide(test), wide(found), precision)
    return low_rank.inverse(xp, shift, precision, narrow)
