"""Linear systems of symbolic matrices."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from keopsnb._core import Graph
from keopsnb._lazy.base import Lazy, of_variable
from keopsnb._lazy.deferred import CONSTRUCTOR, layout_of
from keopsnb._lazy.variables import REMEMBERED, Kind, Variable, is_variable, last_dim, text_of
from keopsnb._options import PM, VI


def solving(matrix: Any, other: Any, var: Any, options: dict[str, Any]) -> Solving:
    """The system of `matrix.solve(other, var)`."""
    right, flat = _right(matrix, other)
    # The index summed over, as `other` is the one that the sum leaves.
    axis = 1 - right.kind.category
    for size in (matrix.ni, matrix.nj):
        rows = None if right.data is None else right.data.shape[-2]
        if None not in (size, rows) and size != rows:
            raise ValueError(
                f"other has {rows} rows, and the matrix {matrix.ni} rows and {matrix.nj} "
                "columns; a system has as many rows as unknowns."
            )
    if var is None:
        # No variable of the matrix; real, as the kernel is.
        data = None if right.data is None else right.data.real[...]
        unknown = Variable(data, Kind(axis, right.kind.dim, right.kind.position))
        product = matrix * of_variable(type(matrix), unknown)
        if product.ndim != right.kind.dim:
            raise ValueError(
                f"The entries of this matrix have dimension {matrix.ndim}, and other has "
                f"{right.kind.dim}; solve for a matrix of numbers, or name the unknown by var."
            )
        system, place = product, _place(product, unknown)
        unknown = Variable(right.data, unknown.kind)
    else:
        system, place = matrix, _place(matrix, _variable(var))
        known = system._variables[place].kind
        if (known.category, known.dim) != (axis, right.kind.dim):
            raise ValueError(
                f"var is {'ij'[known.category]}-indexed of dimension {known.dim}, and other "
                f"asks for an unknown V{'ij'[axis]} of dimension {right.kind.dim}."
            )
        unknown = Variable(right.data, Kind(axis, right.kind.dim, right.kind.position))
    variables = system._variables
    variables[place] = unknown
    given = {name: getattr(matrix, name) for name in ("ranges", "backend")}
    given = {k: v for k, v in given.items() if v is not None}
    return Solving(
        system._with(variables),
        place,
        {k: v for k, v in options.items() if k in CONSTRUCTOR},
        given | {k: v for k, v in options.items() if k not in CONSTRUCTOR},
        flat,
    )


def _right(matrix: Any, other: Any) -> tuple[Variable, bool]:
    """The right-hand side, and whether it is one vector (N,)."""
    if isinstance(other, Lazy):
        if not is_variable(other.form):
            raise TypeError("other is a formula; write an array, or a variable Vi(b) or Vj(b).")
        right = other._variables[0]
        if right.kind.category == PM:
            raise TypeError("other is a parameter; write an array, or a variable Vi(b) or Vj(b).")
        if other.is_complex:
            if right.data is None:
                raise TypeError("other is complex, and has no value yet; write Vi(b) or Vj(b).")
            data, (category, dim, *_) = matrix.arrays.as_complex(right.data), right.kind
            return Variable(data, Kind(category, dim // 2)), False
        return right, False
    if not matrix.arrays.is_array(other) or len(other.shape) == 0:
        raise TypeError(
            f"other is a {type(other).__name__}; write {matrix.arrays.noun} (N,) or (..., N, E)."
        )
    data = matrix.arrays.as_array(other)
    flat = len(data.shape) == 1
    data = data[:, None] if flat else data
    return Variable(data, Kind(VI, last_dim(data))), flat


def _variable(var: Any) -> Variable | None:
    return var._variables[0] if isinstance(var, Lazy) and is_variable(var.form) else None


def _place(matrix: Any, variable: Variable | None) -> int:
    for k, known in enumerate(matrix._variables):
        if variable is not None and known.data is variable.data and known.kind == variable.kind:
            return k
    raise TypeError("var is no variable of this matrix; write a Vi or Vj that it is made of.")


class Solved(NamedTuple):
    """A solver of a system, and its arguments."""

    call: Any  # a KernelSolve
    order: tuple[int, ...]  # of variables, as its arguments: the symbolic ones first
    symbolic: int


@functools.lru_cache(REMEMBERED)
def known_solver(
    solver: Callable[..., Any], system: tuple[int, int], options: tuple[tuple[str, Any], ...]
) -> Solved:
    """The solver of a system, a form and its unknown variable; made once for each."""
    form, unknown = system
    (formula,), aliases, order, symbolic, kinds, _ = layout_of((form,))
    name, axis = f"v{order.index(unknown)}", kinds[unknown].category
    solve = solver(Graph.text(formula), list(aliases), name, axis, **dict(options))
    return Solved(solve, order, symbolic)


@dataclass(eq=False)
class Solving:
    """A system that is solved when it is called, with the values of its symbolic variables."""

    system: Any  # a matrix
    unknown: int
    options: dict[str, Any]  # of the solver
    given: dict[str, Any]  # of its call
    flat: bool  # whether the right-hand side is one vector

    @property
    def symbolic(self) -> bool:
        """Whether a call has to give the values of variables."""
        symbolic: bool = self.system.symbolic
        return symbolic

    def __call__(self, *args: Any, **more: Any) -> Any:
        """Solve it."""
        variables = self.system._variables
        kinds = [v.kind for v in variables]
        options = tuple(self.options.items()) if self.options else ()
        # In a tuple, as Dynamo guards the sources of arguments, and a form's has no guard.
        solve, order, symbolic = self.system.solved((self.system.form, self.unknown), options)
        if len(args) != symbolic:
            raise TypeError(
                f"This system has {symbolic} symbolic variables, and {len(args)} were given."
            )
        data: Sequence[Any] = [*args, *(variables[k].data for k in order[symbolic:])]
        arrays, narrow, given = self.system.arrays, None, {**self.given, **more}
        start: Any = given.get("x0")
        if self.flat and len(getattr(start, "shape", ())) == 1:
            start = start[:, None]
        if any(kind.number for kind in kinds):
            data, narrow = arrays.alike(data, [kinds[k].number for k in order])
            if narrow is not None and start is not None:
                (start,), _ = arrays.alike([start], [False])
        found = solve(*data, **given if start is None else given | {"x0": start})
        full = hasattr(found, "iterations")
        solution = found.solution if full else found
        if narrow is not None:
            solution = arrays.narrowed(solution, narrow)
        solution = solution[..., 0] if self.flat else solution
        if not full:
            return solution
        residual = found.residual[..., 0, 0] if self.flat else found.residual
        return replace(found, solution=solution, residual=residual)

    def __repr__(self) -> str:
        axis = self.system._variables[self.unknown].kind.category
        return (
            f"the solution v{self.unknown} of the sum over {'ij'[axis]} of "
            f"{text_of(self.system.form)}"
        )
