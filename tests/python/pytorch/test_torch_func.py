"""Reductions under the transforms of torch.func and in forward mode, against dense torch."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from test_reductions_torch import (
    ALIASES,
    RANKS,
    ROWS,
    by_torch,
    of_scalar,
    terms,
    value,
    variables,
)
from torch import Tensor
from torch.autograd import forward_ad, gradcheck, gradgradcheck
from torch.func import functional_call, grad, hessian, jacfwd, jacrev, jvp, vjp, vmap

from keopsnb.torch import Genred, KernelSolve
from keopsnb.torch import _autograd as autograd_module
from keopsnb.torch import _operator as operator_module

F64 = torch.float64
Function = Callable[..., Tensor]

gaussian = Genred(
    "Exp(-s * SqDist(x, y)) * b", ["x = Vi(2)", "y = Vj(2)", "b = Vj(1)", "s = Pm(1)"], axis=1
)


def dense(x: Tensor, y: Tensor, b: Tensor, s: Tensor) -> Tensor:
    squares = ((x[..., :, None, :] - y[..., None, :, :]) ** 2).sum(-1)
    return (-s[..., None] * squares).exp() @ b


def arguments() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    torch.manual_seed(0)
    x, y, b, s = (torch.rand(shape, dtype=F64) for shape in ((4, 2), (5, 2), (5, 1), (1,)))
    return x, y, b, s


def scalar(f: Function) -> Function:
    return lambda *args: f(*args).sin().sum()


def stacked(a: Tensor, dim: int = 0) -> Tensor:
    return torch.stack([a, 0.5 * a, -a], dim)


def close(found: Any, expected: Any) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-9)


# Law: transforms give what they give of the dense computation.

ALL = (0, 1, 2, 3)
X, Y, B, S = arguments()
TRANSFORMS: dict[str, Callable[[Function], Any]] = {
    "grad": lambda f: grad(scalar(f), argnums=ALL)(X, Y, B, S),
    "vjp": lambda f: vjp(f, X, Y, B, S)[1](B[:4]),
    "jvp": lambda f: jvp(f, (X, Y, B, S), (X, 2 * Y, B, S)),
    "jvp in some": lambda f: jvp(lambda y, s: f(X, y, B, s), (Y, S), (Y, S)),
    "jacrev": lambda f: jacrev(f, argnums=ALL)(X, Y, B, S),
    "jacfwd": lambda f: jacfwd(f, argnums=(0, 3))(X, Y, B, S),
    "forward over reverse": lambda f: hessian(scalar(f), argnums=(0, 3))(X, Y, B, S),
    "reverse over forward": lambda f: jacrev(jacfwd(f))(X, Y, B, S),
    "forward over forward": lambda f: jacfwd(jacfwd(f))(X, Y, B, S),
    "reverse over reverse": lambda f: jacrev(grad(scalar(f)))(X, Y, B, S),
    "per sample": lambda f: vmap(grad(scalar(f), argnums=ALL), (0, None, None, None))(
        X[:, None], Y, B, S
    ),
    "grad of vmap": lambda f: grad(lambda x: scalar(vmap(f, (0, None, None, None)))(x, Y, B, S))(
        stacked(X)
    ),
    "grad without grad": lambda f: grad(lambda x: f(x, Y, B, S).detach().sum() * x.sum())(X),
}


@pytest.mark.parametrize("name", TRANSFORMS)
def test_transforms(name: str) -> None:
    close(TRANSFORMS[name](gaussian), TRANSFORMS[name](dense))


# Law: vmap over any dimensions of any arguments is one launch.

MAPS: list[tuple[tuple[int | None, ...], tuple[Tensor, ...]]] = [
    ((0, None, None, None), (stacked(X), Y, B, S)),
    ((2, None, None, None), (stacked(X, 2), Y, B, S)),
    ((None, 1, -1, None), (X, stacked(Y, 1), stacked(B, 2), S)),
    ((None, None, None, 0), (X, Y, B, stacked(S))),
    ((1, 0, 2, 1), (stacked(X, 1), stacked(Y), stacked(B, 2), stacked(S, 1))),
    # Beside batch dimensions of their own, fewer in some than in others.
    ((0, 1, None, 0), (stacked(X), stacked(stacked(Y), 1), B, stacked(S))),
    ((None, 3, None, None), (stacked(X), stacked(stacked(Y), 3), B, S)),
]


@pytest.mark.parametrize(("in_dims", "args"), MAPS, ids=[str(dims) for dims, _ in MAPS])
def test_vmap(
    in_dims: tuple[int | None, ...], args: tuple[Tensor, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    launches = []

    def count(*these: Any) -> Any:
        launches.append(these)
        return operator_module_compute(*these)

    operator_module_compute = operator_module.compute_now
    monkeypatch.setattr(operator_module, "compute_now", count)
    monkeypatch.setattr(autograd_module, "compute_now", count)
    found = vmap(gaussian, in_dims)(*args)
    assert len(launches) == 1
    each = [
        [a.select(d, k) if d is not None else a for a, d in zip(args, in_dims, strict=True)]
        for k in range(3)
    ]
    close(found, torch.stack([dense(*a) for a in each]))


def test_vmap_of_scalars_of_nothing_and_of_itself() -> None:
    scalars = torch.arange(3, dtype=F64)  # parameters of shape () inside
    close(
        vmap(gaussian, (None, None, None, 0))(X, Y, B, scalars),
        torch.stack([dense(X, Y, B, s.reshape(1)) for s in scalars]),
    )
    assert vmap(gaussian, (0, None, None, None))(X.expand(0, 4, 2), Y, B, S).shape == (0, 4, 1)
    table = vmap(vmap(gaussian, (None, 0, None, None)), (0, None, None, None))
    rows = [torch.stack([dense(x, y, B, S) for y in stacked(Y)]) for x in stacked(X)]
    close(table(stacked(X), stacked(Y), B, S), torch.stack(rows))


def test_vmap_inside_of_autograd() -> None:
    nearest = Genred("s * SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)", "s = Pm(1)"], "Min", axis=1)
    for f in (lambda x: gaussian(x, Y, B, S), lambda x: nearest(x, Y[:3], S)):
        x = stacked(X).requires_grad_()
        (found,) = torch.autograd.grad(vmap(f)(x).sin().sum(), x)
        close(found, torch.stack([grad(scalar(f))(a) for a in x.detach()]))


def test_vmap_with_ranges() -> None:
    ranges = ([[0, 2], [2, 4]], [1, 2], [[0, 2], [1, 5]], [[0, 5]], [1], [[0, 4]])
    found = vmap(lambda x: gaussian(x, Y, B, S, ranges=ranges))(stacked(X))
    close(found, torch.stack([gaussian(x, Y, B, S, ranges=ranges) for x in stacked(X)]))


# Law: kernels never see the tensors that transforms wrap.


def test_kernels_see_plain_tensors(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped = torch._C._functorch.is_functorch_wrapped_tensor
    original = operator_module.compute_now

    def check(reduction: Any, args: tuple[Tensor, ...], *rest: Any) -> Any:
        assert not any(map(wrapped, args))
        return original(reduction, args, *rest)

    monkeypatch.setattr(operator_module, "compute_now", check)
    for name in ("jvp", "forward over reverse", "per sample", "grad of vmap"):
        TRANSFORMS[name](gaussian)


def test_tensors_that_outlive_their_transform() -> None:
    escaped = []

    def keep(x: Tensor) -> Tensor:
        escaped.append(x)
        return x.sum()

    grad(keep)(X)
    assert torch.equal(gaussian(escaped[0], Y, B, S), gaussian(X, Y, B, S))
    wanted = Y.clone().requires_grad_()
    assert gaussian(escaped[0], wanted, B, S).requires_grad


# Law: every law of derivatives holds under every transform.

NAMES = ["Norm2", "Prod", "KMin_ArgKMin", "SumSoftMaxWeight"]


@pytest.mark.parametrize("name", NAMES)
def test_laws(name: str) -> None:
    row = ROWS[name]
    formula = "Sum(Square(x - y) * p)"
    if not of_scalar(row.name):
        formula = f"Concat({formula}, Elem(x, 0) * Elem(y, 0))"
    weight = "b * b" if row.weight.name == "required" else None
    n = RANKS if row.ranked else None
    reduction = Genred(formula, ALIASES, name, 1, formula2=weight, opt_arg=n)

    def found(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Tensor:
        return value(reduction(x, y, b, p))

    def expected(x: Tensor, y: Tensor, b: Tensor, p: Tensor) -> Tensor:
        f = terms(of_scalar(row.name), x, y, p)
        return by_torch(name)(f, (b * b)[None].expand(*f.shape[:2], 2))

    args = tuple(a.detach() for a in variables(4, 5))
    tangents = tuple(a.cos() for a in args)
    x, y, b, p = args
    for transform in (
        lambda f: jvp(f, args, tangents),
        lambda f: grad(scalar(f), argnums=(0, 2, 3))(*args),
        lambda f: jacfwd(jacfwd(f))(*args),
        lambda f: vmap(f, (1, None, 2, 0))(stacked(x, 1), y, stacked(b, 2), stacked(p)),
    ):
        results = []
        for f in (found, expected):
            leaves, _ = torch.utils._pytree.tree_flatten(transform(f))
            results.append([torch.zeros(()) if a is None else a for a in leaves])
        close(*results)


def test_indices_under_transforms() -> None:
    nearest = Genred("SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)"], "ArgMin", axis=1)
    found = vmap(nearest, (0, None))(stacked(X), Y)
    assert torch.equal(found, torch.stack([nearest(x, Y) for x in stacked(X)]))
    _, index = grad(lambda x: (x.sum(), nearest(x, Y)), has_aux=True)(X)
    assert torch.equal(index, nearest(X, Y))
    primal, tangent = jvp(lambda x: nearest(x, Y), (X,), (X,))
    assert torch.equal(primal, nearest(X, Y))
    assert not tangent.any()


# Law: finite differences agree with reverse and forward mode, in any order, alone and in batches.


@pytest.mark.filterwarnings("ignore:Please use `torch.vmap`")  # old PyTorch meets its own
@pytest.mark.parametrize("name", ["LogSumExp", "Min"])
def test_gradcheck(name: str) -> None:
    reduction = Genred("s * SqDist(x, y)", ["x = Vi(2)", "y = Vj(2)", "s = Pm(1)"], name, axis=1)
    x, s = (a.clone().requires_grad_() for a in (X[:2], S))

    def f(x: Tensor, s: Tensor) -> Tensor:
        return value(reduction(x, Y[:3], s))

    assert gradcheck(
        f,
        (x, s),
        check_forward_ad=True,
        check_batched_grad=True,
        check_batched_forward_grad=True,
        check_undefined_grad=True,
    )
    assert gradgradcheck(
        f, (x, s), check_fwd_over_rev=True, check_rev_over_rev=True, check_batched_grad=True
    )


def test_dual_numbers() -> None:
    expected = jvp(lambda x, s: dense(x, Y, B, s), (X, S), (X, S))[1]
    with forward_ad.dual_level():
        x, s = forward_ad.make_dual(X, X), forward_ad.make_dual(S, S)
        close(forward_ad.unpack_dual(gaussian(x, Y, B, s)).tangent, expected)
        with torch.no_grad():  # which is about reverse mode only
            close(forward_ad.unpack_dual(gaussian(x, Y, B, s)).tangent, expected)
        assert forward_ad.unpack_dual(gaussian(X, Y, B, S)).tangent is None


def test_batches_of_gradients() -> None:
    x = X.clone().requires_grad_()
    e = torch.rand(3, 4, 1, dtype=F64)
    (found,) = torch.autograd.grad(gaussian(x, Y, B, S), x, e, is_grads_batched=True)
    close(found, torch.stack([torch.autograd.grad(dense(x, Y, B, S), x, d)[0] for d in e]))


def test_functional_call() -> None:
    class Kernel(torch.nn.Module):
        def __init__(self, f: Function) -> None:
            super().__init__()
            self.f, self.s = f, torch.nn.Parameter(S.clone())

        def forward(self, x: Tensor) -> Tensor:
            return self.f(x, Y, B, self.s)

    def gradients(f: Function) -> Any:
        kernel = Kernel(f)

        def loss(parameters: dict[str, Tensor], x: Tensor) -> Tensor:
            return functional_call(kernel, parameters, (x,)).square().sum()

        return vmap(grad(loss), (None, 0))({"s": 2 * S}, X[:, None])

    close(gradients(gaussian)["s"], gradients(dense)["s"])


# Law: so is a linear system solved.


def test_solve() -> None:
    solver = KernelSolve(
        "Exp(-s * SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)", "s=Pm(1)"], "b", axis=1
    )

    def solve(x: Tensor, b: Tensor, s: Tensor, alpha: Tensor) -> Tensor:
        return solver(x, x, b, s, alpha=alpha, eps=1e-13)

    def dense_solve(x: Tensor, b: Tensor, s: Tensor, alpha: Tensor) -> Tensor:
        kernel = (-s * ((x[:, None] - x) ** 2).sum(-1)).exp()
        return torch.linalg.solve(kernel + alpha * torch.eye(len(x), dtype=F64), b)

    args = Y, B, S, torch.tensor(0.5, dtype=F64)
    _, b, s, alpha = args
    for transform in (
        lambda f: grad(scalar(f), argnums=ALL)(*args),
        lambda f: jvp(f, args, args),
        lambda f: jacfwd(grad(scalar(f), argnums=2), argnums=(2, 3))(*args),
        lambda f: vmap(f, (None, 1, 0, 0))(
            Y, stacked(b, 1), s + stacked(s).abs(), 2 - stacked(s)[:, 0]
        ),
        lambda f: vmap(grad(scalar(f)), (0, None, None, None))(stacked(Y), b, s, alpha),
    ):
        torch.testing.assert_close(transform(solve), transform(dense_solve), rtol=1e-6, atol=1e-7)
    # Not of the dense solve, whose own tangents are 0 where forward mode is nested.
    found = jacfwd(jacfwd(solve, argnums=3), argnums=2)(*args)
    expected = jacrev(jacrev(dense_solve, argnums=3), argnums=2)(*args)
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-7)
