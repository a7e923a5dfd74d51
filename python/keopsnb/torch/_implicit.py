"""Solutions of linear systems as differentiable functions, by the implicit function theorem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keopsnb._boundary import boundary
from keopsnb._reduction import Reduction
from keopsnb.torch._autograd import pullback, pushforward
from keopsnb.torch._context import (
    in_forward_mode,
    is_traced,
    is_transformed,
    over_grads_batch,
)
from keopsnb.torch._operator import Place, batch_dims, with_batch_first


def as_column(alpha: Any) -> Any:
    """Alpha of one axis, which is one for each row, as (N, 1)."""
    return alpha[:, None] if isinstance(alpha, Tensor) and alpha.ndim == 1 else alpha


def _balanced(g: Tensor, x: Tensor) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor]]:
    """A value bilinear in g and x as that of two others, times two powers of two.

    Where a kernel is tiny or huge, g x may overflow or vanish though its product with the kernel
    does neither. Where that is not so, the powers are 1.
    """
    precise = torch.finfo(x.dtype).bits == 64
    with torch.no_grad():
        size = _exponent(g) + _exponent(x)
        beyond = size - size.clamp(*((-256, 256) if precise else (-32, 32)))
        half = (beyond / 2).floor()
        factors = torch.exp2(half).to(x.dtype), torch.exp2(beyond - half).to(x.dtype)
        inverses = torch.exp2(-half).to(x.dtype), torch.exp2(half - beyond).to(x.dtype)
    return g * inverses[0], x * inverses[1], factors


def _exponent(a: Tensor) -> Tensor:
    """That of the greatest entry; 0 if there is none but 0."""
    greatest = torch.nn.functional.pad(a.abs(), (0, 1) * a.ndim).amax()
    found = torch.log2(greatest.double()).floor()
    return torch.where(found.isfinite(), found, torch.zeros_like(found))


@dataclass(frozen=True)
class System:
    """A x = b, with A = (the Sum that is linear in argument k) + alpha Id."""

    reduction: Reduction
    place: Place
    k: int
    solve: Callable[[Tensor, Any, Sequence[Tensor], Any], Tensor]

    def solution(self, x0: Any, alpha: Any, args: Sequence[Tensor]) -> Tensor:
        """Its solution, differentiable, with the batch dimensions of b and alpha."""
        b = args[self.k]
        alpha = as_column(alpha)
        if isinstance(alpha, Tensor) and alpha.ndim > 0:
            shape = torch.broadcast_shapes(b.shape, alpha.shape)  # type: ignore[no-untyped-call]
            args = (*args[: self.k], b.expand(shape), *args[self.k + 1 :])
        if isinstance(alpha, Tensor):
            alpha = alpha.to(b)
        if isinstance(x0, Tensor):
            x0 = x0.detach()  # the solution does not depend on it
        if is_traced(args) and not is_transformed():
            return self.solve(args[self.k], alpha, args, x0)  # the operator has the rules
        x: Tensor = Implicit.apply(self, x0, alpha, *args)  # type: ignore[no-untyped-call]
        return x

    def again(self, b: Tensor, alpha: Any, args: Sequence[Tensor]) -> Tensor:
        """Its solution for another b, or for a batch of gradients."""
        args = (*args[: self.k], b, *args[self.k + 1 :])

        def call(whole: Sequence[Tensor], in_dims: Sequence[int | None]) -> Tensor:
            return self.batched(None, alpha, whole, (None, None, *in_dims))

        batch: Tensor | None = over_grads_batch(call, args)
        return self.solution(None, alpha, args) if batch is None else batch

    def gradients(
        self,
        x: Tensor,
        alpha: Any,
        args: tuple[Tensor, ...],
        e: Tensor,
        of_alpha: bool,
        needed: Sequence[bool],
    ) -> tuple[Tensor | None, list[Tensor | None]]:
        """Those of <e, x> in alpha, and in the arguments that need one."""
        k = self.k
        g = self.again(e, alpha, args)
        near_g, near_x, factors = _balanced(-g, x)
        among = (*args[:k], near_x, *args[k + 1 :])
        others = tuple(n and j != k for j, n in enumerate(needed))
        results = [
            None if r is None else r * factors[0] * factors[1]
            for r in pullback(self.reduction, self.place, others, among, near_g)
        ]
        results[k] = g.sum_to_size(args[k].shape) if needed[k] else None
        by_alpha = None
        if of_alpha:
            column = as_column(alpha).shape or (1,)
            by_alpha = (near_g * near_x).sum_to_size(column).reshape(alpha.shape)
            by_alpha = by_alpha * factors[0] * factors[1]
        return by_alpha, results

    def batched(
        self, x0: Any, alpha: Any, args: Sequence[Tensor], in_dims: Sequence[int | None]
    ) -> Tensor:
        """The solutions of a batch of systems, whose dimension is the first."""
        return self.solution(*self.batch_first(x0, alpha, args, in_dims))

    def batch_first(
        self, x0: Any, alpha: Any, args: Sequence[Tensor], in_dims: Sequence[int | None]
    ) -> tuple[Any, Any, list[Tensor]]:
        """x0, alpha and the arguments with the dimensions `in_dims` of them as their first."""
        of_x0, of_alpha, *of_args = in_dims
        k, reduction = self.k, self.reduction
        moved = with_batch_first(reduction, args, of_args)
        # The right-hand side gets all batch dimensions of the solution.
        counts = zip(moved, batch_dims(reduction, moved), strict=True)
        shapes = [a.shape[: max(0, n)] for a, n in counts]
        dims = zip(batch_dims(reduction, args), of_args, strict=True)
        most = max(0, *(d - (dim is not None) for d, dim in dims))
        batched = zip((x0, alpha, *args), in_dims, strict=True)
        size = next(a.shape[dim] for a, dim in batched if dim is not None)
        batch = torch.broadcast_shapes((size, *[1] * most), *shapes)  # type: ignore[no-untyped-call]
        moved[k] = moved[k].expand(*batch, *moved[k].shape[-2:])
        if of_alpha is not None:
            alpha = alpha.movedim(of_alpha, 0)
            alpha = alpha[..., None] if alpha.ndim == 2 else alpha
            alpha = alpha.reshape(size, *[1] * (moved[k].ndim - alpha.ndim), *alpha.shape[1:])
        if of_x0 is not None:
            x0 = x0.movedim(of_x0, 0)
            x0 = x0.reshape(size, *[1] * (moved[k].ndim - x0.ndim), *x0.shape[1:])
        return x0, alpha, moved


class Implicit(torch.autograd.Function):
    """x = A^-1 b, for symmetric A: dx = A^-1 (db - (dA) x), and <e, dx> = <A^-1 e, db - (dA) x>."""

    @staticmethod
    def forward(system: System, x0: Any, alpha: Any, *args: Tensor) -> Tensor:
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
    @boundary
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        system, x, alpha, args = _unpacked(ctx, ctx.saved_tensors)
        _, _, of_alpha, *needed = ctx.needs_input_grad
        if gradients[0] is None:
            return (None,) * (3 + len(args))
        by_alpha, by_args = system.gradients(x, alpha, args, gradients[0], of_alpha, needed)
        return None, None, by_alpha, *by_args

    @staticmethod
    @boundary
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
        info: Any,  # noqa: ARG004
        in_dims: tuple[int | None, ...],
        system: System,
        x0: Any,
        alpha: Any,
        *args: Any,
    ) -> tuple[Tensor, int]:
        return system.batched(x0, alpha, args, in_dims[1:]), 0


def _unpacked(ctx: Any, saved: Sequence[Tensor]) -> tuple[System, Tensor, Any, tuple[Tensor, ...]]:
    """The system, its solution, alpha and the arguments."""
    x, *args = saved
    alpha = args.pop() if ctx.alpha is None else ctx.alpha
    return ctx.system, x, alpha, tuple(args)
