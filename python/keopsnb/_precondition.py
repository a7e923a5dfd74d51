"""Approximate inverses of kernel matrices: low rank plus a diagonal.

Both are of the form P^-1 for P = L L^T + E with a diagonal E, by the Woodbury identity: with
E^(-1/2) L = U S V^T, P^-1 = E^(-1/2) (I - U (S^2 / (1 + S^2)) U^T) E^(-1/2). Steps of conjugate
gradients do not depend on the scale of P, so E is scaled to a greatest entry of 1.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class LowRank:
    """K / scale, nearly: factor factor^T + rest Id, of float64."""

    factor: Any  # (..., N, rank)
    rest: Any
    scale: Any  # (..., 1, 1)

    def inverse(
        self, xp: Any, alpha: Any, precision: float, narrow: Callable[[Any], Any]
    ) -> Callable[[Any], Any]:
        """A function that applies the inverse of that plus alpha, (..., N, 1) or (..., 1, 1).

        Factors are kept as `narrow` gives them, in the dtype of this machine epsilon.
        """
        diagonal = alpha / self.scale + self.rest
        # Zero or less would not be positive definite, and below rounding is nothing but that.
        least = precision * (_greatest(xp, self.factor**2) + _greatest(xp, diagonal)) + 1e-300
        diagonal = xp.where(diagonal > least, diagonal, least)
        u, singular, _ = xp.linalg.svd(self.factor * diagonal**-0.5, full_matrices=False)
        root = narrow((xp.amax(diagonal, -2, keepdims=True) / diagonal) ** 0.5)
        weights = narrow((singular**2 / (1 + singular**2))[..., :, None])
        u = narrow(u)
        transposed = u.swapaxes(-1, -2)

        def apply(r: Any) -> Any:
            y = root * r
            return root * (y - u @ (weights * (transposed @ y)))

        return apply


def _greatest(xp: Any, values: Any) -> Any:
    return xp.amax(xp.abs(values), (-2, -1), keepdims=True)


def _scale(xp: Any, values: Any) -> Any:
    """The greatest absolute value over the rows and columns of each matrix; 1 if that is 0.

    Raises:
        ValueError: if a value is not finite.
    """
    scale = _greatest(xp, values)
    if not bool(xp.isfinite(scale).all()):
        raise ValueError(
            "A product with the kernel is not finite; an argument is not, or the kernel overflows."
        )
    return xp.where(scale > 0, scale, xp.ones_like(scale))


def directions(rows: int, rank: int) -> Any:
    """Orthonormal columns, the same at each call: (rows, rank)."""
    return np.linalg.qr(np.random.default_rng(0).standard_normal((rows, rank)))[0]


def nystrom(xp: Any, test: Any, found: Any, precision: float) -> LowRank:
    """The Nystrom approximation, of one product with as many columns as there are eigenvalues.

    Args:
        xp: numpy or torch.
        test: orthonormal columns, (N, rank), in float64.
        found: the kernel matrix K applied to them, in float64.
        precision: the machine epsilon of the dtype in which it was.

    Source: Frangella, Tropp and Udell, Randomized Nystrom preconditioning, SIAM J. Matrix Anal.
    Appl., 2023, algorithms 2.1 and 5.1.
    """
    scale = _scale(xp, found)
    found = found / scale
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
    return LowRank(u * (values - rest) ** 0.5, rest, scale)


def pivoted_cholesky(
    xp: Any, diagonal: Any, column: Callable[[int], Any], rank: int, precision: float
) -> LowRank:
    """A partial Cholesky factorization: `rank` columns of K at most, chosen greedily.

    Args:
        xp: numpy or torch.
        diagonal: that of K: (N, 1), in float64.
        column: column k of K: (N, 1), in float64.
        rank: how many columns at most.
        precision: the machine epsilon of the dtype in which they were.

    Source: Harbrecht, Peters and Schneider, On the low-rank approximation by the pivoted Cholesky
    decomposition, Appl. Numer. Math., 2012, algorithm 1.
    """
    scale = _scale(xp, diagonal)
    left = (diagonal / scale)[:, 0]
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
        new = (column(pivot) / scale)[:, 0]
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
    return LowRank(factor, float(left.max()), scale)
