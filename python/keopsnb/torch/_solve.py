"""Linear systems of kernels, for torch tensors."""

import functools
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from keopsnb._conjugate import Limits, Solution, conjugate_gradients
from keopsnb._gradients import Reduction
from keopsnb._lazy.variables import constant_in_graphs
from keopsnb._options import header_text
from keopsnb._solve import DEFAULT_ALPHA, STOP, Solver
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb.torch._autograd import reduce
from keopsnb.torch._genred import Genred
from keopsnb.torch._implicit import System
from keopsnb.torch._operator import LIBRARY, place_of


class KernelSolve(Solver):
    __doc__ = Solver.__doc__

    xp: ClassVar[Any] = torch
    genred: ClassVar[Callable[..., Any]] = Genred

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        dtype_acc: str = "auto",
        use_double_acc: bool = False,
        sum_scheme: str = "auto",
        enable_chunks: bool = True,
        rec_multVar_highdim: object = None,  # noqa: ARG002
        dtype: object = None,
        cuda_type: object = None,
        use_fast_math: bool = False,
        header: Any = None,
    ) -> None:
        self._prepare(
            formula,
            aliases,
            varinvalias,
            axis,
            dtype_acc=dtype_acc,
            use_double_acc=use_double_acc,
            sum_scheme=sum_scheme,
            enable_chunks=enable_chunks,
            dtype=dtype,
            cuda_type=cuda_type,
            use_fast_math=use_fast_math,
            header=header,
        )
        # What `solver_of` makes an equal one of.
        options = {
            "dtype_acc": dtype_acc,
            "use_double_acc": use_double_acc,
            "sum_scheme": sum_scheme,
            "use_fast_math": use_fast_math,
            "header": header_text(header) or None,
        }
        self._key = json.dumps([formula, list(aliases), varinvalias, axis, options])

    def _in_graph(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if not torch.compiler.is_compiling():
            return None
        return solve_in_graph(self._key, *args, **options)

    def _solve(
        self,
        args: tuple[Any, ...],
        place: dict[str, Any],
        alpha: Any,
        limits: Limits,
        x0: Any,
        precondition: Callable[[Any], Any] | None,
    ) -> Solution:
        k = self._position
        first: list[Solution] = []

        def product(*rest: Tensor) -> Any:
            return self._sum(*rest, **place)

        def solve(b: Tensor, shift: Tensor | float, fixed: Sequence[Tensor], start: Any) -> Any:
            found = conjugate_gradients(
                torch,
                lambda x: product(*fixed[:k], x, *fixed[k + 1 :]) + shift * x,
                b,
                # Gradients are solved for in silence.
                replace(limits, callback=None, residual=False) if first else limits,
                start,
                precondition,
            )
            first.append(replace(found, solution=None))  # which would refer to itself in a graph
            return found.solution

        x = self.system(args, place, solve).solution(x0, alpha, args)
        found = first[0]
        return Solution(x, found.iterations, found.residual, found.converged)

    def system(self, args: Sequence[Tensor], place: dict[str, Any], solve: Any) -> System:
        """The system of a call, with the function that solves it."""
        return System(self._sum._reduction, place_of(args, **place), self._position, solve)

    def _named(
        self,
        name: str,
        rank: int | None,
        args: tuple[Any, ...],
        alpha: float,
        place: dict[str, Any],
    ) -> Callable[[Any], Any]:
        shift = alpha.detach() if isinstance(alpha, Tensor) else alpha
        with torch.no_grad():
            return super()._named(name, rank, tuple(a.detach() for a in args), shift, place)

    def _call_rowwise(self, reduction: Reduction, args: tuple[Any, ...], place: Any) -> Any:
        return reduce(reduction, args, None, place_of(args, **(place | {"ranges": None})))

    def _like(self, values: Any, b: Any) -> Any:
        return torch.from_numpy(values).to(b.device)

    def _cast(self, values: Any, dtype: Any) -> Any:
        return values.to(dtype)


# ---- In graphs: an operator, as the number of steps depends on numbers that are not there yet ----


@functools.lru_cache(4096)
def solver_of(key: str) -> KernelSolve:
    """The solver with this key."""
    formula, aliases, unknown, axis, options = json.loads(key)
    return KernelSolve(formula, aliases, unknown, axis, **options)


LIBRARY.define(  # type: ignore[no-untyped-call]
    "solve(str solver, Tensor[] args, Tensor[] ranges, str backend, int device_id, Tensor alpha, "
    "Tensor? x0, float eps, int? max_iterations, str? preconditioner, int? rank) -> Tensor"
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
    eps: float,
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
        shift = torch.as_tensor(shift, dtype=torch.float64, device=b.device)
        where = (system.place.tensors(), place["backend"], place["device_id"])
        found: Tensor = torch.ops.keopsnb.solve(key, at, *where, shift, start, *stop)
        return found

    system = solver_of(key).system(args, place, solve)
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


torch.library.register_autograd("keopsnb::solve", _backward, setup_context=_context)


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
    args = solver_of(key)._checked(args)
    return _system(key, args, place, stop).solution(x0, alpha, args)


@constant_in_graphs
def _admit() -> bool:
    """Tell Dynamo, as it comes here, that `solve_by_key` may stand in its graphs."""
    torch.compiler.allow_in_graph(solve_by_key)  # type: ignore[no-untyped-call]
    return True


def solve_in_graph(
    key: str,
    *args: Tensor,
    backend: str = "auto",
    device_id: int = -1,
    ranges: Sequence[Any] | None = None,
    alpha: Any = DEFAULT_ALPHA,
    x0: Tensor | None = None,
    **stop: Any,
) -> Tensor:
    """What `KernelSolve.__call__` is while a graph is made; `stop` are the names of `STOP`."""
    _admit()
    for name in stop:
        if name not in STOP or callable(stop[name]):
            raise TypeError(
                f"A solution has no option {name} in the graphs of torch.compile, if it is a "
                "function or what is returned of the steps; leave it out, or solve outside."
            )
    values = tuple(stop.get(name, default) for name, default in STOP.items())
    return solve_by_key(key, backend, device_id, ranges, alpha, x0, values, *args)
