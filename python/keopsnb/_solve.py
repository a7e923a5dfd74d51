"""Conjugate gradients on reductions, for the arrays of any front end."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any


class ConvergenceError(RuntimeError):
    """A system was not solved: the operator is not positive definite, or steps ran out."""


@dataclass(frozen=True)
class Solution:
    """What `KernelSolve` returns with `full=True`."""

    solution: Any
    iterations: int
    residual: Any  # |b - A x| / |b| by its recurrence, one for each column
    converged: bool


def position_of(name: str, variables: Sequence[tuple[str, int, int]], axis: int) -> int:
    """Which variable is solved for; it is indexed by what is reduced over."""
    match = re.fullmatch(r"\s*Var\(\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\)\s*", name)
    if match:
        k, dim, category = map(int, match.groups())
        found = k if k < len(variables) and variables[k][1:] == (dim, category) else -1
    else:
        found = next((k for k, v in enumerate(variables) if v[0] == name.strip()), -1)
    if found < 0:
        raise ValueError(
            f"varinvalias is {name!r}, which is no variable of the aliases; write the name of "
            "one, or its 'Var(i,d,c)'."
        )
    if variables[found][2] != axis:
        raise ValueError(
            f"varinvalias is {name!r}, which the sum over {'ij'[axis]} does not run over; "
            f"write a variable V{'ij'[axis]}, or axis={1 - axis}."
        )
    return found


def conjugate_gradients(
    xp: Any,
    apply: Callable[[Any], Any],
    b: Any,
    *,
    eps: float,
    max_iterations: int | None,
    x0: Any = None,
    preconditioner: Callable[[Any], Any] | None = None,
    callback: Callable[[int, Any], None] | None = None,
) -> Solution:
    """Solve A x = b for each column of b, to |b - A x| <= eps |b|; one product a step."""

    def inner(u: Any, v: Any) -> Any:
        return (u * v).sum(-2, keepdims=True)

    def norm(u: Any) -> Any:
        # Scaled first, so that squares neither overflow nor vanish.
        scale = xp.amax(xp.abs(u), -2, keepdims=True)
        safe = xp.where(scale > 0, scale, xp.ones_like(scale))
        return safe * inner(u / safe, u / safe) ** 0.5

    limit = 10 * b.shape[-2] + 100 if max_iterations is None else max_iterations
    size = norm(b)
    if not bool(xp.isfinite(size).all()):
        raise ConvergenceError("The right-hand side has entries that are not finite.")
    safe = xp.where(size > 0, size, xp.ones_like(size))
    precondition = preconditioner or (lambda r: r)
    x = xp.zeros_like(b) if x0 is None else x0 + xp.zeros_like(b)
    r = b - apply(x) if x0 is not None else b + xp.zeros_like(b)
    z = precondition(r)
    p, rho, step = z, inner(r, z), 0
    while True:
        residual = norm(r) / safe
        if callback is not None and step:
            callback(step, residual)
        if not bool(xp.isfinite(residual).all()):
            raise ConvergenceError(f"The residual is not finite after {step} iterations.")
        active = residual > eps
        if not bool(active.any()):
            return Solution(x, step, residual, True)
        if step >= limit:
            raise ConvergenceError(
                f"The relative residual is {float(residual.max()):.3g} after {step} iterations, "
                f"and eps is {eps:.3g}; raise max_iterations, alpha or eps."
            )
        q = apply(p)
        # A product more, for what would otherwise be a wrong solution without a word.
        if step == 0 and bool((norm(apply(2 * p) - 2 * q) > 1e-3 * norm(q)).any()):
            raise ValueError(
                "The formula is not linear in the variable that varinvalias names; write a kernel "
                "times that variable."
            )
        curvature = inner(p, q)
        if bool((active & ~((curvature > 0) & (rho > 0))).any()):
            raise ConvergenceError(
                f"The operator or the preconditioner is not positive definite, found after {step} "
                f"iterations at a relative residual of {float(residual.max()):.3g}; the formula "
                "has to be a symmetric positive kernel, and alpha may have to be larger."
            )
        one = xp.ones_like(rho)
        length = xp.where(active, rho / xp.where(active, curvature, one), 0 * one)
        x, r = x + length * p, r - length * q
        z = precondition(r)
        following = inner(r, z)
        p = z + xp.where(active, following / xp.where(active, rho, one), 0 * one) * p
        rho, step = following, step + 1
