"""Linear systems of kernels, for torch tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from keopsnb._conjugate import Limits, Solution, conjugate_gradients
from keopsnb._gradients import Reduction
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import Solver
from keopsnb.torch._autograd import pullback, pushforward, reduce
from keopsnb.torch._context import in_forward_mode
from keopsnb.torch._genred import Genred
from keopsnb.torch._operator import Place, batch_dims, place_of, with_batch_first


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

        system = _System(self._sum._reduction, place_of(args, **place), k, solve)
        x = _Implicit.apply(system, x0, alpha, *args)  # type: ignore[no-untyped-call]
        found = first[0]
        return Solution(x, found.iterations, found.residual, found.converged)

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


@dataclass(frozen=True)
class _System:
    """A x = b, with A = (the Sum that is linear in argument k) + alpha Id."""

    reduction: Reduction
    place: Place
    k: int
    solve: Callable[[Tensor, Any, Sequence[Tensor], Any], Any]

    def again(self, b: Tensor, alpha: Any, args: Sequence[Tensor]) -> Tensor:
        """Its solution for another b, differentiable."""
        args = (*args[: self.k], b, *args[self.k + 1 :])
        x: Tensor = _Implicit.apply(self, None, alpha, *args)  # type: ignore[no-untyped-call]
        return x


class _Implicit(torch.autograd.Function):
    """x = A^-1 b, for symmetric A: dx = A^-1 (db - (dA) x), and <e, dx> = <A^-1 e, db - (dA) x>."""

    @staticmethod
    def forward(system: _System, x0: Any, alpha: Any, *args: Tensor) -> Tensor:
        x: Tensor = system.solve(args[system.k], alpha, args, x0)
        return x

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.system, _, alpha, *args = inputs
        ctx.set_materialize_grads(False)
        ctx.alpha = None if isinstance(alpha, Tensor) else alpha
        saved = (output, *args, *([alpha] if ctx.alpha is None else []))
        ctx.save_for_backward(*saved)
        ctx.save_for_forward(*saved)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        system, x, alpha, args = _unpacked(ctx, ctx.saved_tensors)
        k, (_, _, of_alpha, *needed) = system.k, ctx.needs_input_grad
        if gradients[0] is None:
            return (None,) * (3 + len(args))
        g = system.again(gradients[0], alpha, args)
        among = (*args[:k], x, *args[k + 1 :])
        others = tuple(n and j != k for j, n in enumerate(needed))
        results = pullback(system.reduction, system.place, others, among, -g)
        results[k] = g.sum_to_size(args[k].shape) if needed[k] else None
        by_alpha = None
        if of_alpha:
            by_alpha = -(g * x).sum_to_size(alpha.shape or (1,)).reshape(alpha.shape)
        return None, None, by_alpha, *results

    @staticmethod
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        with in_forward_mode(ctx.saved_tensors) as saved:
            system, x, alpha, args = _unpacked(ctx, saved)
            k, (_, _, of_alpha, *along) = system.k, tangents
            among = (*args[:k], x, *args[k + 1 :])
            others = [None if j == k else t for j, t in enumerate(along)]
            terms = [] if along[k] is None else [along[k]]
            if any(t is not None for t in others):
                terms.append(-pushforward(system.reduction, system.place, among, others))
            if of_alpha is not None:
                terms.append(-of_alpha * x)
            return system.again(sum(terms[1:], terms[0]), alpha, args)

    @staticmethod
    def vmap(
        info: Any, in_dims: tuple[int | None, ...], system: _System, x0: Any, alpha: Any, *args: Any
    ) -> tuple[Tensor, int]:
        _, of_x0, of_alpha, *of_args = in_dims
        k, size = system.k, info.batch_size
        moved = with_batch_first(system.reduction, args, of_args)
        # The right-hand side gets all batch dimensions of the solution.
        dims = zip(batch_dims(system.reduction, args), of_args, strict=True)
        most = max(0, *(d - (dim is not None) for d, dim in dims))
        counts = zip(moved, batch_dims(system.reduction, moved), strict=True)
        batch = torch.broadcast_shapes(  # type: ignore[no-untyped-call]
            (size, *[1] * most), *(a.shape[: max(0, n)] for a, n in counts)
        )
        moved[k] = moved[k].expand(*batch, *moved[k].shape[-2:])
        if of_alpha is not None:
            alpha = alpha.movedim(of_alpha, 0).reshape(size, *[1] * (moved[k].ndim - 1))
        if of_x0 is not None:
            x0 = x0.movedim(of_x0, 0)
            x0 = x0.reshape(size, *[1] * (moved[k].ndim - x0.ndim), *x0.shape[1:])
        return _Implicit.apply(system, x0, alpha, *moved), 0  # type: ignore[no-untyped-call]


def _unpacked(ctx: Any, saved: Sequence[Tensor]) -> tuple[_System, Tensor, Any, tuple[Tensor, ...]]:
    """The system, its solution, alpha and the arguments."""
    x, *args = saved
    alpha = args.pop() if ctx.alpha is None else ctx.alpha
    return ctx.system, x, alpha, tuple(args)
