"""A linear system as an operator of torch, `torch.ops.keopsnb.solve`, for graphs and tracers.

The number of its steps depends on numbers that are not there while a graph is made. Its arguments
are tensors and text: the key, from which any process makes the solver again.
"""

import functools
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor

from keopsnb._lazy.variables import constant_in_graphs
from keopsnb._solve import DEFAULT_ALPHA, STOP
from keopsnb._solve_checks import by_rows, refuse_names
from keopsnb.torch._graph import admission
from keopsnb.torch._implicit import System
from keopsnb.torch._operator import LIBRARY

# Options about the steps of a solution.
WATCHED = ("callback", "progress", "full")


Solver = TypeVar("Solver", bound=Callable[..., Any])
_made_by: list[Callable[..., Any]] = []


def makes_solvers(kind: Solver) -> Solver:
    """The class whose instances keys stand for."""
    _made_by.append(kind)
    return kind


@functools.lru_cache(4096)
def solver_of(key: str) -> Any:
    """The solver with this key."""
    formula, aliases, unknown, axis, options = json.loads(key)
    return _made_by[0](formula, aliases, unknown, axis, **options)


LIBRARY.define(  # type: ignore[no-untyped-call]
    "solve(str solver, Tensor[] args, Tensor[] ranges, str backend, int device_id, Tensor alpha, "
    "Tensor? x0, float? eps, int? max_iterations, str? preconditioner, int? rank) -> Tensor"
)


@torch.library.impl(LIBRARY, "solve", "CompositeExplicitAutograd")
def _solution(
    solver: str,
    args: list[Tensor],
    ranges: list[Tensor],
    backend: str,
    device_id: int,
    alpha: Tensor,
    x0: Tensor | None,
    eps: float | None,
    max_iterations: int | None,
    preconditioner: str | None,
    rank: int | None,
) -> Tensor:
    found: Tensor = solver_of(solver)(
        *args,
        backend=backend,
        device_id=device_id,
        ranges=ranges or None,
        alpha=alpha,
        x0=x0,
        eps=eps,
        max_iterations=max_iterations,
        preconditioner=preconditioner,
        rank=rank,
    )
    return found


@torch.library.register_fake("keopsnb::solve", lib=LIBRARY)  # type: ignore[untyped-decorator]
def _shape(solver: str, args: list[Tensor], *_: Any) -> Tensor:
    return torch.empty_like(
        args[solver_of(solver)._position], memory_format=torch.contiguous_format
    )


def _system(key: str, args: Sequence[Tensor], place: dict[str, Any], stop: Sequence[Any]) -> System:
    """The system of a call, solved by the operator."""

    def solve(b: Tensor, shift: Any, fixed: Sequence[Tensor], start: Tensor | None) -> Tensor:
        at = [*fixed[: system.k], b, *fixed[system.k + 1 :]]
        shift = torch.as_tensor(shift, dtype=b.dtype, device=b.device)
        where = (system.place.tensors(), place["backend"], place["device_id"])
        found: Tensor = torch.ops.keopsnb.solve(key, at, *where, shift, start, *stop)
        return found

    system: System = solver_of(key).system(args, place, solve)
    return system


def _context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.key, args, ranges, backend, device_id, alpha, _, *ctx.stop = inputs
    ctx.place, ctx.count = {"backend": backend, "device_id": device_id}, len(args)
    ctx.save_for_backward(output, alpha, *args, *ranges)


def _backward(ctx: Any, e: Tensor) -> tuple[Any, ...]:
    x, alpha, *saved = ctx.saved_tensors
    args, ranges = tuple(saved[: ctx.count]), saved[ctx.count :]
    system = _system(ctx.key, args, ctx.place | {"ranges": ranges or None}, ctx.stop)
    _, needed, _, _, _, of_alpha, *_ = ctx.needs_input_grad
    by_alpha, by_args = system.gradients(x, alpha, args, e, of_alpha, needed)
    return None, by_args, [None] * len(ranges), None, None, by_alpha, *[None] * (1 + len(ctx.stop))


def _vmap(
    info: Any,  # noqa: ARG001
    in_dims: tuple[Any, ...],
    key: str,
    args: list[Tensor],
    ranges: list[Tensor],
    backend: str,
    device_id: int,
    alpha: Tensor,
    x0: Tensor | None,
    *stop: Any,
) -> tuple[Tensor, int]:
    _, of_args, _, _, _, of_alpha, of_x0, *_ = in_dims
    place = {"backend": backend, "device_id": device_id, "ranges": ranges or None}
    system = _system(key, args, place, stop)
    x0, alpha, moved = system.batch_first(x0, alpha, args, (of_x0, of_alpha, *of_args))
    where = (ranges, backend, device_id)
    return torch.ops.keopsnb.solve(key, moved, *where, alpha, x0, *stop), 0


torch.library.register_autograd("keopsnb::solve", _backward, setup_context=_context)
torch.library.register_vmap("keopsnb::solve", _vmap)


def solve_by_key(
    key: str,
    backend: str,
    device_id: int,
    ranges: Sequence[Any] | None,
    alpha: Any,
    x0: Tensor | None,
    stop: tuple[Any, ...],
    *args: Tensor,
) -> Tensor:
    """The solution of the solver that has this key; it stands in graphs."""
    place = {"backend": backend, "device_id": device_id, "ranges": ranges}
    solver = solver_of(key)
    if args[solver._position].is_complex():
        real, args, x0 = solver.by_parts(args, x0, place)
        found = solve_by_key(real._key, backend, device_id, ranges, alpha, x0, stop, *args)
        return solver.as_complex(found)  # type: ignore[no-any-return]
    args = solver._checked(args)
    if isinstance(alpha, Tensor):
        alpha = by_rows(alpha, args[solver._position])
    return _system(key, args, place, stop).solution(x0, alpha, args)


_admit = admission(solve_by_key)


def solve_traced(
    key: str,
    *args: Tensor,
    backend: str = "auto",
    device_id: int = -1,
    ranges: Sequence[Any] | None = None,
    alpha: Any = DEFAULT_ALPHA,
    x0: Tensor | None = None,
    **options: Any,
) -> Tensor:
    """`KernelSolve.__call__` for a tracer: a node with what it would compute."""
    refuse_names([n for n in options if n not in STOP and n not in WATCHED])
    name = _of_steps(options)
    if name:
        raise TypeError(
            f"{name} needs the steps of a solution, and a tracer takes none; leave it out."
        )
    stop = tuple([options.get(name, default) for name, default in STOP.items()])
    return solve_by_key(key, backend, device_id, ranges, alpha, x0, stop, *args)


def _solve_outside(key: str, *args: Tensor, **options: Any) -> Any:
    return solver_of(key)(*args, **options)


@constant_in_graphs
def _exclude() -> bool:
    """Tell Dynamo, as it comes here, that it is not to read solutions outside of graphs."""
    global _solve_outside
    if not hasattr(_solve_outside, "_torchdynamo_disable"):
        _solve_outside = torch.compiler.disable(  # type: ignore[no-untyped-call]
            _solve_outside,
            reason="keopsnb: callback, progress, full=True and functions as preconditioner are for "
            "solutions outside of graphs",
        )
    return True


def solve_in_graph(key: str, *args: Tensor, **options: Any) -> Any:
    """`KernelSolve.__call__` while Dynamo makes a graph."""
    if _of_steps(options):
        _exclude()
        return _solve_outside(key, *args, **options)
    _admit()
    return solve_traced(key, *args, **options)


def _of_steps(options: dict[str, Any]) -> str:
    """An option that is about steps, which nobody takes while a graph is made; "" if none is."""
    for name in WATCHED:
        if options.get(name):
            return name
    return "A function as preconditioner" if callable(options.get("preconditioner")) else ""
