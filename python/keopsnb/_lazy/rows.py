"""Methods for rows of the catalogue: docs/generate_methods.py writes them."""
# ruff: noqa: E702, E704

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from keopsnb._lazy.operators import Operators
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class Rows(Operators, bare=True):
    """Operations of the catalogue. This matrix is a; others are matrices, arrays or numbers."""

    # fmt: off

    def inv(self) -> Self: """Inverse, 1 / a."""; return self.make("Inv")
    def square(self) -> Self: """Square, a * a."""; return self.make("Square")
    def powf(self, other: Any) -> Self:
        """Real power, a to the b, for a >= 0; where its derivative at a = 0 is infinite and it
        is not, that is taken as 0. Here b is other.
        """; return self.make("Powf", other)
    def sqrt(self) -> Self:
        """Square root; its derivative is taken as 0 at 0."""; return self.make("Sqrt")
    def rsqrt(self) -> Self: """Inverse square root, taken as 0 at 0."""; return self.make("Rsqrt")
    def cbrt(self) -> Self:
        """Cube root; its derivative is taken as 0 at 0."""; return self.make("Cbrt")
    def hypot(self, other: Any) -> Self:
        """Length of (a, b), without overflow; its derivative is taken as 0 at (0, 0).

        Here b is other.
        """; return self.make("Hypot", other)
    def exp(self) -> Self: """Exponential."""; return self.make("Exp")
    def log(self) -> Self: """Natural logarithm."""; return self.make("Log")
    def exp2(self) -> Self: """2 to the a."""; return self.make("Exp2")
    def expm1(self) -> Self: """Exp(a) - 1, accurate near 0."""; return self.make("Expm1")
    def log2(self) -> Self: """Logarithm to base 2."""; return self.make("Log2")
    def log10(self) -> Self: """Logarithm to base 10."""; return self.make("Log10")
    def log1p(self) -> Self: """Log(1 + a), accurate near 0."""; return self.make("Log1p")
    def xlogx(self) -> Self:
        """a log(a), and 0 at 0, where its derivative, -infinity, is taken as 0."""
        return self.make("XLogX")
    def sin(self) -> Self: """Sine."""; return self.make("Sin")
    def cos(self) -> Self: """Cosine."""; return self.make("Cos")
    def tan(self) -> Self: """Tangent."""; return self.make("Tan")
    def sinxdivx(self) -> Self: """Sin(a) / a, and 1 at 0."""; return self.make("SinXDivX")
    def sinxdivxderivative(self, n: int) -> Self:
        """(-1/a d/da)^n of sin(a)/a: the n-th spherical Bessel function over a^n."""
        return self.make("SinXDivXDerivative", ints=(integer("n", n),))
    def asin(self) -> Self: """Arc sine."""; return self.make("Asin")
    def acos(self) -> Self: """Arc cosine."""; return self.make("Acos")
    def atan(self) -> Self: """Arc tangent."""; return self.make("Atan")
    def atan2(self, other: Any) -> Self:
        """Angle of the point (b, a), in (-pi, pi]; its derivative is taken as 0 at (0, 0).

        Here b is other.
        """; return self.make("Atan2", other)
    def sinh(self) -> Self: """Hyperbolic sine."""; return self.make("Sinh")
    def cosh(self) -> Self: """Hyperbolic cosine."""; return self.make("Cosh")
    def tanh(self) -> Self: """Hyperbolic tangent."""; return self.make("Tanh")
    def asinh(self) -> Self: """Inverse hyperbolic sine."""; return self.make("Asinh")
    def acosh(self) -> Self:
        """Inverse hyperbolic cosine, for a >= 1; its derivative is taken as 0 at 1."""
        return self.make("Acosh")
    def atanh(self) -> Self:
        """Inverse hyperbolic tangent, for |a| <= 1."""; return self.make("Atanh")
    def erf(self) -> Self: """Error function."""; return self.make("Erf")
    def erfc(self) -> Self: """1 - Erf(a), accurate where it is small."""; return self.make("Erfc")
    def lgamma(self) -> Self:
        """Logarithm of the absolute value of the gamma function."""; return self.make("Lgamma")
    def digamma(self) -> Self: """Derivative of Lgamma."""; return self.make("Digamma")
    def polygamma(self, n: int) -> Self:
        """Derivative of order n of Digamma, for n from 0 to 100."""
        return self.make("Polygamma", ints=(integer("n", n),))
    def sigmoid(self) -> Self: """1 / (1 + exp(-a))."""; return self.make("Sigmoid")
    def softplus(self) -> Self:
        """Log(1 + exp(a)), without overflow."""; return self.make("Softplus")
    def gelu(self) -> Self:
        """a (1 + erf(a / sqrt(2))) / 2: a times the distribution function of the normal law."""
        return self.make("Gelu")
    def fma(self, other1: Any, other2: Any) -> Self:
        """a * b + c. Here b is other1, c is other2."""; return self.make("Fma", other1, other2)
    def maximum(self, other: Any) -> Self:
        """The greater of a and b; NaN where one is. Here b is other."""
        return self.make("Maximum", other)
    def minimum(self, other: Any) -> Self:
        """The less of a and b; NaN where one is. Here b is other."""
        return self.make("Minimum", other)
    def abs(self) -> Self: """Absolute value."""; return self.make("Abs")
    def sign(self) -> Self: """Sign: -1, 0 or 1."""; return self.make("Sign")
    def step(self) -> Self: """0 where a < 0, else 1."""; return self.make("Step")
    def relu(self) -> Self: """0 where a < 0, else a."""; return self.make("ReLU")
    def clampint(self, n: int, m: int) -> Self:
        """a held between the integers n and m."""
        return self.make("ClampInt", ints=(integer("n", n), integer("m", m)))
    def diffclampint(self, n: int, m: int) -> Self:
        """1 where n <= a <= m, else 0: the derivative of ClampInt."""
        return self.make("DiffClampInt", ints=(integer("n", n), integer("m", m)))
    def mod(self, modulus: Any, offset: Any = 0) -> Self:
        """a brought into [c, c + b) by whole multiples of b; NaN where b is 0.

        Here b is modulus, c is offset.
        """; return self.make("Mod", modulus, offset)
    def floordivide(self, other: Any) -> Self:
        """The greatest integer not above a / b, as a // b. Here b is other."""
        return self.make("FloorDivide", other)
    def floor(self) -> Self: """The greatest integer not above a."""; return self.make("Floor")
    def round(self, other: int = 0) -> Self:
        """a rounded to n decimals, halves away from zero."""
        return self.make("Round", ints=(integer("other", other),))
    def stored(self) -> Self:
        """A, rounded as it would be in memory: no product is joined to a sum that takes it."""
        return self.make("Stored")
    def equal(self, other: Any) -> Self:
        """1 where a == b, else 0. Here b is other."""; return self.make("Equal", other)
    def notequal(self, other: Any) -> Self:
        """1 where a != b, else 0. Here b is other."""; return self.make("NotEqual", other)
    def lessthan(self, other: Any) -> Self:
        """1 where a < b, else 0. Here b is other."""; return self.make("LessThan", other)
    def lessorequal(self, other: Any) -> Self:
        """1 where a <= b, else 0. Here b is other."""; return self.make("LessOrEqual", other)
    def logical_and(self, other: Any) -> Self:
        """1 where a and b are not 0, else 0. Here b is other."""; return self.make("And", other)
    def logical_or(self, other: Any) -> Self:
        """1 where a or b is not 0, else 0. Here b is other."""; return self.make("Or", other)
    def logical_xor(self, other: Any) -> Self:
        """1 where one of a and b is 0 and one is not, else 0. Here b is other."""
        return self.make("Xor", other)
    def logical_not(self) -> Self: """1 where a = 0, else 0."""; return self.make("Not")
    def sumt(self, n: int) -> Self:
        """A scalar replicated n times: the adjoint of Sum."""
        return self.make("SumT", ints=(integer("n", n),))
    def extract(self, i: int, d: int) -> Self:
        """The d components from start on; -1 is the last component."""
        return self.make("Extract", ints=(integer("i", i), integer("d", d)))
    def extractt(self, start: int, D: int) -> Self:
        """A vector of D zeros with the operand from start on: the adjoint of Extract."""
        return self.make("ExtractT", ints=(integer("start", start), integer("D", D)))
    def elem(self, i: int) -> Self:
        """The component of index m; -1 is the last."""
        return self.make("Elem", ints=(integer("i", i),))
    def elemt(self, D: int, m: int) -> Self:
        """A vector of D zeros with the scalar at index m, -1 being the last: the adjoint of
        Elem.
        """; return self.make("ElemT", ints=(integer("D", D), integer("m", m)))
    def scalprod(self, other: Any) -> Self:
        """Euclidean inner product, Sum(a * b). Here b is other."""
        return self.make("Scalprod", other)
    def sqnorm2(self) -> Self: """Squared Euclidean norm."""; return self.make("SqNorm2")
    def norm2(self) -> Self:
        """Euclidean norm; its gradient is taken as 0 at 0."""; return self.make("Norm2")
    def sqdist(self, other: Any) -> Self:
        """Squared Euclidean distance. Here b is other."""; return self.make("SqDist", other)
    def normalize(self) -> Self:
        """The vector over its Euclidean norm, and 0 at 0."""; return self.make("Normalize")
    def sqnormiso(self, other: Any) -> Self:
        """The squared norm of a vector times a scalar. Here b is other."""
        return self.make("SqNormIso", other)
    def sqnormdiag(self, other: Any) -> Self:
        """The sum of the squares of a vector's components, each with its weight.

        Here b is other.
        """; return self.make("SqNormDiag", other)
    def symsqnorm(self, other: Any) -> Self:
        """The quadratic form of a matrix, row after row, at a vector. Here b is other."""
        return self.make("SymSqNorm", other)
    def weightedsqnorm(self, other: Any) -> Self:
        """SqNormIso, SqNormDiag or SymSqNorm, by the dimension of the weights: 1, D or D*D.

        Here a is other.
        """; return self.make("WeightedSqNorm", other, order=(1, 0))
    def weightedsqdist(self, g: Any, s: Any) -> Self:
        """WeightedSqNorm of the difference of two vectors. Here a is s, c is g."""
        return self.make("WeightedSqDist", g, s, order=(2, 0, 1))
    def one_hot(self, D: int) -> Self:
        """A vector of n zeros with 1 at the nearest index; all zeros where there is none."""
        return self.make("OneHot", ints=(integer("D", D),))
    def take(self, index: Any, d: int = 1) -> Self:
        """The row of that index, from 0 on, of a table with rows of dimension d; NaN where the
        table has none. Indices are exact at any length. Here b is index.
        """; return self.make("Take", index, ints=(integer("d", d),))
    def taket(self, other: Any, n: int) -> Self:
        """A vector of n zeros with the operand as its row of that index: the adjoint of Take.

        Here b is other.
        """; return self.make("TakeT", other, ints=(integer("n", n),))
    def bspline(self, x: Any, k: int = 0) -> Self:
        """All basis functions of B-splines of degree k at x, for knots in ascending order;
        differentiable to any order in x and in the knots. Here b is x.
        """; return self.make("BSpline", x, ints=(integer("k", k),))
    def softdtw_sqdist(self, other: Any, gamma: Any) -> Self:
        """Soft dynamic time warping of two series by squared differences, with the smoothing
        gamma > 0 (Cuturi and Blondel, 2017); differentiable to any order, in gamma too. Here b
        is other, c is gamma.
        """; return self.make("SoftDTW_SqDist", other, gamma)
