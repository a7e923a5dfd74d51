"""Linear systems of kernels, for torch tensors."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keopsnb._gradients import Reduction
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import conjugate_gradients, position_of
from keopsnb.torch._autograd import pullback, pushforward
from keopsnb.torch._context import in_forward_mode
from keopsnb.torch._genred import Genred
from keopsnb.torch._operator import Place, batch_dims, place_of, with_batch_first


class KernelSolve:
    """Solves `Sum_Reduction(formula) + alpha Id` for a variable that the formula is linear in.

    Args:
        formula: a symmetric positive definite kernel times the variable, as `Genred` takes it.
        aliases: the variables, in the order of the call's arguments.
        varinvalias: the variable to solve for: its name, or `"Var(i,d,c)"`.
        axis: the index summed over: 1 is j, 0 is i.
        options: options of `Genred`.

    Raises:
        ValueError: if `varinvalias` is no variable indexed by what is summed over.
    """

    def __init__(
        self,
        formula: str,
        aliases: Sequence[str],
        varinvalias: str,
        axis: int = 0,
        **options: Any,
    ) -> None:
        self._sum = Genred(formula, aliases, "Sum", axis, **options)
        self._position = position_of(varinvalias, self._sum._reduction.routine.variables, axis)

    def __call__(
        self,
        *args: Any,
        backend: str = "auto",
        device_id: int = -1,
        alpha: float | Tensor = 1e-10,
        eps: float = 1e-6,
        ranges: Sequence[Any] | None = None,
        max_iterations: int | None = None,
        x0: Any = None,
        preconditioner: Callable[[Any], Any] | None = None,
        callback: Callable[[int, Any], None] | None = None,
        full: bool = False,
    ) -> Any:
        """Solve; differentiable to any order, in `alpha` too if it is a scalar tensor.

        The argument of the variable is the right-hand side.

        Args:
            args: as for `Genred`.
            backend: as for `Genred`.
            device_id: as for `Genred`.
            ranges: as for `Genred`.
            alpha: what is added to the diagonal.
            eps: each column stops at `|b - A x| <= eps |b|`.
            max_iterations: the most steps; by default 10 N + 100.
            x0: where to start, by default at 0.
            preconditioner: a function that applies an approximate inverse to (N, D).
            callback: called with the number of each step and the residuals.
            full: whether to return a `Solution`, with iterations and residuals;
                it has no gradient.

        Raises:
            ConvergenceError: if the system was not solved.
        """
        k = self._position
        if len(args) <= k:
            raise TypeError(f"{len(args)} arguments were given; the right-hand side is number {k}.")

        def product(*rest: Tensor) -> Any:
            return self._sum(*rest, backend=backend, device_id=device_id, ranges=ranges)

        def solve(b: Tensor, shift: Tensor | float, fixed: Sequence[Tensor], start: Any) -> Any:
            return conjugate_gradients(
                torch,
                lambda x: product(*fixed[:k], x, *fixed[k + 1 :]) + shift * x,
                b,
                eps=eps,
                max_iterations=max_iterations,
                x0=start,
                preconditioner=preconditioner,
                callback=callback if start is x0 else None,
            )

        if full:
            with torch.no_grad():
                return solve(args[k], alpha, args, x0)
        place = place_of(args, backend, device_id, ranges)
        system = _System(self._sum._reduction, place, k, solve)
        return _Implicit.apply(system, x0, alpha, *args)  # type: ignore[no-untyped-call]


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
        x: Tensor = system.solve(args[system.k], alpha, args, x0).solution
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
