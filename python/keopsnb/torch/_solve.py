"""Linear systems of kernels, for torch tensors."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import conjugate_gradients, position_of
from keopsnb.torch._genred import Genred


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

        def solve(b: Tensor, shift: Tensor | float, fixed: tuple[Tensor, ...], start: Any) -> Any:
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
        return _Implicit.apply(product, solve, k, x0, alpha, *args)  # type: ignore[no-untyped-call]


class _Implicit(torch.autograd.Function):
    """x = A^-1 b, for symmetric A: with g = A^-1 e, <e, dx> = <g, db - (dA) x>."""

    @staticmethod
    def forward(
        ctx: Any, product: Any, solve: Any, k: int, x0: Any, alpha: Any, *args: Tensor
    ) -> Tensor:
        x: Tensor = solve(args[k], alpha, args, x0).solution
        ctx.product, ctx.solve, ctx.k = product, solve, k
        ctx.alpha = None if isinstance(alpha, Tensor) else alpha
        ctx.save_for_backward(x, *args, *([alpha] if ctx.alpha is None else []))
        return x

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
