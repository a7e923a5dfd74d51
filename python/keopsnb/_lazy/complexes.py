"""Symbolic matrices of complex numbers: pairs of real and imaginary parts, side by side."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from keopsnb._lazy.base import Lazy
from keopsnb._lazy.indices import component_range
from keopsnb._lazy.matrix import Matrix
from keopsnb._lazy.methods import Methods
from keopsnb._lazy.operators import Operators
from keopsnb._lazy.reduction_rows import Axis
from keopsnb._lazy.rows import Rows
from keopsnb._options import integer

if TYPE_CHECKING:
    from typing_extensions import Self


class ComplexMatrix(Matrix):
    """A symbolic matrix whose entries are vectors of complex numbers."""

    real_kind: ClassVar[Any]

    is_complex = True

    @property
    def _entry(self) -> int:
        return self.ndim // 2

    @property
    def dtype(self) -> str | None:
        """complex64 or complex128; None where the variables are symbolic or numbers."""
        of_parts = super().dtype
        return {"float32": "complex64", "float64": "complex128"}.get(of_parts or "")

    def lift(self, other: Any) -> Any:
        """Anything an operator may meet, as a matrix."""
        return other if isinstance(other, Lazy) else self.real_kind(other)

    def _complex(self, other: Any) -> Any:
        other = self.lift(other)
        return other if other.is_complex else other.real2complex()

    def __add__(self, other: Any) -> Self:
        return self.make("ComplexAdd", self._complex(other))

    def __radd__(self, other: Any) -> Self:
        return self.__add__(other)

    def __sub__(self, other: Any) -> Self:
        return self.make("ComplexSubtract", self._complex(other))

    def __rsub__(self, other: Any) -> Self:
        return self.make("ComplexSubtract", self._complex(other), order=(1, 0))

    def __mul__(self, other: Any) -> Self:
        other = self.lift(other)
        if not other.is_complex and other.ndim == 1:
            return self.make("ComplexRealScal", other, order=(1, 0))
        return self.make("ComplexMult", self._complex(other))

    def __rmul__(self, other: Any) -> Self:
        return self.__mul__(other)

    def __truediv__(self, other: Any) -> Self:
        other = self.lift(other)
        if not other.is_complex and other.ndim == 1:
            return self.__mul__(other.inv())
        return self.make("ComplexDivide", self._complex(other))

    def __rtruediv__(self, other: Any) -> Self:
        return self.make("ComplexDivide", self._complex(other), order=(1, 0))

    def __pow__(self, other: Any) -> Self:
        return self.make("ComplexPow", self._complex(other))

    def __rpow__(self, other: Any) -> Self:
        return self.make("ComplexPow", self._complex(other), order=(1, 0))

    def concat(self, other: Any) -> Self:
        """The components of both, one after the other."""
        return self.make("Concat", self._complex(other))

    def conj(self) -> Self:
        """The complex conjugate."""
        return self.make("Conj")

    def exp(self) -> Self:
        """e^z."""
        return self.make("ComplexExp")

    def log(self) -> Self:
        """The principal logarithm."""
        return self.make("ComplexLog")

    def sqrt(self) -> Self:
        """The principal square root."""
        return self.make("ComplexSqrt")

    def _real(self, operation: str) -> Any:
        made = self.make(operation)
        return made.as_kind(self.real_kind)

    @property
    def real(self) -> Any:
        """The real parts."""
        return self._real("ComplexReal")

    @property
    def imag(self) -> Any:
        """The imaginary parts."""
        return self._real("ComplexImag")

    def angle(self) -> Any:
        """The angles, in (-pi, pi]."""
        return self._real("ComplexAngle")

    def abs(self) -> Any:
        """The absolute values."""
        return self._real("ComplexAbs")

    def __abs__(self) -> Any:
        return self.abs()

    def squareabs(self) -> Any:
        """The squares of the absolute values."""
        return self._real("ComplexSquareAbs")

    def sum(self, axis: Axis = None, dim: Axis = None, **kwargs: Any) -> Any:
        """Sum over i, over j, or (axis=-1, by default) over the components of each entry."""
        return self._over("ComplexSum", "Sum", axis, dim, kwargs)

    def solve(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        """Refuse: conjugate gradients here are of real matrices."""
        raise TypeError(
            "There is no solve of complex matrices; give scipy.sparse.linalg.aslinearoperator(K) "
            "to one of SciPy's solvers."
        )

    def rmatvec(self, v: Any) -> Any:
        """self.conj().T @ v, the adjoint, as SciPy's linear operators have it."""
        return self.conj().T.__matmul__(v)

    def _pairs(self) -> Any:
        """The real and imaginary parts in turn, as a real matrix."""
        return self.as_kind(self.real_kind)

    def _components(self, begin: int, count: int) -> Self:
        return self.make("Extract", ints=(2 * begin, 2 * count))

    def _column(self, rows: Any) -> Any:
        return self.real_kind(rows[..., None, :, :])

    # ---- what is linear in each operand, by its parts ----

    def _bilinear(self, product: Callable[[Any, Any], Any], other: Any) -> Self:
        a, b = self, self.lift(other)
        if not b.is_complex:
            return self._joined(product(a.real, b), product(a.imag, b))
        real = product(a.real, b.real) - product(a.imag, b.imag)
        return self._joined(real, product(a.real, b.imag) + product(a.imag, b.real))

    def _joined(self, real: Any, imag: Any) -> Self:
        joined: Self = real.real2complex() + imag.imag2complex()
        return joined

    def keops_tensordot(self, other: Any, *dims: Any) -> Self:
        """The tensor product of two entries of these shapes, contracted as numpy.tensordot does."""
        return self._bilinear(lambda a, b: a.keops_tensordot(b, *dims), other)

    def keops_kron(self, other: Any, dimfself: Any, dimfother: Any) -> Self:
        """The Kronecker product of two tensors of these shapes, as numpy.kron."""
        return self._bilinear(lambda a, b: a.keops_kron(b, dimfself, dimfother), other)

    def matvecmult(self, other: Any) -> Self:
        """Product of a matrix, the rows of it one after the other, and a vector."""
        return self._bilinear(lambda a, b: a.matvecmult(b), other)

    def vecmatmult(self, other: Any) -> Self:
        """Product of a vector and a matrix, the rows of it one after the other."""
        return self._bilinear(lambda a, b: a.vecmatmult(b), other)

    def tensorprod(self, other: Any) -> Self:
        """All products of components, row after row."""
        return self._bilinear(lambda a, b: a.tensorprod(b), other)

    def elem(self, i: int) -> Self:
        """One component."""
        return self._components(component_range(i, self._shape[-1])[0], 1)

    def extract(self, i: int, d: int) -> Self:
        """Components i to i + d."""
        return self._components(integer("i", i), integer("d", d))

    def inv(self) -> Self:
        """1 / z."""
        return self.__rtruediv__(1)

    def square(self) -> Self:
        """Z * z."""
        return self.__mul__(self)


# Operations whose formula is that of pairs of real numbers, or that go by the operators above.
_MEANINGFUL = {
    "concatenate", "cat", "factorize", "auto_factorize", "__neg__", "__pos__",
    "__bool__", "pow", "power", "add", "subtract", "mult", "divide", "minus", "grad", "diff",
}  # fmt: skip
# Advice in place of those that are not, where it is more than a part.
_PARTS = "take .real, .imag, abs() or angle()"
_NORM = "squareabs().sum().sqrt()"
_INSTEAD = {
    "sqnorm2": "squareabs().sum()", "norm2": _NORM, "norm": _NORM, "normalize": f"a / a.{_NORM}",
    "sqdist": "(a - b).squareabs().sum()", "rsqrt": "1 / a.sqrt()", "powf": "a ** b",
    "exp2": "2 ** a", "log2": "a.log() / math.log(2)", "log10": "a.log() / math.log(10)",
    "log1p": "(1 + a).log()", "expm1": "a.exp() - 1", "fma": "a * b + c",
    "cosh": "(a.exp() + (-a).exp()) / 2", "sinh": "(a.exp() - (-a).exp()) / 2",
    "cos": "((1j * a).exp() + (-1j * a).exp()) / 2",
    "sin": "((1j * a).exp() - (-1j * a).exp()) / 2j",
}  # fmt: skip
_INSTEAD |= dict.fromkeys(("scalprod", "|"), "(a * b).sum() or (a.conj() * b).sum()")
_INSTEAD |= dict.fromkeys(("equal", "=="), "(a - b).squareabs() == 0")
_INSTEAD |= dict.fromkeys(("notequal", "!="), "(a - b).squareabs() != 0")
_SYMBOLS = {
    # Of a < b with a complex b Python asks b > a: either may have been written.
    "__lt__": "< or >", "__gt__": "< or >", "__le__": "<= or >=", "__ge__": "<= or >=",
    "__eq__": "==", "__ne__": "!=",
    "__mod__": "%", "__rmod__": "%", "__floordiv__": "//", "__rfloordiv__": "//", "__or__": "|",
    "__ror__": "|", "__and__": "&", "__rand__": "&", "__xor__": "^", "__rxor__": "^",
    "__invert__": "~",
}  # fmt: skip
_INSTEAD |= {name: f"(a.squareabs() > 0).{name}(b, c)" for name in ("where", "ifelse")}


def _refusing(name: str) -> Any:
    instead = f"write {_INSTEAD[name]}" if name in _INSTEAD else _PARTS
    message = f"There is no {name} of complex numbers; {instead}."

    def refuse(self: ComplexMatrix, *args: Any, **kwargs: Any) -> Any:  # noqa: ARG001
        raise TypeError(message)

    return refuse


def _is_refused(name: str, method: Any) -> bool:
    private = name.startswith("_") and not name.startswith("__")
    return callable(method) and not private and name not in _MEANINGFUL


for _name, _method in (vars(Methods) | vars(Rows) | vars(Operators)).items():
    if _is_refused(_name, _method) and _name not in vars(ComplexMatrix):
        setattr(ComplexMatrix, _name, _refusing(_SYMBOLS.get(_name, _name.strip("_"))))
