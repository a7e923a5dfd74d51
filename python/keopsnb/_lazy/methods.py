"""Operations on symbolic matrices, entry by entry, that are written by hand."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keopsnb._lazy.reducing import ENTRIES
from keopsnb._lazy.rows import Rows
from keopsnb._lazy.variables import Kind, Variable, kinds_of
from keopsnb._options import PM

if TYPE_CHECKING:
    from typing_extensions import Self


def _integers(sizes: Any) -> list[int]:
    """A shape or axes, of which one may be a number."""
    try:
        return [operator.index(sizes)]
    except TypeError:
        return list(map(operator.index, sizes))


class Methods(Rows):
    """Operations that are more than a row of the catalogue, or named after it otherwise."""

    def add(self, other: Any) -> Self:
        """Sum, a + b."""
        return self.__add__(other)

    def subtract(self, other: Any) -> Self:
        """Difference, a - b."""
        return self.__sub__(other)

    def mult(self, other: Any) -> Self:
        """Product, a * b."""
        return self.__mul__(other)

    def divide(self, other: Any) -> Self:
        """Quotient, a / b."""
        return self.__truediv__(other)

    def minus(self) -> Self:
        """Opposite, -a."""
        return -self

    def pow(self, other: Any) -> Self:
        """Power, as a ** other."""
        return self.__pow__(other)

    def power(self, other: Any) -> Self:
        """Power, as a ** other."""
        return self.__pow__(other)

    def ceil(self) -> Self:
        """The least integer not below a."""
        return self.__ceil__()

    def sinc(self) -> Self:
        """sin(pi a) / (pi a), and 1 at 0."""
        return self.make("Mult", self._constant(math.pi)).sinxdivx()

    def clamp(self, other1: Any, other2: Any) -> Self:
        """other1 where a < other1, other2 where a > other2, else a."""
        return self.make("Clamp", other1, other2)

    def norm(self, dim: int = -1) -> Self:
        """Euclidean norm of each entry; `dim` is the last one."""
        if self._index(None, dim) != ENTRIES:
            raise ValueError(f"dim is {dim}; norm is over the entries: write -1.")
        return self.norm2()

    def difference_matrix(self, other: Any) -> Self:
        """All differences a[k] - b[l] of components, row after row; b is other."""
        b = self.lift(other)
        ones = self._constant(1.0)
        repeated = self.make("TensorProd", ones.sumt(b.ndim))
        return repeated - ones.sumt(self.ndim).make("TensorProd", b)

    def concat(self, other: Any) -> Self:
        """The components of both, one after the other."""
        lifted = self.lift(other)
        if lifted.is_complex:
            joined: Self = self.real2complex().concat(lifted)
            return joined
        return self.make("Concat", lifted)

    @staticmethod
    def concatenate(tuple_of_lt: Sequence[Any], axis: int = -1) -> Any:
        """The components of several matrices, one after the other."""
        matrices = [lt for lt in tuple_of_lt if isinstance(lt, Methods)]
        if not matrices:
            raise TypeError("There is no symbolic matrix to concatenate; give one or more.")
        if matrices[0]._index(axis, None) != ENTRIES:
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

    def keops_tensordot(
        self,
        other: Any,
        dimfa: int | Sequence[int],
        dimfb: int | Sequence[int],
        contfa: int | Sequence[int],
        contfb: int | Sequence[int],
        *permute: int | Sequence[int],
    ) -> Any:
        """The tensor product of two entries of these shapes, contracted as numpy.tensordot does.

        A shape or axes of one number may be that number; axes below 0 count from the last one.
        """
        lists = [_integers(a) for a in (dimfa, dimfb, contfa, contfb, *permute)]
        for axes, shape in ((lists[2], lists[0]), (lists[3], lists[1])):
            axes[:] = [k + len(shape) if -len(shape) <= k < 0 else k for k in axes]
        return self._linear("TensorDot", other, lists=tuple(map(tuple, lists)))

    def keops_kron(
        self, other: Any, dimfself: int | Sequence[int], dimfother: int | Sequence[int]
    ) -> Any:
        """The Kronecker product of two tensors of these shapes, as numpy.kron."""
        lists = [_integers(a) for a in (dimfself, dimfother)]
        return self._linear("Kron", other, lists=tuple(map(tuple, lists)))

    def _linear(self, operation: str, *others: Any, lists: tuple[tuple[int, ...], ...] = ()) -> Any:
        """An operation that is linear in the others, which may be complex."""
        lifted: list[Any] = [self.lift(o) for o in others]
        if not any(o.is_complex for o in lifted):
            return self.make(operation, *lifted, lists=lists)
        both = [o if o.is_complex else o.real2complex() for o in lifted]
        real = self.make(operation, *[o.real for o in both], lists=lists)
        imag = self.make(operation, *[o.imag for o in both], lists=lists)
        return real.real2complex() + imag.imag2complex()

    def where(self, other1: Any, other2: Any) -> Any:
        """B where a != 0, else c. Here b is other1, c is other2; they may be complex."""
        return self._linear("Where", other1, other2)

    def ifelse(self, other1: Any, other2: Any) -> Any:
        """B where a >= 0, else c. Here b is other1, c is other2; they may be complex."""
        return self._linear("IfElse", other1, other2)

    def matvecmult(self, other: Any) -> Any:
        """Product of the matrix a, its rows one after the other, and the vector other."""
        return self._linear("MatVecMult", other)

    def vecmatmult(self, other: Any) -> Any:
        """Product of the vector a and the matrix other, its rows one after the other."""
        return self._linear("VecMatMult", other)

    def tensorprod(self, other: Any) -> Any:
        """All products of components, row after row."""
        return self._linear("TensorProd", other)

    # ---- complex numbers ----

    def conj(self) -> Self:
        """The complex conjugate: of real numbers, the same matrix."""
        return self

    def real2complex(self) -> Any:
        """X + 0i."""
        return self.make("Real2Complex").as_kind(self.complex_kind)

    def imag2complex(self) -> Any:
        """0 + ix."""
        return self.make("Imag2Complex").as_kind(self.complex_kind)

    def exp1j(self) -> Any:
        """e^(ix)."""
        return self.make("ComplexExp1j").as_kind(self.complex_kind)

    # ---- derivatives ----

    def grad(self, other: Any, gradin: Any) -> Any:
        """The transposed Jacobian in the variable `other`, applied to gradin.

        It is shaped as `other`. Complex numbers count as pairs of real ones, as in autograd.
        """
        variable = self._variable("grad", other)
        return self._derived("Grad", variable, self, gradin, variable)

    def diff(self, other: Any, diffin: Any) -> Any:
        """The differential in the variable `other`, applied to diffin.

        It is shaped as this matrix. Complex numbers count as pairs of real ones.
        """
        variable = self._variable("diff", other)
        return self._derived("Diff", variable, variable, diffin, self)

    def _variable(self, name: str, other: Any) -> Any:
        """What a derivative is in; an array, only if it is itself a variable of this matrix.

        Raises:
            ValueError: if it is an array that this matrix does not depend on as it is given.
        """
        lifted = self.lift(other)
        if not self.arrays.is_array(other) or not lifted._variables:
            return lifted
        (wanted,) = lifted._variables
        category = wanted.kind.category
        if any(v.data is wanted.data and v.kind.category == category for v in self._variables):
            return lifted
        raise ValueError(
            f"{name} is in a variable of this matrix, and the array of shape "
            f"{tuple(other.shape)} is none of them, as it is given; write the symbolic matrix that "
            f"was made of it: x = LazyTensor(array), then a matrix of x, then .{name}(x, ...)."
        )

    def _derived(self, operation: str, other: Any, like: Any, direction: Any, result: Any) -> Any:
        """A derivative along a direction like one of two matrices; it is like one of them too."""
        direction = self.lift(direction)
        if like.is_complex and not direction.is_complex:
            direction = direction.real2complex()
        if direction.is_complex and not like.is_complex:
            raise TypeError(
                "The direction of this derivative is complex, and what it goes along is real; take "
                ".real, .imag or abs() of it."
            )
        made = self._pairs().make(operation, other._pairs(), direction._pairs())
        return made.as_kind(type(result))

    def _pairs(self) -> Any:
        """The same numbers as real ones: of a complex matrix, real and imaginary parts in turn."""
        return self

    def grad_matrix(self, other: Any) -> Self:
        """The Jacobian in the variable `other`, transposed."""
        return self.make("GradMatrix", self._variable("grad_matrix", other))

    def divergence(self, var: Any) -> Self:
        """The divergence in the variable var."""
        return self.make("Divergence", self._variable("divergence", var))

    def laplacian(self, var: Any) -> Self:
        """The Laplacian in the variable var."""
        return self.make("Laplacian", self._variable("laplacian", var))

    def trace_operator(self, var: Any) -> Self:
        """The trace of a formula that is linear in the variable var.

        It does not depend on var: where that is symbolic, a call need not give it.
        """
        made = self.make("TraceOperator", self._variable("trace_operator", var))
        gone = [k.position for k in kinds_of(self.lift(var).form) if k.position is not None]

        def there(v: Variable) -> Variable:
            dim = v.kind.dim
            return (
                Variable((0.0,) * dim, Kind(PM, dim, number=True)) if v.kind.position in gone else v
            )

        return made._with([there(v) for v in made._variables], made)

    def factorize(self, other: Any) -> Self:
        """The same matrix: common sub-formulas are computed once anyway."""
        self.lift(other).check_done()
        return self

    def auto_factorize(self) -> Self:
        """The same matrix: common sub-formulas are computed once anyway."""
        return self
