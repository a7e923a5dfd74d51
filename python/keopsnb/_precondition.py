"""Approximate inverses of kernel matrices, of low rank plus a multiple of the identity.

Both are of the form P^-1 r = r - U ((1 - f) * (U^T r)) with orthonormal columns U and factors f.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Apply = Callable[[Any], Any]


def _deflating(u: Any, factors: Any) -> Apply:
    weights = (1 - factors)[..., :, None]
    transposed = u.swapaxes(-1, -2)
    return lambda r: r - u @ (weights * (transposed @ r))


def nystrom(
    xp: Any,
    product: Apply,
    like: Callable[[Any], Any],
    rows: int,
    rank: int,
    alpha: float,
    wide: Apply,
    narrow: Apply,
    precision: float,
) -> Apply:
    """The randomized Nystrom preconditioner: one product with `rank` columns.

    Args:
        xp: numpy or torch.
        product: the kernel matrix K applied to (N, rank).
        like: a NumPy array as one of the front end.
        rows: N.
        rank: how many eigenvalues are approximated.
        alpha: what is added to the diagonal of K.
        wide: an array as float64.
        narrow: an array in the dtype of the system.
        precision: the machine epsilon of that dtype.

    Source: Frangella, Tropp and Udell, Randomized Nystrom preconditioning, SIAM J. Matrix Anal.
    Appl., 2023, algorithms 2.1 and 5.1.
    """
    random = np.random.default_rng(0).standard_normal((rows, rank))
    test = like(np.linalg.qr(random)[0])
    found = wide(product(narrow(test)))
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
    values = xp.where(values > 0, values, xp.zeros_like(values))
    shifted = values + alpha
    one = xp.ones_like(values)
    safe = xp.where(shifted > 0, shifted, one)
    return _deflating(narrow(u), narrow(xp.where(shifted > 0, shifted[..., -1:] / safe, one)))


def pivoted_cholesky(
    xp: Any,
    diagonal: Any,
    column: Callable[[int], Any],
    rank: int,
    alpha: float,
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
        alpha: what is added to the diagonal of K.
        wide: an array as float64.
        narrow: an array in the dtype of the system.
        precision: the machine epsilon of that dtype.

    Source: Harbrecht, Peters and Schneider, On the low-rank approximation by the pivoted Cholesky
    decomposition, Appl. Numer. Math., 2012, algorithm 1.
    """
    left = wide(diagonal)[:, 0]
    least = precision * float(left.max())
    if not float(left.min()) >= -least:
        raise ValueError(
            "preconditioner='pivoted_cholesky' needs a positive semidefinite kernel, and the "
            f"diagonal of this one has the entry {float(left.min()):.3g}."
        )
    columns: list[Any] = []
    for _ in range(rank):
        pivot = int(left.argmax())
        if float(left[pivot]) <= least:
            break
        new = wide(column(pivot))[:, 0]
        for known in columns:
            new = new - known * known[pivot]
        new = new / float(left[pivot]) ** 0.5
        columns.append(new)
        left = left - new * new
        left[pivot] = 0
        left = xp.where(left > 0, left, xp.zeros_like(left))
    if not columns:
        return lambda r: r
    u, singular, _ = xp.linalg.svd(xp.stack(columns, -1), full_matrices=False)
    # What the factorization leaves has eigenvalues up to its trace; its greatest entry stands here
    # for a typical one, so that a tiny alpha does not make the preconditioner worse than none.
    rest = alpha + float(left.max())
    return _deflating(narrow(u), narrow(rest / (singular**2 + rest)))
