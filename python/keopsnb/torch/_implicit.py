"""Solutions of linear systems as differentiable functions, by the implicit function theorem."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from keopsnb._boundary import boundary
from keopsnb._reduction import Reduction
from keopsnb.torch._autograd import pullback, pushforward
from keopsnb.torch._complex import as_complex, parts
from keopsnb.torch._context import (
    in_forward_mode,
    is_traced,
    is_transformed,
    over_grads_batch,
)
from keopsnb.torch._operator import Place, batch_dims, with_batch_first


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


def _parts(x: Tensor) -> Any:
    return parts(x) if x.is_complex() else x


def _exponent(a: Tensor) -> Tensor:
    """That of the greatest entry; 0 if there is none but 0."""
    greatest = torch.nn.functional.pad(a.abs(), (0, 1) * a.ndim).amax()
    found = torch.log2(greatest.double()).floor()
    return torch.where(found.isfinite(), found, torch.zeros_like(found))


@dataclass(frozen=True)
class System:
    """A x = b, with A = (the Sum that is linear in argument k) + alpha Id.

    Of a complex b the reduction is that of real and imaginary parts in turn, which A does not mix.
    """

    reduction: Reduction
    place: Place
    k: int
    solve: Callable[[Tensor, Tensor, Sequence[Tensor], Any], Tensor]  # b, alpha, args, x0

    def among(self, args: Sequence[Tensor], x: Any) -> tuple[Any, ...]:
        """The arguments with x for the unknown."""
        return (*args[: self.k], x, *args[self.k + 1 :])

    def solution(self, x0: Any, alpha: Any, args: Sequence[Tensor]) -> Tensor:
        """Its solution, differentiable; b has all batch dimensions."""
        if not isinstance(alpha, Tensor):
            alpha = torch.as_tensor(alpha, dtype=torch.float64)
        if isinstance(x0, Tensor):
            x0 = x0.detach()  # the solution does not depend on it
        if is_traced(args) and not is_transformed():
            return self.solve(args[self.k], alpha, args, x0)  # the operator has the rules
        x: Tensor = Implicit.apply(self, x0, alpha, *args)  # type: ignore[no-untyped-call]
        return x

    def again(self, b: Tensor, alpha: Tensor, args: Sequence[Tensor]) -> Tensor:
        """Its solution for another b, or for a batch of gradients."""
        args = self.among(args, b)

        def call(whole: Sequence[Tensor], in_dims: Sequence[int | None]) -> Tensor:
            return self.solution(*self.batch_first(None, alpha, whole, (None, None, *in_dims)))

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
        g = self.again(e, alpha, args)
        near_g, near_x, factors = _balanced(_parts(-g), _parts(x))
        others = tuple(n and j != self.k for j, n in enumerate(needed))
        results = [
            None if r is None else r * factors[0] * factors[1]
            for r in pullback(self.reduction, self.place, others, self.among(args, near_x), near_g)
        ]
        results[self.k] = g if needed[self.k] else None
        by_alpha = None
        if of_alpha:
            by_alpha = (near_g * near_x).sum_to_size(alpha.shape or (1,)).reshape(alpha.shape)
            by_alpha = by_alpha * factors[0] * factors[1]
        return by_alpha, results

    def batch_first(
        self, x0: Any, alpha: Tensor, args: Sequence[Tensor], in_dims: Sequence[int | None]
    ) -> tuple[Any, Tensor, list[Tensor]]:
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

        def first(a: Any, dim: int | None) -> Any:
            if dim is None:
                return a
            a = a.movedim(dim, 0)
            return a.reshape(size, *[1] * (moved[k].ndim - a.ndim), *a.shape[1:])

        return first(x0, of_x0), first(alpha, of_alpha), moved


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
        ctx.save_for_backward(output, alpha, *args)
        ctx.save_for_forward(output, alpha, *args)

    @staticmethod
    @boundary
    def backward(ctx: Any, *gradients: Tensor | None) -> tuple[Any, ...]:
        x, alpha, *args = ctx.saved_tensors
        _, _, of_alpha, *needed = ctx.needs_input_grad
        if gradients[0] is None:
            return (None,) * (3 + len(args))
        by_alpha, by_args = ctx.system.gradients(x, alpha, args, gradients[0], of_alpha, needed)
        return None, None, by_alpha, *by_args

    @staticmethod
    @boundary
    def jvp(ctx: Any, *tangents: Any) -> Tensor:
        with in_forward_mode(ctx.saved_tensors) as saved:
            system: System = ctx.system
            (x, alpha, *args), (_, _, of_alpha, *along) = saved, tangents
            others = list(system.among(along, None))
            terms = [] if along[system.k] is None else [along[system.k]]
            if any(t is not None for t in others):
                among = system.among(args, _parts(x))
                term = pushforward(system.reduction, system.place, among, others)
                terms.append(-(as_complex(term) if x.is_complex() else term))
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
        return system.solution(*system.batch_first(x0, alpha, args, in_dims[1:])), 0
