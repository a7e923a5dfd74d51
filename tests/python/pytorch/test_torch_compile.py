"""Reductions in the graphs of torch.compile and torch.export, against the same called eagerly."""

import operator
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from dynamo import OLD, needs_new_dynamo
from test_torch_func import B, S, X, Y, close, dense, gaussian, stacked
from torch import Tensor
from torch.func import grad, hessian, jvp, vmap

from keopsnb.torch import Genred, KernelSolve, LazyTensor, Vi, Vj

F64 = torch.float64
Function = Callable[..., Any]
PAIRS = ["x = Vi(2)", "y = Vj(2)"]


@pytest.fixture(autouse=True)
def _fresh() -> None:
    torch._dynamo.reset()


def compiled(f: Function, backend: str = "aot_eager", **options: Any) -> Function:
    made: Function = torch.compile(f, fullgraph=True, backend=backend, **options)
    return made


def with_gradients(f: Function, args: tuple[Tensor, ...]) -> list[Tensor]:
    """The results, and the gradients of those that have any."""
    leaves = [a.clone().requires_grad_(a.is_floating_point()) for a in args]
    results = f(*leaves)
    results = results if isinstance(results, tuple) else (results,)
    total = sum(r.sin().sum() for r in results if r.requires_grad)
    if not isinstance(total, Tensor):
        return list(results)
    wanted = [a for a in leaves if a.requires_grad]
    gradients = torch.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    return [*results, *gradients]


# Law: one graph without a break gives the same values and gradients.


LINUX = pytest.mark.skipif(sys.platform != "linux", reason="inductor is tested on Linux")


@pytest.mark.parametrize("backend", ["eager", "aot_eager", pytest.param("inductor", marks=LINUX)])
def test_one_graph(backend: str) -> None:
    def f(x: Tensor, y: Tensor, b: Tensor, s: Tensor) -> Tensor:
        return gaussian(x.sin(), y, b, s).square()

    args = X, Y, B, S
    close(with_gradients(compiled(f, backend), args), with_gradients(f, args))


LAWS = [
    ("Norm2", None, None),
    ("Mean", None, None),
    ("Max", None, None),
    ("KMin_ArgKMin", None, 2),
    ("LogSumExp", None, None),
    ("SumSoftMaxWeight", "y", None),
    ("Max_SumShiftExp", None, None),
    ("ArgMin", None, None),
    ("Any", None, None),
]


@pytest.mark.parametrize(("name", "weight", "n"), LAWS, ids=[name for name, _, _ in LAWS])
def test_laws(name: str, weight: str | None, n: int | None) -> None:
    reduction = Genred("SqDist(x, y)", PAIRS, name, axis=1, formula2=weight, opt_arg=n)
    made = compiled(lambda x, y: reduction(x, y), dynamic=True)
    for rows in (4, 3):
        args = X[:rows], Y[-rows:]
        close(with_gradients(made, args), with_gradients(reduction, args))


def test_dynamic_sizes_are_compiled_once() -> None:
    counter = torch._dynamo.testing.CompileCounterWithBackend("aot_eager")
    made = torch.compile(
        lambda x, y: gaussian(x, y, B[: len(y)], S), fullgraph=True, backend=counter
    )
    for rows in (3, 4, 2):
        for columns in (5, 4):
            x, y = X[:rows].contiguous(), Y[:columns].contiguous()
            close(made(x, y), gaussian(x, y, B[:columns], S))
    assert counter.frame_count <= 3  # that of the first sizes, and those where one and both vary


def test_transforms_in_a_graph() -> None:
    def loss(x: Tensor) -> Tensor:
        return gaussian(x, Y, B, S).sin().sum()

    for f in (
        lambda x: grad(loss)(x),
        lambda x: vmap(grad(loss))(stacked(x)),
        lambda x: jvp(lambda x: gaussian(x, Y, B, S), (x,), (x,)),
        lambda x: hessian(loss)(x),
    ):
        close(compiled(f)(X), f(X))


RANGES = tuple(
    map(torch.tensor, ([[0, 2], [2, 4]], [1, 2], [[0, 2], [1, 5]], [[0, 5]], [1], [[0, 4]]))
)


@pytest.mark.parametrize(("name", "axis"), [("Mean", 0), ("Mean", 1), ("LogSumExp", 1)])
def test_ranges(name: str, axis: int) -> None:
    reduction = Genred("SqDist(x, y)", PAIRS, name, axis)

    def f(x: Tensor, y: Tensor, *ranges: Tensor) -> Any:
        return reduction(x, y, ranges=ranges)

    args = (X, Y, *RANGES)
    close(with_gradients(compiled(f), args), with_gradients(f, args))


def test_out() -> None:
    def f(x: Tensor, out: Tensor) -> Tensor:
        return gaussian(x, Y, B, S, out=out)

    out = torch.empty(4, 1, dtype=F64)
    assert compiled(f)(X, out) is out
    close(out, gaussian(X, Y, B, S))
    words = "exception" if OLD else "out is float32, and the result is float64"
    with pytest.raises(Exception, match=words):
        compiled(f)(X, out.float())


def test_wrong_arguments_are_found_in_tracing() -> None:
    for x, message in (
        (X[:, :1], r"should have shape \(M, 2\)"),
        (X.float(), "must have one dtype"),
    ):
        with pytest.raises(Exception, match=message):
            compiled(gaussian)(x, Y, B, S)


# Law: symbolic matrices are traced through.

LAZY: dict[str, Function] = {
    "gaussian": lambda x, y: (-((Vi(x) - Vj(y)) ** 2).sum(-1) / 0.5).exp().matvec(y),
    "functions": lambda x, y: torch.exp(-(2 * Vi(x).sqdist(Vj(y))).sqrt()).mean(axis=1),
    "shapes": lambda x, y: (LazyTensor(x[:, None]) | LazyTensor(y[None])).logsumexp(1),
    "tensors on the left": lambda x, y: (x.sum(0) - (x.sum(0) / (2 + Vi(x).abs())) * Vj(y)).sum(0),
    "tensors on the right": lambda x, y: ((Vi(x) * Vj(y) - y[0]) / (1 + y[1].exp())).sum(0),
    "indices": lambda x, y: Vi(x).sqdist(Vj(y)).argKmin(2, axis=1),
    "later": lambda x, y: (Vi(0, 2) - Vj(1, 2)).abs().sum(-1).sum(1)(x, y),
}


@needs_new_dynamo
@pytest.mark.parametrize("name", LAZY)
def test_lazy(name: str) -> None:
    close(with_gradients(compiled(LAZY[name]), (X, Y)), with_gradients(LAZY[name], (X, Y)))


@needs_new_dynamo
@pytest.mark.parametrize("name", ["gaussian", "shapes", "tensors on the left"])
def test_lazy_of_other_sizes(name: str) -> None:
    f, made = LAZY[name], compiled(LAZY[name])
    for D in (2, 3, 5):
        x, y = torch.rand(4 + D, D, dtype=F64), torch.rand(3 + D, D, dtype=F64)
        close(with_gradients(made, (x, y)), with_gradients(f, (x, y)))


NUMBERS = [0.5, 2, True, torch.tensor(0.5), torch.tensor(2), torch.tensor(True), S.reshape(())]
NUMBERS += [torch.nn.Parameter(torch.tensor(0.3)), torch.tensor(0.5, dtype=torch.float16)]


@needs_new_dynamo
@pytest.mark.parametrize("s", NUMBERS, ids=repr)
def test_lazy_with_numbers(s: Any) -> None:
    def f(x: Tensor, y: Tensor) -> Tensor:
        return (s / (1 + Vi(x).sqdist(Vj(y))) - s).sum(1)

    close(with_gradients(compiled(f), (X, Y)), with_gradients(f, (X, Y)))


# Law: K @ v and v @ K are told apart, wherever K was made and however often Dynamo met one.


@needs_new_dynamo
@pytest.mark.parametrize("told", [False, True])
def test_products(told: bool) -> None:
    from torch._dynamo.variables import builtin

    k = (-(Vi(X) - Vj(Y)).sqnorm2()).exp()
    if not told:
        builtin.BUILTIN_TO_TENSOR_RFN_MAP.pop(operator.matmul, None)
    right, left = (lambda v: k @ v), (lambda v: v @ k)
    close(compiled(right)(Y), right(Y))
    close(compiled(left)(X.T), left(X.T))
    inside = lambda v: (v @ (Vi(X) | Vj(Y))) @ (Vi(Y) | Vj(X)) @ X  # noqa: E731
    close(compiled(inside)(X.T), inside(X.T))


solve = KernelSolve(
    "Exp(-s * SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)"], "b", axis=1
)


def solved(x: Tensor, b: Tensor, alpha: Tensor) -> Tensor:
    started = {"x0": b * alpha, "preconditioner": "nystrom", "rank": 3}
    return solve(x, x, b, S, alpha=alpha, eps=1e-13) + solve(x, x, b, S, alpha=0.3, **started)


def solved_lazily(x: Tensor, b: Tensor, alpha: Tensor) -> Tensor:
    k = (-(Vi(x) - Vj(x)).sqnorm2()).exp()
    return k.solve(b, alpha=alpha, eps=1e-13) * k.solve(b[:, 0], eps=1e-13, alpha=1.0)[:, None]


@pytest.mark.parametrize("f", [solved, pytest.param(solved_lazily, marks=needs_new_dynamo)])
@pytest.mark.parametrize("backend", ["eager", "aot_eager"])
def test_solutions(backend: str, f: Function) -> None:
    args = Y, B, torch.tensor(0.5, dtype=F64)
    close(with_gradients(compiled(f, backend), args), with_gradients(f, args))


# Law: an exported program is saved, loaded and trained without this one.


class Model(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.s = torch.nn.Parameter(S.clone())
        self.nearest = Genred("SqDist(x, y)", PAIRS, "Min", axis=1)

    def forward(self, x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        return gaussian(x, y, B, self.s), self.nearest(x, y)


@needs_new_dynamo
@pytest.mark.filterwarnings("ignore::FutureWarning")  # torch meets its own
@pytest.mark.parametrize("strict", [False, True])
def test_export(strict: bool, tmp_path: Path) -> None:
    rows = {0: torch.export.Dim("rows")}
    program = torch.export.export(Model(), (X, Y), dynamic_shapes=(rows, None), strict=strict)
    torch.export.save(program, tmp_path / "model.pt2")
    loaded = torch.export.load(tmp_path / "model.pt2")
    args = torch.cat([X, -X]), Y
    for module in (loaded.module(), loaded.run_decompositions().module()):
        close(with_gradients(module, args), with_gradients(Model(), args))
        total = sum(r.sum() for r in module(*args))
        (found,) = torch.autograd.grad(total, list(module.parameters()))
        s = S.clone().requires_grad_()
        close(found, torch.autograd.grad(dense(args[0], Y, B, s).sum(), s)[0])


# Law: tracers record reductions; nothing is computed of tensors without numbers.


@pytest.mark.parametrize("mode", ["real", "fake", "symbolic"])
def test_make_fx(mode: str) -> None:
    trace = torch.fx.experimental.proxy_tensor.make_fx
    graph = trace(lambda x: gaussian(x, Y, B, S), tracing_mode=mode, _allow_non_fake_inputs=True)(X)
    close(graph(2 * X), gaussian(2 * X, Y, B, S))


def test_make_fx_records_out() -> None:
    def f(x: Tensor) -> Tensor:
        return gaussian(x, Y, B, S, out=torch.zeros(4, 1, dtype=F64))

    graph = torch.fx.experimental.proxy_tensor.make_fx(f)(X)
    close(graph(2 * X), f(2 * X))


def test_meta_and_fake_tensors() -> None:
    best = Genred("SqDist(x, y)", PAIRS, "KMin_ArgKMin", axis=0, opt_arg=3)
    expected = best(stacked(X), Y)
    mode = torch._subclasses.FakeTensorMode()
    x, y = stacked(X), Y
    for args in ((x.to("meta"), y.to("meta")), (mode.from_tensor(x), mode.from_tensor(y))):
        for found, right in zip(best(*args), expected, strict=True):
            assert (found.shape, found.dtype) == (right.shape, right.dtype)
            assert found.device == args[0].device
    with mode:
        assert gaussian(*(torch.empty(a.shape, dtype=F64) for a in (X, Y, B, S))).shape == (4, 1)


def test_operator() -> None:
    args = [X.clone().requires_grad_(), Y, B, S.clone().requires_grad_()]
    checked = torch.library.opcheck(
        torch.ops.keopsnb.kernel.default, (gaussian._key, args, [], "auto", -1)
    )
    assert set(checked.values()) == {"SUCCESS"}

    def kernel(x: Tensor) -> Tensor:
        results = torch.ops.keopsnb.kernel(gaussian._key, [x, Y, B, S], [], "auto", -1)
        assert isinstance(results, list)
        return results[0]

    close(vmap(kernel, 2)(stacked(X, 2)), torch.stack([kernel(x) for x in stacked(X)]))


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::torch.jit.TracerWarning")
def test_jit_trace() -> None:
    traced = torch.jit.trace(lambda x: gaussian(x, Y, B, S), (X,), check_trace=False)
    close(traced(2 * X), gaussian(2 * X, Y, B, S))
