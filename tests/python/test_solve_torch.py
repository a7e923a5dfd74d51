"""Derivatives of KernelSolve, of first and second order, against those of dense solves."""

import pytest

torch = pytest.importorskip("torch")

from keopsnb.torch._solve import KernelSolve  # noqa: E402


def test_derivatives_are_those_of_the_dense_solve():
    torch.manual_seed(0)
    x = torch.randn(12, 2, dtype=torch.float64, requires_grad=True)
    b = torch.randn(12, 2, dtype=torch.float64, requires_grad=True)
    s = torch.tensor([0.7], dtype=torch.float64, requires_grad=True)
    alpha = torch.tensor(0.5, dtype=torch.float64, requires_grad=True)
    solve = KernelSolve(
        "Exp(-s * SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(2)", "s=Pm(1)"], "b", axis=1
    )
    kernel = torch.exp(-s * ((x[:, None] - x) ** 2).sum(-1)) + alpha * torch.eye(12).double()
    inputs = [x, b, s, alpha]
    orders = []
    for value in (solve(x, x, b, s, alpha=alpha, eps=1e-13), torch.linalg.solve(kernel, b)):
        first = torch.autograd.grad((value**3).sum(), inputs, create_graph=True)
        second = torch.autograd.grad(sum((f**2).sum() for f in first), inputs)
        orders.append([value, *first, *second])
    for found, expected in zip(*orders, strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-8, atol=1e-9)
