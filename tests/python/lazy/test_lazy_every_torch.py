"""Every operator and method of a symbolic matrix in functions that torch.compile compiles."""

import operator
from collections.abc import Callable
from typing import Any

import pytest
import torch
from dynamo import needs_new_dynamo
from torch import Tensor

from keopsnb import _core
from keopsnb._lazy.functions import functions, method_of, reductions
from keopsnb._lazy.matrix import Matrix
from keopsnb._lazy.methods import Methods
from keopsnb._lazy.operators import Operators
from keopsnb._lazy.reduction_rows import ReductionRows
from keopsnb._lazy.reductions import Reductions
from keopsnb._lazy.rows import Rows
from keopsnb.torch import ComplexLazyTensor, LazyTensor, Pm, Vi, Vj

X, Y = (torch.rand(n, 3, dtype=torch.float64).mul(0.8).add(0.1) for n in (5, 7))

INDICES = torch.arange(7) % 3

# Law: compiled, each gives what it gives as it is. a is Vi(x), b is Vj(y), of dimension 3.

Entry = Callable[[Any, Any], Any]
# Rows that take as many operands as they are given, of any dimension.
ROWS = [row for row in _core.catalogue() if row.group != "complex"]
PLAIN = [row for row in ROWS if not (row.ints or row.lists or row.cases)]
UNARY = [method_of(row) for row in PLAIN if row.operands == 1]
UNARY += ["sinc", "conj", "ceil", "norm", "auto_factorize", "__neg__", "__pos__", "__abs__"]
BINARY = [method_of(row) for row in PLAIN if row.operands == 2]
BINARY += [
    "mod", "pow", "power", "tensorprod", "difference_matrix", "concat", "weightedsqnorm",
]  # fmt: skip
SYMBOLS = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "truediv": operator.truediv,
    "floordiv": operator.floordiv, "mod": operator.mod, "pow": operator.pow,
    "and": operator.and_, "or": operator.or_, "xor": operator.xor,
}  # fmt: skip
COMPARED = ["eq", "ne", "lt", "le", "gt", "ge"]
OTHERS: dict[str, Entry] = {
    "acosh": lambda a, b: (a + b + 1).acosh(),
    "sinxdivxderivative": lambda a, b: (a * b).sinxdivxderivative(2),
    "polygamma": lambda a, b: (a * b).polygamma(1),
    "clampint": lambda a, b: (4 * a - b).clampint(0, 1),
    "diffclampint": lambda a, b: (4 * a - b).diffclampint(0, 1),
    "clamp": lambda a, b: (a * b).clamp(0.1, b),
    "round": lambda a, b: (a * b).round(1),
    "__round__": lambda a, b: round(a * b, 2),
    "fma": lambda a, b: a.fma(b, 0.5),
    "where": lambda a, b: (a < b).where(a, 2),
    "ifelse": lambda a, b: (a - b).ifelse(b, a),
    "sumt": lambda a, b: a.sqdist(b).sumt(4),
    "extract": lambda a, b: (a * b).extract(1, 2),
    "extractt": lambda a, b: (a * b).extractt(1, 5),
    "elem": lambda a, b: (a * b).elem(-1),
    "elemt": lambda a, b: (a | b).elemt(3, 1),
    "__getitem__": lambda a, b: (a * b)[..., 1:] - (a * b)[..., 0],
    "weightedsqdist": lambda a, b: a.weightedsqdist(b, Pm(2.0)),
    "sqnormiso": lambda a, b: (a | b).sqnormiso(a - b),
    "symsqnorm": lambda a, b: a.tensorprod(a).symsqnorm(a - b),
    "one_hot": lambda a, b: (3 * a * b)[..., 0].floor().one_hot(3),
    "take": lambda a, b: a.take(Vj(INDICES)),
    "taket": lambda a, b: (a | b).taket(Vj(INDICES), 3),
    "bspline": lambda a, b: Pm([0.0, 0.1, 0.4, 0.7, 1.0]).bspline((a | b) / 3, 2),
    "softdtw_sqdist": lambda a, b: a.softdtw_sqdist(b, 0.5),
    "matvecmult": lambda a, b: a.tensorprod(b).matvecmult(b),
    "vecmatmult": lambda a, b: b.vecmatmult(a.tensorprod(b)),
    "keops_tensordot": lambda a, b: a.tensorprod(b).keops_tensordot(b, (3, 3), 3, -1, 0),
    "keops_kron": lambda a, b: a.keops_kron(b, 3, [3]),
    "concatenate": lambda a, b: LazyTensor.concatenate([a, a * b, b]),
    "cat": lambda a, b: LazyTensor.cat([a * b, b], dim=-1),
    "grad": lambda a, b: (a | b).exp().grad(a, 2.0),
    "diff": lambda a, b: (a | b).exp().diff(b, a),
    "grad_matrix": lambda a, b: (a * b * b).grad_matrix(b),
    "divergence": lambda a, b: (a * b * b).divergence(b),
    "laplacian": lambda a, b: (a | b).exp().laplacian(b),
    "trace_operator": lambda a, b: (a * b).trace_operator(b),
    "factorize": lambda a, b: (a * b + a).factorize(a),
    "real2complex": lambda a, b: (a.real2complex() * b).abs(),
    "imag2complex": lambda a, b: (a.imag2complex() * b.exp1j()).imag,
    "exp1j": lambda a, b: (a * b).exp1j().real,
    "t": lambda a, b: (b.t() * a.T).t(),
    "T": lambda a, b: (a / b).T.T,
}
ENTRIES: dict[str, Entry] = {
    **{name: lambda a, b, name=name: getattr(a * b, name)() for name in UNARY},
    **{name: lambda a, b, name=name: getattr(a, name)(b) for name in BINARY},
    **{f"__{name}__": lambda a, b, f=f: f(f(a, b), b) for name, f in SYMBOLS.items()},
    **{f"__r{name}__": lambda a, b, f=f: f(2, a * b) for name, f in SYMBOLS.items()},
    **{f"__{name}__": lambda a, b, f=name: getattr(operator, f)(a, b) for name in COMPARED},
    **OTHERS,
}

WITH_METHODS = [row for row in _core.reductions() if row.method]
REDUCED = [r.method for r in WITH_METHODS if not r.ranked and r.weight.name != "required"]
REDUCED += ["sum_reduction"]
OF_K = [row.method for row in WITH_METHODS if row.ranked]
RESULTS: dict[str, Entry] = {
    **{name: lambda a, b, name=name: getattr(a * b, name)(axis=1) for name in REDUCED},
    **{name: lambda a, b, name=name: getattr(a * b, name)(2, dim=0) for name in OF_K},
    "sumsoftmaxweight": lambda a, b: (a | b).sumsoftmaxweight(b, axis=1),
    "reduction": lambda a, b: (a | b).reduction("Norm2", axis=0),
    "__matmul__": lambda a, b: (a | b) @ b.variables[0],
    "__rmatmul__": lambda a, b: a.variables[0].T @ (a | b),
    "matvec": lambda a, b: (a | b).matvec(b.variables[0]),
    "rmatvec": lambda a, b: (a | b).rmatvec(a.variables[0]),
    "diagonal": lambda a, b: (a * b).diagonal(),
    "trace": lambda a, b: (a | b).trace(),
    "dense": lambda a, b: (a | b).dense(),
    "solve": lambda a, b: (-a.sqdist(a.t())).exp().solve(a.variables[0], alpha=1.0),
}

# Dynamo has no `invert` of objects, no math.floor and math.ceil of them: docs/torch.md says so.
NOT_TRACED = {"__invert__", "__floor__", "__ceil__"}
IS_ERROR = {"__bool__"}


OPERATORS = {f"__{name.strip(chr(95))}__" for name in dir(operator)}
OPERATORS |= {f"__r{name}__" for name in SYMBOLS} | {
    "__floor__",
    "__ceil__",
    "__round__",
    "__bool__",
}


def test_each_has_a_case() -> None:
    names = {
        name
        for kind in (Rows, Methods, Operators, ReductionRows, Reductions, Matrix)
        for name in vars(kind)
        if not name.startswith("_") or (name in OPERATORS and callable(vars(kind)[name]))
    }
    names = {name for name in names if not name.endswith("_reduction") and name != "lenient"}
    assert not names - (ENTRIES.keys() | RESULTS.keys() | NOT_TRACED | IS_ERROR)


# Law: PyTorch has the functions that rows name, and symbolic matrices have their methods.


def test_functions_of_rows() -> None:
    methods = functions("torch") | reductions("torch")
    assert len(methods) > 60
    for name, method in methods.items():
        assert any(hasattr(where, name) for where in (torch, torch.nn.functional)), name
        assert callable(getattr(ComplexLazyTensor, method))


def compared(function: Callable[[Tensor, Tensor], Any]) -> None:
    torch._dynamo.reset()
    found = torch.compile(function, fullgraph=True, backend="aot_eager")(X, Y)
    torch.testing.assert_close(found, function(X, Y), equal_nan=True)


def groups(functions: list[Entry]) -> list[list[Entry]]:
    """A few for each kernel: what is computed of one component is computed of that alone."""
    return [functions[k : k + 6] for k in range(0, len(functions), 6)]


@needs_new_dynamo
@pytest.mark.parametrize("part", range(4))
def test_entries(part: int) -> None:
    several = groups(list(ENTRIES.values()))[part::4]
    compared(lambda x, y: [LazyTensor.cat([f(Vi(x), Vj(y)) for f in g]).sum(1) for g in several])


@needs_new_dynamo
def test_results() -> None:
    compared(lambda x, y: [f(Vi(x), Vj(y)) for f in RESULTS.values()])


COMPLEX: list[Entry] = [
    operator.add, operator.sub, operator.mul, operator.truediv, operator.pow,
    lambda a, b: 2 - a * b, lambda a, b: 2j / a * b, lambda a, b: 2 ** (a * b), lambda a, b: -a * b,
    lambda a, b: a.conj() * b.square(), lambda a, b: (a * b).exp(), lambda a, b: (a * b).log(),
    lambda a, b: (a * b).sqrt().inv(), lambda a, b: (a * b).sum(), lambda a, b: (a * b)[..., 1:],
    lambda a, b: a.concat(b.real), lambda a, b: a.tensorprod(b), lambda a, b: a.elem(0) * b,
    lambda a, b: a.keops_kron(b, 3, 3), lambda a, b: a.tensorprod(b).matvecmult(b),
    lambda a, b: b.vecmatmult(a.tensorprod(b)), lambda a, b: (a.real < b.imag).where(a, b),
    lambda a, b: (a.imag - b.real).ifelse(a, 1j),
    lambda a, b: (abs(a * b) + a.angle() * b.squareabs()).real2complex(),
]  # fmt: skip


@needs_new_dynamo
def test_complex_entries() -> None:
    def f(x: Tensor, y: Tensor) -> Any:
        a, b = Vi(torch.complex(x, -x)), Vj(torch.complex(y, 2 * y))
        made = [ComplexLazyTensor.cat([f(a, b) for f in g]).sum(1) for g in groups(COMPLEX)]
        K = a[..., 0] * b[..., 1]
        v = b.variables[0][:, ::2].contiguous()
        return made, K.mean(0), K @ y, K.matvec(v), K.diagonal(), K.trace(), K.dense()

    compared(f)
