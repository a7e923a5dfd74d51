"""Conjugate gradients on reductions, for the arrays of any front end."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from keopsnb._solution import AccuracyWarning, ConvergenceError, Solution

# By default: the residual, the greatest that passes where rounding allows no less, with a warning
# from here on; the steps; and what is added to the diagonal.
EPS, WORST, TOLD = 1e-6, 0.1, 1e-4
MOST_STEPS = 500
# In so many steps it is seen once whether their residual is the true one.
_LOOKED = 100


class _Measure:
    """Inner products and norms of columns, or of all columns together where A mixes them."""

    def __init__(self, xp: Any, like: Any, coupled: bool) -> None:
        self.xp, self.coupled = xp, coupled
        self.axes = (-2, -1) if coupled else (-2,)
        self.complex = "complex" in str(like.dtype)

    def inner(self, u: Any, v: Any) -> Any:
        """Of complex columns, that of both parts together."""
        terms = u.real * v.real
        if self.complex:
            terms = terms + u.imag * v.imag
        return terms.sum(self.axes, keepdims=True)

    def greatest(self, u: Any) -> Any:
        """The greatest absolute value of each column; 1 if that is 0."""
        greatest = self.xp.amax(self.xp.abs(u), self.axes, keepdims=True)
        return self.xp.where(greatest > 0, greatest, self.xp.ones_like(greatest))

    def norm(self, u: Any) -> Any:
        scale = self.greatest(u)  # so that squares neither overflow nor vanish
        return scale * self.inner(u / scale, u / scale) ** 0.5

    def unit(self, u: Any) -> Any:
        """A power of two near the greatest entry of each column."""
        return self.xp.exp2(self.xp.floor(self.xp.log2(self.greatest(u))))

    def unsigned(self, u: Any) -> Any:
        """Absolute values, in the dtype of u."""
        return self.xp.abs(u) + 0 * u


def is_coupled(xp: Any, apply: Callable[[Any], Any], p: Any, q: Any) -> bool:
    """Whether A mixes the columns of p, of which q = A p; one product, where it does not.

    Raises:
        ValueError: if A is not linear.
    """
    norm = _Measure(xp, p, coupled=False).norm
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
    size = measure.inner(measure.unsigned(p), measure.unsigned(apply(measure.unsigned(other))))
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
    x0: Any = None,
    precondition: Callable[[Any], Any] | None = None,
    *,
    eps: float | None = None,
    max_iterations: int | None = None,
    callback: Callable[[int, Any], None] | None = None,
    bare: float = 0.0,
) -> Solution:
    """Solve A x = b for each column of b, to |b - A x| <= eps |b|; one product a step.

    All columns take their own steps at once. Where A mixes them, the array is one vector. Without
    eps they stop at EPS, or where rounding allows no less. `bare` is the alpha that stands where it
    was left out.

    Raises:
        ConvergenceError: if steps ran out, rounding errors keep the residual above eps, A is not
            positive definite, or numbers are not finite.
        ValueError: if b is not finite, or A is found not to be linear, or not to be symmetric.

    Source: Hestenes and Stiefel, Methods of conjugate gradients for solving linear systems, 1952.
    """
    if not bool(xp.isfinite(b).all()):
        raise ValueError(
            "The right-hand side, or the gradient that takes its place in a backward pass, has "
            "entries that are not finite; write finite numbers."
        )
    if 0 in b.shape:
        none = xp.abs(b).sum(-2, keepdims=True)
        return Solution(xp.zeros_like(b), 0, xp.zeros_like(none), True)
    most = MOST_STEPS if max_iterations is None else max_iterations
    inverse = precondition or (lambda r: r)
    descent = _Descent(xp, apply, (b, x0), inverse, eps or EPS, eps is not None, most, bare)
    while True:
        residual = descent.relative(descent.r)
        if callback is not None and descent.step:
            callback(descent.step, residual)
        if not bool(xp.isfinite(residual).all()):
            raise ConvergenceError(_not_finite("residual", descent.step))
        active = residual > xp.maximum(descent.goal, 0.1 * descent.floor())
        if not bool(active.any()) or descent.parted(active):
            if descent.settled():
                return descent.found()
            active = descent.relative(descent.r) > descent.goal
        if descent.step >= descent.most:
            if descent.before is not None:
                descent.end()
                return descent.found()
            raise ConvergenceError(
                f"The relative residual is {descent.worst():.3g} after {descent.step} iterations, "
                f"and eps is {descent.eps:.3g}; give a preconditioner ('nystrom', "
                "'pivoted_cholesky'), or raise alpha, eps or max_iterations.",
                descent.found(),
            )
        descent.advance(active)


@dataclass(eq=False)
class _Descent:
    """The steps of one solution.

    Columns of b are scaled by powers of two, q = A p by another and z = P^-1 r by a third, so that
    no inner product overflows or vanishes where its vectors do not.
    """

    xp: Any
    apply: Callable[[Any], Any]
    given: tuple[Any, Any]  # b and x0
    inverse: Callable[[Any], Any]
    eps: float
    exacting: bool  # whether a caller wrote eps
    most: int
    bare: float
    step: int = 0

    def __post_init__(self) -> None:
        real = self.given[0].real.dtype
        self.rounding = float(self.xp.finfo(real).eps) / 2
        self.dtype = str(real).split(".")[-1]
        self._begin(coupled=False)

    def _begin(self, coupled: bool) -> None:
        xp, (b, x0) = self.xp, self.given
        self.measure = measure = _Measure(xp, b, coupled)
        self.unit = measure.unit(b)
        self.b = b / self.unit
        self.x = xp.zeros_like(b) if x0 is None else x0 / self.unit + xp.zeros_like(b)
        sizes = measure.norm(self.b)
        one = xp.ones_like(sizes)
        self.sizes = xp.where(sizes > 0, sizes, one)
        self.goal = self.eps * one
        # Of A: its scale, the most and the least that it made of a direction.
        self.scale, self.most_made, self.least_made = one, 0 * one, float("inf") * one
        self.r = self.b if x0 is None else self.b - self.apply(self.x)
        self.exact = True  # whether r is b - A x, and not of the recurrence
        self.before: Any = None  # the residual at the last restart
        self.first: Any = None  # step 0 with its product
        z = self.inverse(self.r)
        self.scale_z = measure.unit(z)
        self._turn()

    def _turn(self) -> None:
        """Take steps anew, from r."""
        z = self.inverse(self.r) / self.scale_z
        self.p, self.rho = z, self.measure.inner(self.r, z)

    def relative(self, r: Any) -> Any:
        return self.measure.norm(r) / self.sizes

    def worst(self) -> float:
        self._be_exact()
        return float(self.relative(self.r).max())

    def floor(self) -> Any:
        """About the residual that rounding errors of one product leave: u |A| |x| / |b|.

        Source: Greenbaum, Estimating the attainable accuracy of recursively computed residual
        methods, SIAM J. Matrix Anal. Appl., 1997.
        """
        return self.rounding * self.most_made * self.relative(self.x * self.scale)

    def _be_exact(self) -> None:
        if not self.exact:
            self.r, self.exact = self.b - self.apply(self.x), True

    def parted(self, active: Any) -> bool:
        """Whether rounding errors have parted r from b - A x; one product in _LOOKED steps."""
        if self.step == 0 or self.exact or (self.step % _LOOKED and self.step < self.most):
            return False
        true = self.measure.norm(self.b - self.apply(self.x))
        return not bool((active & (true <= 3 * self.measure.norm(self.r))).any())

    def settled(self) -> bool:
        """Whether nothing is left to do; else steps go on from the residual, computed anew.

        Raises:
            ConvergenceError: if rounding errors keep it above what is wanted.
        """
        self._be_exact()
        residual = self.relative(self.r)
        above = residual > self.goal
        if not bool(above.any()):
            self._tell_if_singular()
            return True
        # Steps taken again gain little on what they left, unless the goal is not below the floor.
        floor = self.floor()
        stuck = (residual <= 16 * floor) & (self.goal < floor)
        if self.before is not None:
            stuck = stuck | (residual > 0.5 * self.before)
        if bool((above & ~stuck).any()):
            self.before = residual
            self._turn()
            return False
        self.end()
        return True

    def end(self) -> None:
        """Say that rounding errors keep the residual above what is wanted.

        Raises:
            ConvergenceError: if that is not to pass.
        """
        least, dtype = self.worst(), self.dtype
        what = (
            f"The relative residual is {least:.3g} after {self.step} iterations and falls no "
            f"further: for this matrix, rounding errors of {dtype} are as large; "
        )
        if self.exacting or not least <= WORST:
            wider = "" if dtype == "float64" else ", or write float64 arguments"
            raise ConvergenceError(
                f"{what}eps is {self.eps:.3g}; raise alpha or eps{wider}.", self.found()
            )
        if least > TOLD:
            warnings.warn(
                f"{what}raise alpha, write float64 arguments, or say with eps what is enough.",
                AccuracyWarning,
                stacklevel=2,
            )
        self._tell_if_singular()

    def _tell_if_singular(self) -> None:
        if not self.bare:
            return
        singular = self.least_made <= 4 * self.rounding * self.most_made
        # Of b, K x misses alpha x.
        if bool((singular | (self.bare * self.relative(self.x) > TOLD)).any()):
            warnings.warn(
                f"The matrix is singular to rounding, or next to the alpha of {self.bare:.0e} that "
                "stands where it was left out: other solutions are as good; write alpha, which is "
                "added to the diagonal.",
                AccuracyWarning,
                stacklevel=2,
            )

    def found(self) -> Solution:
        self._be_exact()
        residual = self.relative(self.r)
        converged = bool((residual <= self.goal).all())
        return Solution(self.x * self.unit, self.step, residual, converged)

    def advance(self, active: Any) -> None:
        """One step of the columns that are active."""
        xp, p = self.xp, self.p
        q = self.apply(p)
        if self.step == 0:
            if not self.measure.coupled and is_coupled(xp, self.apply, p, q):
                self._begin(coupled=True)
                active = active.any(-1)[..., None]
                p = self.p
                q = self.apply(p)
            self.scale = self.measure.unit(q) / self.measure.unit(p)
        q = q / self.scale
        measure = self.measure
        curvature = measure.inner(p, q)
        if not bool(xp.isfinite(curvature).all()):
            raise ConvergenceError(_not_finite("product with the kernel", self.step))
        if self.first is not None:
            check_symmetric(xp, lambda v: self.apply(v) / self.scale, measure, self.first, (p, q))
        self.first = (p, q) if self.step == 0 else None
        one = xp.ones_like(curvature)
        length = xp.where(active, measure.norm(p), one)
        made = xp.where(active, measure.norm(q) / length, 0 * one)
        self.most_made = xp.maximum(self.most_made, made)
        quotient = xp.where(active, curvature / length**2, float("inf") * one)
        self.least_made = xp.minimum(self.least_made, quotient)
        if bool((active & ~((curvature > 0) & (self.rho > 0))).any()):
            self._refuse(active, quotient)
        length = xp.where(active, self.rho / xp.where(active, curvature, one), 0 * one)
        self.x, self.r = self.x + (length / self.scale) * p, self.r - length * q
        self.exact = False
        z = self.inverse(self.r) / self.scale_z
        following = measure.inner(self.r, z)
        ratio = xp.where(active, following / xp.where(active, self.rho, one), 0 * one)
        self.p, self.rho, self.step = z + ratio * p, following, self.step + 1

    def _refuse(self, active: Any, quotient: Any) -> None:
        """That the next step cannot be taken."""
        xp = self.xp
        negative = active & (quotient <= 0)
        # Next to the null space products are rounding; without signs they tell how large A is.
        size = self.measure.norm(self.apply(self.measure.unsigned(self.p)) / self.scale)
        made = xp.maximum(self.most_made, size / self.measure.norm(self.p))
        noise = xp.abs(quotient) <= 32 * self.rounding * made
        if bool(negative.any()) and not bool((negative & ~noise).any()):
            raise ConvergenceError(
                f"The matrix is singular to rounding in {self.dtype}, found "
                f"after {self.step} iterations at a relative residual of {self.worst():.3g}; write "
                "a larger alpha, which is added to the diagonal.",
                self.found(),
            )
        what = "matrix is not positive definite"
        then = "the formula has to be a symmetric positive kernel, and alpha may have to be larger"
        if not bool(negative.any()):
            what = "preconditioner is not positive definite, or not to rounding"
            then = "raise alpha, or leave the preconditioner out"
        raise ConvergenceError(
            f"The {what}, found after {self.step} iterations at a relative residual of "
            f"{self.worst():.3g}; {then}.",
            self.found(),
        )
