"""Systems in graphs, under tracers and transforms, against dense solves."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from dynamo import needs_new_dynamo
from torch import Tensor
from torch._subclasses import FakeTensorMode
from torch.func import vmap
from torch.fx.experimental.proxy_tensor import make_fx

from keopsnb.torch import KernelSolve, Vi, Vj

F64 = torch.float64
BACKENDS = ["eager", "aot_eager"]
SYSTEM = KernelSolve("Exp(-SqDist(x,y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)"], "b", axis=1)
torch.manual_seed(0)
X, B = torch.rand(8, 2, dtype=F64), torch.rand(8, 1, dtype=F64)
A = torch.tensor(0.5, dtype=F64)

close = torch.testing.assert_close


def solution(x: Tensor, b: Tensor, alpha: Any, **options: Any) -> Tensor:
    found: Tensor = SYSTEM(x, x, b, alpha=alpha, eps=1e-12, **options)
    return found


def dense(x: Tensor, b: Tensor, alpha: Any) -> Tensor:
    kernel = torch.exp(-((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1))
    return torch.linalg.solve(kernel + alpha * torch.eye(x.shape[-2], dtype=x.dtype), b)


class Model(torch.nn.Module):
    def forward(self, x: Tensor, b: Tensor, alpha: Tensor) -> Tensor:
        return solution(x, b, alpha)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()


def compiled(f: Callable[..., Any], backend: str, **options: Any) -> Callable[..., Any]:
    made: Callable[..., Any] = torch.compile(f, fullgraph=True, backend=backend, **options)
    return made


def with_gradients(f: Callable[..., Tensor], *args: Tensor) -> list[Tensor]:
    leaves = [a.clone().requires_grad_() for a in args]
    value = f(*leaves)
    return [value, *torch.autograd.grad(value.sin().sum(), leaves)]


# Law: one graph serves systems of any size.


@pytest.mark.parametrize("dynamic", [None, True])
@pytest.mark.parametrize("backend", BACKENDS)
def test_sizes(backend: str, dynamic: bool | None) -> None:
    made = compiled(lambda x, b: solution(x, b, 0.1), backend, dynamic=dynamic)
    for n in (5, 7, 8):
        close(made(X[:n], B[:n]), dense(X[:n], B[:n], 0.1))


# Law: alpha broadcasts with the right-hand side, in graphs and outside.


@pytest.mark.parametrize("backend", BACKENDS)
def test_batches_of_alpha(backend: str) -> None:
    alpha = torch.rand(3, 1, 1, dtype=F64) + 0.1
    found = with_gradients(compiled(solution, backend), X, B, alpha)
    close(found, with_gradients(solution, X, B, alpha))
    close(found, with_gradients(lambda x, b, a: dense(x.expand(3, 8, 2), b, a), X, B, alpha))
    start = torch.rand(3, 8, 1, dtype=F64).requires_grad_()
    for f in (solution, compiled(solution, backend)):
        started = f(X, B, alpha, x0=start)
        assert not started.requires_grad  # the solution does not depend on it
        close(started, dense(X, B, alpha))


def test_vmap_over_batches_of_alpha() -> None:
    alpha = torch.rand(4, 3, 1, 1, dtype=F64) + 0.1
    x, b = torch.rand(3, 8, 2, dtype=F64), torch.rand(3, 8, 1, dtype=F64)
    close(vmap(lambda a: solution(x, b, a))(alpha), dense(x, b, alpha))
    close(vmap(lambda a: solution(X, B, a))(alpha), dense(X, B, alpha))


# Law: the solution has the dtype of the system: alpha takes it, and autocast widens 16 bits.


@pytest.mark.parametrize("alpha", [torch.tensor(0.1), A, A.reshape(1)])
def test_dtype(alpha: Tensor) -> None:
    args = X.float(), X.float(), B.float()
    f = lambda a: SYSTEM(*args, alpha=a, eps=1e-5)  # noqa: E731
    assert f(alpha).dtype == torch.float32
    close(compiled(f, "aot_eager")(alpha), f(alpha))
    close(f(alpha), dense(X, B, float(alpha)).float(), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_autocast(dtype: torch.dtype) -> None:
    x, b = X.to(dtype), B.to(dtype)
    f = lambda x, b: SYSTEM(x, x, b, alpha=0.5)  # noqa: E731
    with torch.autocast("cpu", dtype=torch.bfloat16):
        expected, found = f(x, b), compiled(f, "aot_eager")(x, b)
    assert expected.dtype == found.dtype == torch.float32
    close(found, expected)
    close(found, dense(x.float(), b.float(), 0.5), rtol=1e-4, atol=1e-4)


# Law: an exported program is solved, differentiated and batched without this one.


@needs_new_dynamo
@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch meets its own
@pytest.mark.parametrize("strict", [False, True])
def test_export(strict: bool) -> None:
    rows = {0: torch.export.Dim("rows")}
    program = torch.export.export(
        Model(), (X, B, A), dynamic_shapes=(rows, rows, None), strict=strict
    )
    made = program.module()
    args = X[:5], B[:5], A
    close(with_gradients(made, *args), with_gradients(dense, *args))
    x, alpha = torch.rand(3, 8, 2, dtype=F64), torch.rand(3, dtype=F64) + 0.1
    close(vmap(made, (0, None, None))(x, B, A), dense(x, B, A))
    close(vmap(made, (None, None, 0))(X, B, alpha), dense(X, B, alpha[:, None, None]))


# Law: tracers record a solution; without numbers there is its shape.


@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_make_fx(mode: str) -> None:
    made = make_fx(lambda x, b: solution(x, b, 0.5), tracing_mode=mode)(X, B)
    n = 6 if mode == "symbolic" else 8
    close(made(X[:n], B[:n]), dense(X[:n], B[:n], 0.5))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # torch's own, of torch.jit
@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # sizes are compared
def test_jit_trace() -> None:
    made = torch.jit.trace(lambda x, b: solution(x, b, 0.5), (X, B))  # type: ignore[no-untyped-call]
    close(made(2 * X, B), dense(2 * X, B, 0.5))


def test_without_numbers() -> None:
    assert solution(X.to("meta"), B.to("meta"), 0.5).shape == (8, 1)
    with FakeTensorMode() as mode:
        assert solution(mode.from_tensor(X), mode.from_tensor(B), 0.5).shape == (8, 1)


# Law: what watches the steps, or is a function, breaks a graph, and works where that is allowed.


def lazily(x: Tensor, b: Tensor, **options: Any) -> Any:
    return (-Vi(x).sqdist(Vj(x))).exp().solve(b, alpha=0.5, **options)


@needs_new_dynamo
@pytest.mark.filterwarnings("ignore::UserWarning")  # torch meets its own
def test_watched() -> None:
    steps: list[int] = []
    for f in (
        lambda x, b: 2 * lazily(x, b, full=True).solution,
        lambda x, b: 2 * SYSTEM(x, x, b, alpha=0.5, full=True).solution,
        lambda x, b: 2 * lazily(x, b, callback=lambda step, _: steps.append(step)),
        lambda x, b: 2 * lazily(x, b, preconditioner=lambda r: 3 * r),
    ):
        close(torch.compile(f, backend="aot_eager")(X, B), 2 * lazily(X, B))
        torch._dynamo.reset()
        with pytest.raises(torch._dynamo.exc.Unsupported):
            compiled(f, "aot_eager")(X, B)
    assert steps


@needs_new_dynamo
def test_unwatched() -> None:
    f = lambda x, b: lazily(x, b, full=False, callback=None, progress=False)  # noqa: E731
    close(compiled(f, "aot_eager")(X, B), f(X, B))
