"""Every operation of the catalogue evaluated with its derivatives, for the tests that check them.

A case is an operation with integer parameters and dimensions of operands. A kernel sums the values
and derivatives of several cases over j, for operands that are i-variables, j-variables, parameters:

    value    Sum_j F(a, b, c)
    first    Sum_j J_v^T e_i              for each operand v
    second   Sum_j d/dw <J_v^T e_i, u_i>  for each pair of operands v, w
"""

import functools
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keopsnb import _core

ROWS: dict[str, _core.Operation] = {row.name: row for row in _core.catalogue()}
SIZES = (67, 5)  # neither a whole number of tiles, nor of steps

# Integer parameters for operands of dimension D; the first are tested most.
INTEGERS: dict[str, Callable[[int], list[tuple[int, ...]]]] = {
    "Pow": lambda _: [(3,), (-3,), (-1,), (0,), (1,), (2,), (5,)],
    "SinXDivXDerivative": lambda _: [(1,), (0,), (2,)],
    "ClampInt": lambda _: [(-1, 1), (0, 2)],
    "DiffClampInt": lambda _: [(-1, 1)],
    "Round": lambda _: [(0,), (1,), (-1,)],
    "SumT": lambda D: [(D,)],
    "Extract": lambda D: [(D // 2, D - D // 2), (0, 1)],
    "ExtractT": lambda D: [(1, D + 2), (0, D + 1)],
    "Elem": lambda D: [(D - 1,), (0,)],
    "ElemT": lambda D: [(D, D // 2)],
}


@dataclass(frozen=True)
class Case:
    name: str
    ints: tuple[int, ...]
    dims: tuple[int, ...]
    order: int  # of the highest derivatives

    def formula(self, operands: Sequence[str]) -> str:
        return f"{self.name}({', '.join([*operands, *map(str, self.ints)])})"

    def reference(self, operands: Sequence[Any], modules: dict[str, Any]) -> Any:
        names = dict(zip("abc", operands, strict=False)) | dict(zip("nm", self.ints, strict=False))
        return eval(ROWS[self.name].reference, modules | names)


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


def _cases(row: _core.Operation, D: int, order: int, *, every: str = "") -> Iterator[Case]:
    ints = INTEGERS[row.name](D) if row.ints else [()]
    dims = _dimensions(row, D)
    yield Case(row.name, ints[0], dims[0], order)
    yield from (Case(row.name, n, dims[0], order) for n in ints[1:] if every == "integer")
    yield from (Case(row.name, ints[0], d, order) for d in dims[1:] if every == "dimension")


# Dimensions of vectors that kernels unroll, and of those that they loop over. Short and long ones
# are apart, as one long vector changes the whole kernel.
_KERNELS: dict[str, tuple[str, Callable[[_core.Operation], list[Case]]]] = {
    "float64, D=1,3": (
        "float64",
        lambda row: [*_cases(row, 3, 2, every="integer"), *_cases(row, 1, 1)],
    ),
    "float32, D=5": ("float32", lambda row: [*_cases(row, 5, 0)]),
    "float64, D=16": ("float64", lambda row: [*_cases(row, 16, 1, every="dimension")]),
    "float32, D=17": ("float32", lambda row: [*_cases(row, 17, 1)]),
}
KERNELS = list(_KERNELS)


@dataclass
class Result:
    """Operands, e and u in float64 for all pairs (i, j), and what a kernel made of them."""

    dtype: str
    operands: list[np.ndarray]
    e: np.ndarray
    u: list[np.ndarray]
    value: np.ndarray = field(default_factory=lambda: np.empty(0))
    first: list[np.ndarray] = field(default_factory=list)
    second: list[list[np.ndarray]] = field(default_factory=list)


class _Variables:
    """Random variables of a formula, one for each role and dimension."""

    def __init__(self, seed: int, dtype: str) -> None:
        self._random = np.random.default_rng(seed)
        self._dtype = dtype
        self._known: dict[tuple[str, int], tuple[str, np.ndarray]] = {}
        self("j", 1, 1, (0, 1))  # so that there are indices j whatever the operands are

    def __call__(
        self, role: str, dim: int, category: int, interval: tuple[float, float]
    ) -> tuple[str, np.ndarray]:
        """The variable's text, and its values for all pairs."""
        if (role, dim) not in self._known:
            size = (*SIZES[category : category + 1], dim)
            values = self._random.uniform(*interval, size).astype(self._dtype)
            self._known[role, dim] = (f"Var({len(self._known)}, {dim}, {category})", values)
        text, values = self._known[role, dim]
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


def _run(row: _core.Operation, kernel: str) -> dict[Case, Result]:
    dtype, choose = _KERNELS[kernel]
    shift = KERNELS.index(kernel)  # of the operands' categories
    variables = _Variables(shift, dtype)
    formulas: list[str] = []
    results: dict[Case, Result] = {}
    for case in choose(row):
        given = [
            variables(f"operand {k}", dim, (k + shift) % 3, interval)
            for k, (dim, interval) in enumerate(zip(case.dims, _intervals(row), strict=True))
        ]
        operands = [text for text, _ in given]
        f = case.formula(operands)
        e, e_values = variables("e", _core.Routine(f, variables.texts()).dim, 0, (-1, 1))
        u = [variables(f"u{k}", dim, 0, (-1, 1)) for k, dim in enumerate(case.dims)]
        results[case] = Result(dtype, [v for _, v in given], e_values, [v for _, v in u])
        gradients = [f"Grad({f}, {v}, {e})" for v in operands]
        formulas.append(f)
        formulas += gradients[: None if case.order >= 1 else 0]
        if case.order >= 2:
            formulas += [
                f"Grad({g}, {w}, {text})"
                for g, (text, _) in zip(gradients, u, strict=True)
                for w in operands
            ]
    routine = _core.Routine(f"Concat({', '.join(formulas)})", variables.texts(), "Sum", 1)
    _split(routine.call_numpy(variables.values()), results)
    return results


def _split(columns: np.ndarray, results: dict[Case, Result]) -> None:
    at = 0

    def take(dim: int) -> np.ndarray:
        nonlocal at
        at += dim
        return columns[:, at - dim : at].astype("float64")

    for case, result in results.items():
        result.value = take(result.e.shape[-1])
        if case.order >= 1:
            result.first = [take(dim) for dim in case.dims]
        if case.order >= 2:
            result.second = [[take(dim) for dim in case.dims] for _ in case.dims]
    assert at == columns.shape[1]


@functools.cache
def results(name: str) -> dict[str, dict[Case, Result]]:
    """Of one operation, by kernel; compiled together, as each compilation keeps one core busy."""
    with ThreadPoolExecutor() as threads:
        return dict(zip(KERNELS, threads.map(lambda k: _run(ROWS[name], k), KERNELS), strict=True))


def check_close(case: Case, found: np.ndarray, expected: np.ndarray, tolerance: float) -> None:
    """Within a tolerance relative to the greatest value: sums over j and components may cancel."""
    scale = max(1.0, float(np.max(np.abs(expected), initial=0)))
    worst = np.max(np.abs(found - expected), initial=0) / scale
    assert worst <= tolerance, f"{case}: {worst:.3g} > {tolerance:.3g}"
