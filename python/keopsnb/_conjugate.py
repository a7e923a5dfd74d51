"""Conjugate gradients on reductions, for the arrays of any front end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Solution:
    """What `KernelSolve` returns with `full=True`, and what `ConvergenceError` carries as `found`.

    Attributes:
        solution: the array x.
        iterations: how many steps were taken; each is one product with the operator.
        residual: |b - A x| / |b|, one for each column (..., 1, D), computed anew at the end.
        converged: whether all of them are at most eps, by the recurrence that steps update.
    """

    solution: Any
    iterations: int
    residual: Any
    converged: bool

    def flattened(self) -> Solution:
        """The same of a system with one column, without its dimension."""
        return replace(self, solution=self.solution[..., 0], residual=self.residual[..., 0, 0])


class ConvergenceError(RuntimeError):
    """A system was not solved: the operator is not positive definite, or steps ran out.

    Attributes:
        found: the `Solution` so far, as a start for another attempt (`x0=error.found.solution`);
            None if there is none.
    """

    def __init__(self, message: str, found: Solution | None = None) -> None:
        super().__init__(message)
        self.found = found


@dataclass(frozen=True)
class Limits:
    """When to stop, and whom to tell."""

    eps: float
    max_iterations: int | None = None
    callback: Callable[[int, Any], None] | None = None
    residual: bool = False  # whether the last residual is computed anew, by one product more


class _Measure:
    """Inner products and norms of columns, or of all columns together where A mixes them."""

    def __init__(self, xp: Any, coupled: bool) -> None:
        self.xp, self.axes = xp, (-2, -1) if coupled else (-2,)

    def inner(self, u: Any, v: Any) -> Any:
        return (u * v).sum(self.axes, keepdims=True)

    def norm(self, u: Any) -> Any:
        # Scaled first, so that squares neither overflow nor vanish.
        xp = self.xp
        scale = xp.amax(xp.abs(u), self.axes, keepdims=True)
        safe = xp.where(scale > 0, scale, xp.ones_like(scale))
        return safe * self.inner(u / safe, u / safe) ** 0.5


def is_coupled(xp: Any, apply: Callable[[Any], Any], p: Any, q: Any) -> bool:
    """Whether A mixes the columns of p, of which q = A p; one product, where it does not.

    Raises:
        ValueError: if A is not linear.
    """
    norm = _Measure(xp, False).norm
    # Factors from -3 to -1, no two of which are equal.
    factors = -2 - xp.cos(2.4 * xp.cumsum(xp.ones_like(p[..., :1, :]), -1))

    least = min(1e-3, 1e3 * float(xp.finfo(p.dtype).eps))

    def scales(p: Any, q: Any, factors: Any) -> bool:
        return not bool((norm(apply(factors * p) - factors * q) > least * norm(q)).any())

    if scales(p, q, factors):
        return False
    # Where A p is next to nothing that may be rounding; of positive numbers less is cancelled.
    p = 2 + xp.cos(xp.cumsum(xp.ones_like(p), -2))
    q = apply(p)
    if scales(p, q, factors):
        return False
    if p.shape[-1] > 1 and scales(p, q, -2):
        return True
    raise ValueError(
        "The formula is not linear in the variable that varinvalias names; write a kernel times "
        "that variable."
    )


def check_symmetric(
    xp: Any,
    apply: Callable[[Any], Any],
    measure: _Measure,
    first: tuple[Any, Any],
    second: tuple[Any, Any],
) -> None:
    """That <p, A p'> = <A p, p'> for two pairs (p, A p); free, where it is so.

    Derivatives of a solution are those of a symmetric A, and would be wrong without a word.

    Raises:
        ValueError: if A is not symmetric.
    """
    (p, q), (other, image) = first, second
    eps = float(xp.finfo(p.dtype).eps)
    gap = xp.abs(measure.inner(p, image) - measure.inner(q, other))
    suspect = gap > max(1e-5, 1e4 * eps) * measure.norm(q) * measure.norm(other)
    if not bool(suspect.any()):
        return
    # Where p is next to the null space, A p is what rounding leaves of terms that cancel. Without
    # signs, the same sum tells how large these are.
    size = measure.inner(xp.abs(p), xp.abs(apply(xp.abs(other))))
    if bool((suspect & (gap > 32 * eps * size)).any()):
        raise ValueError(
            "The matrix is not symmetric; the rows of i and j have to be the same points, and the "
            "formula symmetric in them."
        )


def _not_finite(what: str, step: int) -> str:
    return (
        f"The {what} is not finite after {step} iterations; alpha or an argument is not, or the "
        "kernel overflows."
    )


def conjugate_gradients(
    xp: Any,
    apply: Callable[[Any], Any],
    b: Any,
    limits: Limits,
    x0: Any = None,
    precondition: Callable[[Any], Any] | None = None,
) -> Solution:
    """Solve A x = b for each column of b, to |b - A x| <= eps |b|; one product a step.

    All columns take their own steps at once. Where A mixes them, the array is one vector.

    Raises:
        ConvergenceError: if steps ran out, A is not positive definite, or numbers are not finite.
        ValueError: if A is found not to be linear, or not to be symmetric.

    Source: Hestenes and Stiefel, Methods of conjugate gradients for solving linear systems, 1952.
    """
    measure = _Measure(xp, False)
    limit = 10 * b.shape[-2] * b.shape[-1] + 100
    limit = limit if limits.max_iterations is None else limits.max_iterations
    if not bool(xp.isfinite(b).all()):
        raise ConvergenceError("The right-hand side has entries that are not finite.")
    if 0 in b.shape:
        return Solution(xp.zeros_like(b), 0, xp.zeros_like(b[..., :1, :]), True)
    precondition = precondition or (lambda r: r)
    x = xp.zeros_like(b) if x0 is None else x0 + xp.zeros_like(b)
    r = b + xp.zeros_like(b) if x0 is None else b - apply(x)
    z = precondition(r)
    p, rho, step = z, measure.inner(r, z), 0
    first = None  # step 0 with its product
    sizes = measure.norm(b)

    def found(converged: bool, residual: Any) -> Solution:
        if limits.residual and step:
            residual = measure.norm(b - apply(x)) / safe
        return Solution(x, step, residual, converged)

    while True:
        safe = xp.where(sizes > 0, sizes, xp.ones_like(sizes))
        residual = measure.norm(r) / safe

        if limits.callback is not None and step:
            limits.callback(step, residual)
        if not bool(xp.isfinite(residual).all()):
            raise ConvergenceError(_not_finite("residual", step))
        active = residual > limits.eps
        if not bool(active.any()):
            return found(True, residual)
        if step >= limit:
            raise ConvergenceError(
                f"The relative residual is {float(residual.max()):.3g} after {step} iterations, "
                f"and eps is {limits.eps:.3g}; raise alpha, eps or max_iterations, or give a "
                "preconditioner.",
                found(False, residual),
            )
        q = apply(p)
        if step == 0 and is_coupled(xp, apply, p, q):
            measure = _Measure(xp, True)
            sizes, rho = measure.norm(b), measure.inner(r, z)
            active = active.any(-1)[..., None]
        curvature = measure.inner(p, q)
        if not bool(xp.isfinite(curvature).all()):
            raise ConvergenceError(_not_finite("product with the kernel", step))
        if first is not None:
            check_symmetric(xp, apply, measure, first, (p, q))
        first = (p, q) if step == 0 else None
        if bool((active & ~((curvature > 0) & (rho > 0))).any()):
            raise ConvergenceError(
                f"The operator or the preconditioner is not positive definite, found after {step} "
                f"iterations at a relative residual of {float(residual.max()):.3g}; the formula "
                "has to be a symmetric positive kernel, and alpha may have to be larger.",
                found(False, residual),
            )
        one = xp.ones_like(rho)
        length = xp.where(active, rho / xp.where(active, curvature, one), 0 * one)
        x, r = x + length * p, r - length * q
        z = precondition(r)
        following = measure.inner(r, z)
        p = z + xp.where(active, following / xp.where(active, rho, one), 0 * one) * p
        rho, step = following, step + 1
