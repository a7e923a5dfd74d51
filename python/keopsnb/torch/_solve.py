"""Linear systems of kernels, for torch tensors."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from keopsnb._boundary import boundary
from keopsnb._conjugate import Limits, conjugate_gradients
from keopsnb._options import header_text
from keopsnb._reduction import Reduction
from keopsnb._solve import AccuracyWarning as AccuracyWarning
from keopsnb._solve import ConvergenceError as ConvergenceError
from keopsnb._solve import Solution, Solver
from keopsnb.torch._autograd import reduce
from keopsnb.torch._complex import as_complex, parts
from keopsnb.torch._context import as_autocast, is_traced
from keopsnb.torch._genred import Genred
from keopsnb.torch._implicit import System
from keopsnb.torch._operator import place_of
from keopsnb.torch._solve_operator import makes_solvers, solve_in_graph, solve_traced


@makes_solvers
class KernelSolve(Solver):
    __doc__ = Solver.__doc__

    xp: ClassVar[Any] = torch
    genred: ClassVar[Callable[..., Any]] = Genred
    parts = staticmethod(parts)
    as_complex = staticmethod(as_complex)

    @boundary
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
        # `solver_of` makes an equal one of these.
        options = {
            "dtype_acc": dtype_acc,
            "use_double_acc": use_double_acc,
            "sum_scheme": sum_scheme,
            "use_fast_math": use_fast_math,
            "header": header_text(header) or None,
        }
        self._key = json.dumps([formula, list(aliases), varinvalias, axis, options])

    def _in_graph(self, args: tuple[Any, ...], options: dict[str, Any]) -> Any:
        if torch.compiler.is_compiling():
            return solve_in_graph(self._key, *args, **options)
        if all(isinstance(a, Tensor) for a in args) and is_traced(args):
            return solve_traced(self._key, *args, **options)
        return None

    def _checked(
        self, args: tuple[Any, ...], place: dict[str, Any] | None = None
    ) -> tuple[Any, ...]:
        if all(isinstance(a, Tensor) for a in args):
            args = as_autocast(args)
        return super()._checked(args, place)

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
                replace(limits, callback=None) if first else limits,
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
        alpha: Any,
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
