"""Every operation of the catalogue evaluated with its derivatives, for the tests that check them.

A case is an operation with dimensions of its operands and its other arguments. A kernel sums values
and derivatives of several cases over j, for operands that are i-variables, j-variables, parameters:

    value    Sum_j F(a, b, c)
    first    Sum_j J_v^T e_i              for each operand v
    forward  Sum_j J_v u_i
    second   Sum_j d/dw <J_v^T e_i, u_i>  for each pair of operands v, w
"""

import functools
import os
import zlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keopsnb import _core
from keopsnb.numpy import Genred

ROWS: dict[str, _core.Operation] = {row.name: row for row in _core.catalogue()}
SIZES = (67, 5)  # neither a whole number of tiles, nor of steps


@dataclass(frozen=True)
class Case:
    name: str
    dims: tuple[int, ...]
    arguments: tuple[Any, ...]  # after the operands
    order: int  # of the highest derivatives

    @property
    def row(self) -> _core.Operation:
        return ROWS[self.name]

    @property
    def numbers(self) -> list[int]:
        """The operands that are no index: derivatives are taken in these."""
        return [k for k in range(len(self.dims)) if k != self.row.index]

    def formula(self, operands: Sequence[str]) -> str:
        return f"{self.name}({', '.join([*operands, *(str(a) for a in self.arguments)])})"

    def reference(self, operands: Sequence[Any], modules: dict[str, Any]) -> Any:
        left_out: list[Any] = [[]] * self.row.optional_lists + [1] * self.row.optional
        arguments = [*self.arguments, *left_out]
        names = [*zip("abc", operands, strict=False), *zip("nmklp", arguments, strict=False)]
        return eval(self.row.reference, modules | dict(names))


class List(tuple[int, ...]):
    """A list of integers, as a part of a Case."""

    def __str__(self) -> str:
        return str(list(self))


def _special(row: _core.Operation) -> Iterator[tuple[tuple[int, ...], tuple[Any, ...]]]:
    """Dimensions and other arguments, where the row says them."""
    for text in row.cases.split(";"):
        dims, arguments = text.split("|")
        given = eval(f"[{arguments}]")
        yield (
            tuple(eval(f"[{dims}]")),
            tuple(List(a) if isinstance(a, list) else a for a in given),
        )


def _dimensions(row: _core.Operation, D: int) -> list[tuple[int, ...]]:
    """Of the operands: all D, then, where that is offered, one of them 1, or two of three."""
    if row.signature.startswith("(1)"):
        return [(1,)]
    if row.operands < 0:
        return [(D, 2), (1, D)]
    full = (D,) * row.operands
    if "dimension 1" not in row.signature or D == 1:
        return [full]
    ones = [{0}, {1}] if row.operands == 2 else [{0}, {1}, {2}, {1, 2}]
    return [full, *(tuple(1 if k in one else D for k in range(row.operands)) for one in ones)]


def _arguments(row: _core.Operation, D: int) -> list[tuple[int, ...]]:
    """Integers after operands of dimension D; the first ones are tested most."""
    if not row.ints:
        return [()]
    return [eval(f"({one},)", {"D": D}) for one in row.arguments.split(";")]


def _cases(row: _core.Operation, D: int, order: int, *, every: str = "") -> Iterator[Case]:
    arguments = _arguments(row, D)
    dims = _dimensions(row, D)
    yield Case(row.name, dims[0], arguments[0], order)
    yield from (Case(row.name, dims[0], n, order) for n in arguments[1:] if every == "argument")
    yield from (Case(row.name, d, arguments[0], order) for d in dims[1:] if every == "dimension")


# Whose cases are compiled one by one, since compilers take longer than in proportion, with second
# derivatives of the smallest alone.
DEAR = ("ComplexPow", "ComplexDivide")


def _double(row: _core.Operation) -> list[Case]:
    if row.cases:
        most = 4 if row.name in DEAR else 23
        return [Case(row.name, *case, 2 if sum(case[0]) <= most else 1) for case in _special(row)]
    return [*_cases(row, 3, 2, every="argument"), *_cases(row, 1, 1)]


def _single(row: _core.Operation) -> list[Case]:
    if row.cases:
        return [Case(row.name, *case, 1) for case in _special(row)]
    # Derivatives of elementwise rows are rows again, and in float64 tested to second order.
    return [*_cases(row, 5, 0 if row.partials else 1), *_cases(row, 2, 0)]


def _long_double(row: _core.Operation) -> list[Case]:
    if row.cases:
        return []
    return list(_cases(row, 16, 0 if row.partials and row.operands == 1 else 1, every="dimension"))


def _long_single(row: _core.Operation) -> list[Case]:
    return [] if row.cases else list(_cases(row, 17, 0))


def values_of(row: _core.Operation, D: int) -> list[Case]:
    """Values alone; cases that the row says itself stand for short vectors."""
    if row.cases:
        return [Case(row.name, *case, 0) for case in _special(row) if D < 9]
    return list(_cases(row, D, 0))


@dataclass(frozen=True)
class Kernel:
    """Of cases of so many operations at once: compilers take longer than in proportion."""

    dtype: str
    cases: Callable[[_core.Operation], list[Case]]
    operations: int


# Dimensions of vectors that kernels unroll, and of those that they loop over. Short and long ones
# are apart, as one long vector changes the whole kernel.
KERNELS = {
    "float64, D=1,3": Kernel("float64", _double, 1),
    "float32, D=2,5": Kernel("float32", _single, 3),
    "float64, D=16": Kernel("float64", _long_double, 2),
    "float32, D=17": Kernel("float32", _long_single, 6),
}


@dataclass
class Result:
    """Operands, e and u in float64 for all pairs (i, j), and what a kernel made of them."""

    dtype: str
    operands: list[np.ndarray]
    e: np.ndarray
    u: list[np.ndarray]
    value: np.ndarray = field(default_factory=lambda: np.empty(0))
    first: dict[int, np.ndarray] = field(default_factory=dict)
    forward: dict[int, np.ndarray] = field(default_factory=dict)
    second: dict[tuple[int, int], np.ndarray] = field(default_factory=dict)


class _Variables:
    """Random variables of formulas, one for each role, dimension and interval."""

    def __init__(self, seed: int, dtype: str) -> None:
        self._seed = seed
        self._dtype = dtype
        self._known: dict[tuple[Any, ...], tuple[str, np.ndarray]] = {}
        self("j", 1, 1, (0, 1))  # so that there are indices j whatever the operands are

    def __call__(
        self,
        role: str,
        dim: int,
        category: int,
        interval: tuple[float, float],
        *,
        index: bool = False,
    ) -> tuple[str, np.ndarray]:
        """The variable's text, and its values for all pairs."""
        key = (role, dim, interval, index)
        if key not in self._known:
            size = (*SIZES[category : category + 1], dim)
            # Whatever other variables there are.
            random = np.random.default_rng([self._seed, zlib.crc32(repr(key).encode())])
            if index:
                whole = "int32" if self._dtype == "float32" else "int64"
                values = random.integers(*map(int, interval), size, whole)
            else:
                values = random.uniform(*interval, size).astype(self._dtype)
            self._known[key] = (f"Var({len(self._known)}, {dim}, {category})", values)
        text, values = self._known[key]
        pairs = np.expand_dims(values, ([1], [0], [0, 1])[category]).astype("float64")
        return text, np.broadcast_to(pairs, (*SIZES, dim)).copy()

    def texts(self) -> list[str]:
        return [text for text, _ in self._known.values()]

    def values(self) -> tuple[np.ndarray, ...]:
        return tuple(values for _, values in self._known.values())


def _intervals(row: _core.Operation) -> list[tuple[float, float]]:
    domain: list[tuple[float, float]] = list(eval(f"{row.domain},"))
    assert len(domain) in (abs(row.operands), 2), f"{row.name}: one interval for each operand"
    return domain


class OnGpu:
    """A Reduction as `run` needs it, on a GPU."""

    def __init__(
        self, formula: str, aliases: Sequence[str], reduction_op: str = "Sum", axis: int = 1
    ) -> None:
        self.dim = _core.Reduction(formula, list(aliases)).dim
        self._reduction = Genred(formula, aliases, reduction_op, axis)

    def __call__(
        self,
        library: _core.ArrayLibrary,
        arguments: Sequence[np.ndarray],
    ) -> np.ndarray:
        return np.asarray(self._reduction(*arguments, backend="GPU"))


def run(
    cases: Sequence[Case], dtype: str, shift: int, routine_type: Any = _core.Reduction
) -> dict[Case, Result]:
    """In one kernel; the shift is of the operands' categories."""
    if not cases:
        return {}
    variables = _Variables(shift, dtype)
    formulas: list[str] = []
    results: dict[Case, Result] = {}
    for case in cases:
        given = [
            variables(f"operand {k}", dim, (k + shift) % 3, interval, index=k == case.row.index)
            for k, (dim, interval) in enumerate(zip(case.dims, _intervals(case.row), strict=True))
        ]
        v = [text for text, _ in given]
        f = case.formula(v)
        e, e_values = variables("e", _core.Reduction(f, variables.texts()).dim, 0, (-1, 1))
        u = [variables(f"u{k}", dim, 0, (-1, 1)) for k, dim in enumerate(case.dims)]
        results[case] = Result(dtype, [x for _, x in given], e_values, [x for _, x in u])
        gradients = {k: f"Grad({f}, {v[k]}, {e})" for k in case.numbers}
        formulas.append(f)
        if case.order >= 1:
            formulas += gradients.values()
            formulas += [f"Diff({f}, {v[k]}, {u[k][0]})" for k in case.numbers]
        if case.order >= 2:
            formulas += [
                f"Grad({gradients[k]}, {v[m]}, {u[k][0]})"
                for k in case.numbers
                for m in case.numbers
            ]
    routine = routine_type(f"Concat({', '.join(formulas)})", variables.texts(), "Sum", 1)
    _split(routine(_core.NUMPY, variables.values()), results)
    return results


def _split(columns: np.ndarray, results: dict[Case, Result]) -> None:
    at = 0

    def take(dim: int) -> np.ndarray:
        nonlocal at
        at += dim
        return columns[:, at - dim : at].astype("float64")

    for case, result in results.items():
        D, some = result.e.shape[-1], case.numbers
        result.value = take(D)
        if case.order >= 1:
            result.first = {k: take(case.dims[k]) for k in some}
            result.forward = {k: take(D) for k in some}
        if case.order >= 2:
            result.second = {(k, m): take(case.dims[m]) for k in some for m in some}
    assert at == columns.shape[1]


def _run(cases: Sequence[Case], dtype: str, shift: int) -> dict[Case, Result]:
    """In as few kernels as are compiled fast."""
    dear = [case for case in cases if case.name in DEAR]
    found = run([case for case in cases if case.name not in DEAR], dtype, shift)
    for case in dear:
        found |= run([case], dtype, shift)
    return found


_TOGETHER = 6  # operations whose kernels are compiled together, as each keeps one core busy


@functools.cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(os.cpu_count())


@functools.cache
def _started(first: int) -> dict[tuple[str, str], Future[dict[Case, Result]]]:
    """The kernels of _TOGETHER operations, by the kernel's and the operation's name."""
    rows = list(ROWS.values())[first : first + _TOGETHER]
    started = {}
    for shift, (kernel, kind) in enumerate(KERNELS.items()):
        for n in range(0, len(rows), kind.operations):
            some = rows[n : n + kind.operations]
            cases = [case for row in some for case in kind.cases(row)]
            future = _threads().submit(_run, cases, kind.dtype, shift)
            started.update({(kernel, row.name): future for row in some})
    return started


def results(name: str, kernel: str) -> dict[Case, Result]:
    """Of one operation."""
    first = list(ROWS).index(name) // _TOGETHER * _TOGETHER
    found = _started(first)[kernel, name].result()
    return {case: result for case, result in found.items() if case.name == name}


def check_close(case: Case, found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Within a tolerance relative to the greatest value: sums over j and components may cancel."""
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    worst = np.max(np.abs(found - expected), initial=0) / scale
    assert worst <= tolerance, f"{case}: {worst:.3g} > {tolerance:.3g}"
