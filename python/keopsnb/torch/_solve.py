"""Linear systems of kernels, for torch tensors.

The number of steps depends on numbers that are not there while a graph is made. What graphs and
tracers hold of a system is an operator of torch, `torch.ops.keopsnb.solve`. Its arguments are
tensors and text: the key, from which any process makes the solver again.
"""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor

from keopsnb._lazy.variables import constant_in_graphs
from keopsnb._reduction import Reduction, key_of, reduction_of
from keopsnb._solve import DEFAULT_ALPHA, STOP, Solver, made
from keopsnb._solve import AccuracyWarning as AccuracyWarning
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve_checks import refuse_names
from keopsnb.torch._autograd import reduce
from keopsnb.torch._complex import as_complex, parts
from keopsnb.torch._context import as_autocast, is_traced
from keopsnb.torch._genred import Genred
from keopsnb.torch._graph import admission
from keopsnb.torch._implicit import System
from keopsnb.torch._operator import LIBRARY, Place, place_of


class KernelSolve(Solver):
    __doc__ = Solver.__doc__

    xp: ClassVar[Any] = torch
    array: ClassVar[Any] = Tensor
    genred = Genred
    options = (
        "dtype_acc use_double_acc sum_scheme enable_chunks rec_multVar_highdim dtype cuda_type "
        "use_fast_math header"
    )
    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)

    def _make(self, reduction: Reduction, position: int) -> None:
        super()._make(reduction, position)
        self._key = f"{position} {key_of(reduction)}"

    def _cast(self, values: Any, dtype: Any) -> Any:
        return values.to(dtype)

    def _beside(self, values: Any, b: Any) -> Any:
        return torch.from_numpy(values).to(b.device)

    def _place(self, args: Any, backend: str, device_id: int, ranges: Any) -> Place:
        return place_of(args, backend, device_id, ranges)

    def _reduce(self, reduction: Reduction, args: tuple[Any, ...], place: Place) -> Any:
        return reduce(reduction, args, None, place)

    def _checked(self, args: tuple[Any, ...], *others: Any) -> Any:
        return super()._checked(as_autocast(args), *others)

    def _named(
        self, name: str, rank: int | None, args: tuple[Any, ...], alpha: Any, place: Place
    ) -> Callable[[Any], Any]:
        shift = alpha.detach() if isinstance(alpha, Tensor) else alpha
        try:
            with torch.no_grad():
                return super()._named(name, rank, tuple(a.detach() for a in args), shift, place)
        except RuntimeError as error:
            if "vmap" not in str(error):
                raise
            raise ValueError(
                f"preconditioner={name!r} depends on the numbers in its arguments, which vmap "
                "hides; give the arguments batch dimensions instead, or a function as the "
                "preconditioner."
            ) from error

    def _differentiable(
        self, solve: Callable[..., Any], args: tuple[Any, ...], alpha: Any, x0: Any, place: Place
    ) -> Any:
        return self.system(args, place, solve).solution(x0, alpha, args)

    def system(self, args: Sequence[Tensor], place: Place, solve: Callable[..., Any]) -> System:
        """The system of a call, with the function that solves it."""
        return System(self._reduction_for(args[self._position]), place, self._position, solve)

    def _in_graph(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if torch.compiler.is_compiling():
            return solve_in_graph(self._key, *args, **options)
        if all(isinstance(a, Tensor) for a in args) and is_traced(args):
            return solve_traced(self._key, *args, **options)
        return None


@functools.lru_cache(4096)
def solver_of(key: str) -> Any:
    """The solver with this key."""
    position, _, reduction = key.partition(" ")
    return made(KernelSolve, reduction_of(reduction), int(position))


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
    *stop: Any,
) -> Tensor:
    place = {"backend": backend, "device_id": device_id, "ranges": ranges or None}
    options = dict(zip(STOP, stop, strict=True))
    found: Tensor = solver_of(solver)(*args, alpha=alpha, x0=x0, **place, **options)
    return found


@torch.library.register_fake("keopsnb::solve", lib=LIBRARY)  # type: ignore[untyped-decorator]
def _shape(solver: str, args: list[Tensor], *_: Any) -> Tensor:
    b = args[solver_of(solver)._position]
    return torch.empty_like(b, memory_format=torch.contiguous_format)


def _system(key: str, args: Sequence[Tensor], place: Sequence[Any], stop: Sequence[Any]) -> System:
    """The system of a call, solved by the operator; a place is ranges, backend and device."""
    ranges, backend, device_id = place

    def solve(b: Tensor, alpha: Tensor, args: Sequence[Tensor], x0: Tensor | None) -> Tensor:
        among, where = system.among(args, b), system.place.tensors()
        found: Tensor = torch.ops.keopsnb.solve(
            key, list(among), where, backend, device_id, alpha, x0, *stop
        )
        return found

    at = place_of(args, backend, device_id, ranges or None)
    system: System = solver_of(key).system(args, at, solve)
    return system


def _context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.key, args, ranges, *ctx.device, alpha, _, eps, steps, inverse, rank = inputs
    ctx.stop, ctx.count = (eps, steps, inverse, rank), len(args)
    ctx.save_for_backward(output, alpha, *args, *ranges)


def _backward(ctx: Any, e: Tensor) -> tuple[Any, ...]:
    x, alpha, *saved = ctx.saved_tensors
    args, ranges = tuple(saved[: ctx.count]), saved[ctx.count :]
    system = _system(ctx.key, args, (ranges, *ctx.device), ctx.stop)
    _, needed, _, _, _, of_alpha, *_ = ctx.needs_input_grad
    by_alpha, by_args = system.gradients(x, alpha, args, e, of_alpha, needed)
    return None, by_args, [None] * len(ranges), None, None, by_alpha, *[None] * (1 + len(ctx.stop))


def _vmap(info: Any, in_dims: tuple[Any, ...], key: str, *inputs: Any) -> tuple[Tensor, int]:  # noqa: ARG001
    args, *place, alpha, x0, eps, steps, inverse, rank = inputs
    _, of_args, _, _, _, of_alpha, of_x0, *_ = in_dims
    stop = (eps, steps, inverse, rank)
    system = _system(key, args, place, stop)
    x0, alpha, moved = system.batch_first(x0, alpha, args, (of_x0, of_alpha, *of_args))
    return torch.ops.keopsnb.solve(key, moved, *place, alpha, x0, *stop), 0


torch.library.register_autograd("keopsnb::solve", _backward, setup_context=_context)
torch.library.register_vmap("keopsnb::solve", _vmap)


def solve_by_key(
    key: str, place: dict[str, Any], alpha: Any, x0: Any, stop: tuple[Any, ...], *args: Tensor
) -> Tensor:
    """The solution of the solver that has this key; it stands in graphs."""
    args, alpha, x0 = solver_of(key)._checked(args, alpha, x0, place)
    where = (place["ranges"], place["backend"], place["device_id"])
    return _system(key, args, where, stop).solution(x0, alpha, args)


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
    place = {"backend": backend, "device_id": device_id, "ranges": ranges}
    return solve_by_key(key, place, alpha, x0, stop, *args)


# Options about the steps of a solution.
WATCHED = ("callback", "progress", "full")


def _of_steps(options: dict[str, Any]) -> str:
    """An option that is about steps, which nobody takes while a graph is made; "" if none is."""
    for name in WATCHED:
        if options.get(name):
            return name
    return "A function as preconditioner" if callable(options.get("preconditioner")) else ""


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
