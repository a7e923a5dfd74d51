"""Operators and operations on symbolic matrices, entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keopsnb._lazy.operators import Operators
from keopsnb._lazy.variables import Text, Variable
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class Methods(Operators):
    """Every operation on entries. Operands are matrices, arrays or numbers, and broadcast."""

    # ---- functions of each component ----

    def abs(self) -> Self:
        """|x|."""
        return self.make("Abs({})")

    def exp(self) -> Self:
        """e^x."""
        return self.make("Exp({})")

    def log(self) -> Self:
        """The natural logarithm."""
        return self.make("Log({})")

    def xlogx(self) -> Self:
        """X log x, and 0 at 0."""
        return self.make("XLogX({})")

    def sqrt(self) -> Self:
        """The square root, whose derivative is taken as 0 at 0."""
        return self.make("Sqrt({})")

    def rsqrt(self) -> Self:
        """1 / sqrt(x), and 0 at 0."""
        return self.make("Rsqrt({})")

    def square(self) -> Self:
        """x^2."""
        return self.make("Square({})")

    def power(self, other: Any) -> Self:
        """x^other, as x ** other."""
        return self.__pow__(other)

    def inv(self) -> Self:
        """1 / x."""
        return self.make("Inv({})")

    def sin(self) -> Self:
        """The sine."""
        return self.make("Sin({})")

    def cos(self) -> Self:
        """The cosine."""
        return self.make("Cos({})")

    def tan(self) -> Self:
        """The tangent."""
        return self.make("Tan({})")

    def asin(self) -> Self:
        """The arc sine."""
        return self.make("Asin({})")

    def acos(self) -> Self:
        """The arc cosine."""
        return self.make("Acos({})")

    def atan(self) -> Self:
        """The arc tangent."""
        return self.make("Atan({})")

    def atan2(self, other: Any) -> Self:
        """The angle of the point (other, self)."""
        return self.make("Atan2({}, {})", other)

    def sinh(self) -> Self:
        """The hyperbolic sine."""
        return self.make("Sinh({})")

    def cosh(self) -> Self:
        """The hyperbolic cosine."""
        return self.make("Cosh({})")

    def tanh(self) -> Self:
        """The hyperbolic tangent."""
        return self.make("Tanh({})")

    def sinxdivx(self) -> Self:
        """sin(x) / x, and 1 at 0."""
        return self.make("SinXDivX({})")

    def sinc(self) -> Self:
        """sin(pi x) / (pi x), and 1 at 0."""
        return self.make("SinXDivX(3.141592653589793 * {})")

    def erf(self) -> Self:
        """The error function."""
        return self.make("Erf({})")

    def expm1(self) -> Self:
        """e^x - 1, accurate near 0."""
        return self.make("Expm1({})")

    def log1p(self) -> Self:
        """log(1 + x), accurate near 0."""
        return self.make("Log1p({})")

    def sigmoid(self) -> Self:
        """1 / (1 + e^-x)."""
        return self.make("Sigmoid({})")

    def softplus(self) -> Self:
        """log(1 + e^x)."""
        return self.make("Softplus({})")

    def gelu(self) -> Self:
        """X times the distribution function of the normal distribution."""
        return self.make("Gelu({})")

    def sign(self) -> Self:
        """-1, 0 or 1."""
        return self.make("Sign({})")

    def step(self) -> Self:
        """0 where x < 0, else 1."""
        return self.make("Step({})")

    def relu(self) -> Self:
        """0 where x < 0, else x."""
        return self.make("ReLU({})")

    def floor(self) -> Self:
        """The greatest integer not above x."""
        return self.make("Floor({})")

    def round(self, other: int = 0) -> Self:
        """Rounded to `other` decimals, halves away from zero."""
        return self.make(f"Round({{}}, {integer('other', other)})")

    def mod(self, modulus: Any, offset: Any = 0) -> Self:
        """Brought into [offset, offset + modulus) by whole multiples of the modulus."""
        return self.make("Mod({}, {}, {})", modulus, offset)

    def clamp(self, other1: Any, other2: Any) -> Self:
        """Held between two bounds."""
        if isinstance(other1, int) and isinstance(other2, int):
            return self.make(f"ClampInt({{}}, {other1}, {other2})")
        return self.make("Clamp({}, {}, {})", other1, other2)

    def ifelse(self, other1: Any, other2: Any) -> Self:
        """other1 where x >= 0, else other2."""
        return self.make("IfElse({}, {}, {})", other1, other2)

    def where(self, other1: Any, other2: Any) -> Self:
        """other1 where x is not 0, else other2."""
        return self.make("Where({}, {}, {})", other1, other2)

    def maximum(self, other: Any) -> Self:
        """The greater of two."""
        return self.make("Maximum({}, {})", other)

    def minimum(self, other: Any) -> Self:
        """The less of two."""
        return self.make("Minimum({}, {})", other)

    def logical_and(self, other: Any) -> Self:
        """1 where both are other than 0, else 0."""
        return self.make("And({}, {})", other)

    def logical_or(self, other: Any) -> Self:
        """1 where one is other than 0, else 0."""
        return self.make("Or({}, {})", other)

    def logical_not(self) -> Self:
        """1 where x is 0, else 0."""
        return self.make("Not({})")

    # ---- vectors ----

    def sqnorm2(self) -> Self:
        """The squared Euclidean norm of each entry."""
        return self.make("SqNorm2({})")

    def norm2(self) -> Self:
        """The Euclidean norm of each entry."""
        return self.make("Norm2({})")

    def norm(self, dim: int = -1) -> Self:
        """The Euclidean norm of each entry; `dim` is the last one."""
        if self._index(None, dim) != 2:
            raise ValueError(f"dim is {dim}; norm is over the entries: write -1.")
        return self.norm2()

    def normalize(self) -> Self:
        """Each entry over its Euclidean norm."""
        return self.make("Normalize({})")

    def sqdist(self, other: Any) -> Self:
        """The squared Euclidean distance."""
        return self.make("SqDist({}, {})", other)

    def weightedsqnorm(self, other: Any) -> Self:
        """The squared norm with weights: a number, a vector or a symmetric matrix."""
        return self.make("WeightedSqNorm({1}, {0})", other)

    def weightedsqdist(self, g: Any, s: Any) -> Self:
        """The squared distance to g with the weights s."""
        return self.make("WeightedSqDist({2}, {0}, {1})", g, s)

    def elem(self, i: int) -> Self:
        """Component i; negative ones count from the last."""
        return self.make(f"Elem({{}}, {integer('i', i)})")

    def extract(self, i: int, d: int) -> Self:
        """The d components from i on."""
        return self.make(f"Extract({{}}, {integer('i', i)}, {integer('d', d)})")

    def one_hot(self, D: int) -> Self:
        """The unit vector of dimension D that this index names."""
        return self.make(f"OneHot({{}}, {integer('D', D)})")

    def bspline(self, x: Any, k: int = 0) -> Self:
        """The B-splines of degree k over these knots, at x."""
        return self.make(f"BSpline({{}}, {{}}, {integer('k', k)})", x)

    def softdtw_sqdist(self, other: Any, gamma: Any) -> Self:
        """The soft dynamic time warping of two series, with squared differences."""
        return self.make("SoftDTW_SqDist({}, {}, {})", other, gamma)

    def concat(self, other: Any) -> Self:
        """The components of both, one after the other."""
        return self.make("Concat({}, {})", other)

    @staticmethod
    def concatenate(tuple_of_lt: Sequence[Any], axis: int = -1) -> Any:
        """The components of several matrices, one after the other."""
        matrices = [lt for lt in tuple_of_lt if isinstance(lt, Methods)]
        if not matrices:
            raise TypeError("There is no symbolic matrix to concatenate; give one or more.")
        if matrices[0]._index(axis, None) != 2:
            raise ValueError(f"axis is {axis}; matrices are joined along the entries: write -1.")
        joined, *others = (matrices[0].lift(lt) for lt in tuple_of_lt)
        if any(lt.is_complex for lt in others) and not joined.is_complex:
            joined = joined.real2complex()
        for other in others:
            joined = joined.concat(other)
        return joined

    @staticmethod
    def cat(tuple_of_lt: Sequence[Any], dim: int = -1) -> Any:
        """The same as `concatenate`."""
        return Methods.concatenate(tuple_of_lt, dim)

    def matvecmult(self, other: Any) -> Self:
        """The product of each entry, a matrix in rows, and a vector."""
        return self.make("MatVecMult({}, {})", other)

    def vecmatmult(self, other: Any) -> Self:
        """The product of each entry, a vector, and a matrix in rows."""
        return self.make("VecMatMult({}, {})", other)

    def tensorprod(self, other: Any) -> Self:
        """The outer product of two vectors."""
        return self.make("TensorProd({}, {})", other)

    def keops_tensordot(
        self,
        other: Any,
        dimfa: Sequence[int],
        dimfb: Sequence[int],
        contfa: Sequence[int],
        contfb: Sequence[int],
        *permute: Sequence[int],
    ) -> Self:
        """The tensor product of two entries of these shapes, contracted as numpy.tensordot does."""
        lists = [list(map(int, a)) for a in (dimfa, dimfb, contfa, contfb, *permute)]
        return self.make(f"TensorDot({{}}, {{}}, {', '.join(map(str, lists))})", other)

    def keops_kron(self, other: Any, dimfself: Sequence[int], dimfother: Sequence[int]) -> Self:
        """The Kronecker product of two tensors of these shapes, as numpy.kron."""
        lists = [list(map(int, a)) for a in (dimfself, dimfother)]
        return self.make(f"Kron({{}}, {{}}, {', '.join(map(str, lists))})", other)

    # ---- complex numbers ----

    def real2complex(self) -> Any:
        """X + 0i."""
        return self.make("Real2Complex({})").as_kind(self.complex_kind)

    def imag2complex(self) -> Any:
        """0 + ix."""
        return self.make("Imag2Complex({})").as_kind(self.complex_kind)

    def exp1j(self) -> Any:
        """e^(ix)."""
        return self.make("ComplexExp1j({})").as_kind(self.complex_kind)

    # ---- derivatives ----

    def grad(self, other: Any, gradin: Any) -> Self:
        """The transposed Jacobian in the variable `other`, applied to gradin."""
        return self.make("Grad({}, {}, {})", other, gradin)

    def diff(self, v: Any, u: Any) -> Self:
        """The differential in the variable v, applied to u."""
        return self.make("Diff({}, {}, {})", v, u)

    def grad_matrix(self, v: Any) -> Self:
        """The Jacobian in the variable v, transposed."""
        return self.make("GradMatrix({}, {})", v)

    def divergence(self, v: Any) -> Self:
        """The divergence in the variable v."""
        return self.make("Divergence({}, {})", v)

    def laplacian(self, v: Any) -> Self:
        """The Laplacian in the variable v."""
        return self.make("Laplacian({}, {})", v)

    def trace_operator(self, v: Any) -> Self:
        """The trace of a formula that is linear in the variable v.

        It does not depend on v: where that is symbolic, a call need not give it.
        """
        made = self.make("TraceOperator({}, {})", v)
        gone = {u.position for u in self.lift(v).text.variables} - {None}
        variables = (
            Variable(self.arrays.numbers([0.0] * u.dim), u.dim, 2, number=True)
            if u.position in gone
            else u
            for u in made.text.variables
        )
        made.text = Text(made.text.formula, tuple(variables))
        return made

    def factorize(self, g: Any) -> Self:
        """The same matrix: common sub-formulas are computed once anyway."""
        return self.make("Factorize({}, {})", g)

    def auto_factorize(self) -> Self:
        """The same matrix: common sub-formulas are computed once anyway."""
        return self
