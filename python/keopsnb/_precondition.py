"""Approximate inverses of kernel matrices: low rank plus a diagonal.

Both are of the form P^-1 for P = L L^T + E with a diagonal E, by the Woodbury identity: with
E^(-1/2) L = U S V^T, P^-1 = E^(-1/2) (I - U (S^2 / (1 + S^2)) U^T) E^(-1/2). Steps of conjugate
gradients do not depend on the scale of P, so E is scaled to a greatest entry of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Apply = Callable[[Any], Any]


def _scaled(xp: Any, values: Any) -> Any:
    """The greatest absolute value over the rows and columns of each matrix; 1 if that is 0.

    Raises:
        ValueError: if a value is not finite.
    """
    scale = xp.amax(xp.abs(values), (-2, -1), keepdims=True)
    if not bool(xp.isfinite(scale).all()):
        raise ValueError(
            "A product with the kernel is not finite; an argument is not, or the kernel overflows."
        )
    return xp.where(scale > 0, scale, xp.ones_like(scale))


def _inverse(xp: Any, factor: Any, rest: Any, precision: float, narrow: Apply) -> Apply:
    """P^-1 of P = factor factor^T + rest, a diagonal (..., N, 1) or (..., 1, 1)."""
    # Zero or less would not be positive definite, and what is below rounding is nothing but that.
    greatest = xp.amax(factor * factor, (-2, -1), keepdims=True) + xp.amax(
        xp.abs(rest), (-2, -1), keepdims=True
    )
    least = precision * greatest + 1e-300
    rest = xp.where(rest > least, rest, least)
    u, singular, _ = xp.linalg.svd(factor * rest**-0.5, full_matrices=False)
    root = narrow((xp.amax(rest, -2, keepdims=True) / rest) ** 0.5)
    weights = narrow((singular**2 / (1 + singular**2))[..., :, None])
    u = narrow(u)
    transposed = u.swapaxes(-1, -2)

    def apply(r: Any) -> Any:
        y = root * r
        return root * (y - u @ (weights * (transposed @ y)))

    return apply


def directions(rows: int, rank: int) -> Any:
    """Orthonormal columns, the same at each call: (rows, rank)."""
    return np.linalg.qr(np.random.default_rng(0).standard_normal((rows, rank)))[0]


def nystrom(
    xp: Any,
    test: Any,
    found: Any,
    alpha: Any,
    wide: Apply,
    narrow: Apply,
    precision: float,
) -> Apply:
    """The Nystrom preconditioner, of one product with as many columns as there are eigenvalues.

    Args:
        xp: numpy or torch.
        test: orthonormal columns, (N, rank), in float64.
        found: the kernel matrix K applied to them.
        alpha: what is added to the diagonal of K: (..., 1, 1) or (..., N, 1), in float64.
        wide: an array as float64.
        narrow: an array in the dtype of the system.
        precision: the machine epsilon of that dtype.

    Source: Frangella, Tropp and Udell, Randomized Nystrom preconditioning, SIAM J. Matrix Anal.
    Appl., 2023, algorithms 2.1 and 5.1.
    """
    found = wide(found)
    scale = _scaled(xp, found)
    found, alpha = found / scale, alpha / scale
    # A shift as large as rounding makes the small matrix definite.
    shift = precision * float((found * found).sum() ** 0.5) + 1e-300
    for _ in range(8):
        shifted = found + shift * test
        small = test.swapaxes(-1, -2) @ shifted
        try:
            root = xp.linalg.cholesky((small + small.swapaxes(-1, -2)) / 2)
            break
        except (np.linalg.LinAlgError, RuntimeError):
            shift *= 10
    else:
        raise ValueError(
            "preconditioner='nystrom' needs a positive semidefinite kernel, and this one is not."
        )
    factor = xp.linalg.solve(root, shifted.swapaxes(-1, -2)).swapaxes(-1, -2)
    u, singular, _ = xp.linalg.svd(factor, full_matrices=False)
    values = singular**2 - shift
    values = xp.where(values > 0, values, xp.zeros_like(values))[..., None, :]
    # The least of the eigenvalues that were found stands for those that were not.
    rest = values[..., -1:]
    return _inverse(xp, u * (values - rest) ** 0.5, alpha + rest, precision, narrow)


def pivoted_cholesky(
    xp: Any,
    diagonal: Any,
    column: Callable[[int], Any],
    rank: int,
    alpha: Any,
    wide: Apply,
    narrow: Apply,
    precision: float,
) -> Apply:
    """The preconditioner of a partial Cholesky factorization: `rank` columns of K, chosen greedily.

    Args:
        xp: numpy or torch.
        diagonal: that of K: (N, 1).
        column: column k of K: (N, 1).
        rank: how many columns at most.
        alpha: what is added to the diagonal of K: (..., 1, 1) or (..., N, 1), in float64.
        wide: an array as float64.
        narrow: an array in the dtype of the system.
        precision: the machine epsilon of that dtype.

    Source: Harbrecht, Peters and Schneider, On the low-rank approximation by the pivoted Cholesky
    decomposition, Appl. Numer. Math., 2012, algorithm 1.
    """
    diagonal = wide(diagonal)
    scale = _scaled(xp, diagonal)
    left, alpha = (diagonal / scale)[:, 0], alpha / scale
    least = precision * float(left.max())
    if not float(left.min()) >= -least:
        raise ValueError(
            "preconditioner='pivoted_cholesky' needs a positive semidefinite kernel, and the "
            f"diagonal of this one has the entry {float(diagonal.min()):.3g}."
        )
    columns: list[Any] = []
    for _ in range(rank):
        pivot = int(left.argmax())
        if float(left[pivot]) <= least:
            break
        new = (wide(column(pivot)) / scale)[:, 0]
        for known in columns:
            new = new - known * known[pivot]
        new = new / float(left[pivot]) ** 0.5
        columns.append(new)
        left = left - new * new
        left[pivot] = 0
        left = xp.where(left > 0, left, xp.zeros_like(left))
    factor = xp.stack(columns, -1) if columns else xp.zeros_like(diagonal)
    # The rest of the factorization has eigenvalues up to its trace; its greatest entry stands here
    # for a typical one, so that a tiny alpha does not make the preconditioner worse than none.
    return _inverse(xp, factor, alpha + float(left.max()), precision, narrow)
