"""Linear systems of kernels, for torch tensors."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from keopsnb._conjugate import Limits, Solution, conjugate_gradients
from keopsnb._gradients import Reduction
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import Solver
from keopsnb.torch._genred import Genred


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

        def solve(b: Tensor, shift: Tensor | float, fixed: tuple[Tensor, ...], start: Any) -> Any:
            found = conjugate_gradients(
                torch,
                lambda x: product(*fixed[:k], x, *fixed[k + 1 :]) + shift * x,
                b,
                # Gradients are solved for in silence.
                replace(limits, callback=None, residual=False) if first else limits,
                start,
                precondition,
            )
            first.append(found)
            return found.solution

        x = _Implicit.apply(product, solve, k, x0, alpha, *args)  # type: ignore[no-untyped-call]
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
        return reduction.routine.call_torch(args, None, place["backend"], place["device_id"], None)

    def _like(self, values: Any, b: Any) -> Any:
        return torch.from_numpy(values).to(b.device)

    def _cast(self, values: Any, dtype: Any) -> Any:
        return values.to(dtype)


class _Implicit(torch.autograd.Function):
    """x = A^-1 b, for symmetric A: with g = A^-1 e, <e, dx> = <g, db - (dA) x>."""

    @staticmethod
    def forward(product: Any, solve: Any, k: int, x0: Any, alpha: Any, *args: Tensor) -> Tensor:  # noqa: ARG004
        x: Tensor = solve(args[k], alpha, args, x0)
        return x

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        ctx.product, ctx.solve, ctx.k, _, alpha, *args = inputs
        ctx.alpha = None if isinstance(alpha, Tensor) else alpha
        ctx.save_for_backward(output, *args, *([alpha] if ctx.alpha is None else []))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Any, ...]:
        k, (x, *args) = ctx.k, ctx.saved_tensors
        alpha = args.pop() if ctx.alpha is None else ctx.alpha
        g = _Implicit.apply(  # type: ignore[no-untyped-call]
            ctx.product, ctx.solve, k, None, alpha, *args[:k], gradients[0], *args[k + 1 :]
        )
        results: list[Tensor | None] = [None] * len(args)
        needed = [n for n in range(len(args)) if n != k and ctx.needs_input_grad[5 + n]]
        if needed:
            again = torch.is_grad_enabled()
            with torch.enable_grad():
                # New nodes, so that the partial derivative leaves out how x depends on them.
                aliased = [a.view_as(a) if n in needed else a for n, a in enumerate(args)]
                if not again:
                    aliased = [a.detach().requires_grad_(n in needed) for n, a in enumerate(args)]
                value = ctx.product(*aliased[:k], x if again else x.detach(), *aliased[k + 1 :])
                partial = torch.autograd.grad(
                    value, [aliased[n] for n in needed], -g, create_graph=again
                )
            for n, gradient in zip(needed, partial, strict=True):
                results[n] = gradient
        results[k] = g if ctx.needs_input_grad[5 + k] else None
        by_alpha = -(g * x).sum().reshape(alpha.shape) if ctx.needs_input_grad[4] else None
        return None, None, None, None, by_alpha, *results
