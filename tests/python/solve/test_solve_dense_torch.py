"""Law: derivatives of a solution are those of the dense solve, at any scale and transformed."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import grad, jvp, vmap

from keopsnb.torch import Pm, Vi, Vj

F64 = torch.float64
close = torch.testing.assert_close
torch.manual_seed(1)
X, B, ROWS = (
    torch.rand(7, 2, dtype=F64),
    torch.randn(7, 2, dtype=F64),
    torch.rand(7, dtype=F64) + 0.1,
)


def kernel(x: Tensor) -> Tensor:
    return torch.exp(-((x[..., :, None, :] - x[..., None, :, :]) ** 2).sum(-1))


def solution(x: Tensor, b: Tensor, alpha: Any) -> Tensor:
    found: Tensor = (-Vi(x).sqdist(Vj(x))).exp().solve(b, alpha=alpha, eps=1e-14)
    return found


def dense(x: Tensor, b: Tensor, alpha: Tensor) -> Tensor:
    rows = alpha.squeeze(-1) if alpha.ndim > 1 else alpha
    return torch.linalg.solve(kernel(x) + torch.diag_embed(rows.expand(*rows.shape[:-1], 7)), b)


ALPHAS = {
    "(N,)": ROWS,
    "(N, 1)": ROWS[:, None],
    "(1, 1)": ROWS[:1, None],
    "(2, N, 1)": torch.stack([ROWS, 2 * ROWS])[..., None],
    "(2, 1, 1)": ROWS[:2, None, None],
}


def derived(f: Callable[..., Tensor], alpha: Tensor, second: bool) -> list[Tensor]:
    leaves = [a.clone().requires_grad_() for a in (X, B, alpha)]
    value = f(*leaves)
    first = torch.autograd.grad((value * value.sin()).sum(), leaves, create_graph=second)
    if not second:
        return [value, *first]
    return [value, *first, *torch.autograd.grad(sum(g.square().sum() for g in first), leaves)]


@pytest.mark.parametrize("of", ALPHAS)
def test_autograd_of_rows(of: str) -> None:
    close(
        derived(solution, ALPHAS[of], True), derived(dense, ALPHAS[of], True), rtol=1e-6, atol=1e-8
    )


@pytest.mark.parametrize("of", ["(N,)", "(2, N, 1)"])
def test_graphs_of_rows(of: str) -> None:
    torch._dynamo.reset()
    f = torch.compile(solution, fullgraph=True, backend="aot_eager")
    close(derived(f, ALPHAS[of], False), derived(dense, ALPHAS[of], False), rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("column", [False, True])
def test_transforms_of_rows(column: bool) -> None:
    alphas = torch.stack([ROWS, 2 * ROWS, 3 * ROWS])
    alphas = alphas[..., None] if column else alphas
    xs, bs = torch.stack([X, X / 2, 2 * X]), torch.stack([B, B.sin(), B.cos()])
    for dims in ((None, None, 0), (0, None, 0), (None, 0, 0), (0, 0, 0), (0, 0, None)):
        args = [
            whole if dim == 0 else one
            for dim, whole, one in zip(dims, (xs, bs, alphas), (X, B, alphas[0]), strict=True)
        ]
        for transform in (lambda f: f, lambda f: grad(lambda *a: f(*a).sin().sum(), (0, 1, 2))):
            found = vmap(transform(solution), dims)(*args)
            close(found, vmap(transform(dense), dims)(*args), rtol=1e-6, atol=1e-8)
    tangents = (X.cos(), B.cos(), alphas[0].cos())
    found, expected = (jvp(f, (X, B, alphas[0]), tangents) for f in (solution, dense))
    close(found, expected, rtol=1e-6, atol=1e-8)


# Law: x = A^-1 b is of degree 1 in b and -1 in A, and so are its gradients; what is representable
# is right, what is beyond is infinite or 0.


@pytest.mark.parametrize(
    ("dtype", "scale"),
    [(torch.float32, s) for s in (1e-30, 1e-18, 1e18, 1e30)]
    + [(F64, s) for s in (1e-300, 1e-30, 1e30, 1e300)],
)
@pytest.mark.parametrize("of", ["right-hand side", "kernel", "gradient"])
def test_backward_at_scales(of: str, dtype: torch.dtype, scale: float) -> None:
    by = {"right-hand side": (1, 1, 0, 1, 1), "gradient": (0, 1, 1, 1, 1)}
    degrees = by.get(of, (-1, -1, -1, -2, -2))  # of the value, and its gradients in x, b, s, alpha
    e = torch.cos(torch.arange(14.0, dtype=F64)).reshape(7, 2)

    def derived(scale: float, dtype: torch.dtype, system: Callable[..., Tensor]) -> list[Any]:
        on = {name: scale if name == of else 1.0 for name in (*by, "kernel")}
        s = torch.tensor([on["kernel"]], dtype=F64)
        made = (X, B * on["right-hand side"], s, s[0] / 2)
        leaves = [a.to(dtype).clone().requires_grad_() for a in made]
        value = system(*leaves)
        found = torch.autograd.grad(value, leaves, (e * on["gradient"]).to(dtype))
        return [v.detach().numpy().astype(np.longdouble) for v in (value, *found)]

    def system(x: Tensor, b: Tensor, s: Tensor, alpha: Tensor) -> Tensor:
        eps = 1e-6 if dtype == torch.float32 else 1e-12
        found: Tensor = (Pm(s) * (-Vi(x).sqdist(Vj(x))).exp()).solve(b, alpha=alpha, eps=eps)
        return found

    found = derived(scale, dtype, system)
    expected = derived(
        1.0,
        F64,
        lambda x, b, s, a: torch.linalg.solve(s * kernel(x) + a * torch.eye(7, dtype=F64), b),
    )
    limits = torch.finfo(dtype)
    for value, at_one, degree in zip(found, expected, degrees, strict=True):
        size = np.longdouble(scale) ** degree
        greatest = np.abs(at_one).max() * size
        if limits.tiny * 1e4 < greatest < limits.max:
            assert np.abs(value - at_one * size).max() < 1e-3 * greatest
        else:
            assert not np.isnan(value).any()
