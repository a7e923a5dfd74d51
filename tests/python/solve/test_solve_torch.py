"""KernelSolve of tensors: derivatives as those of dense solves, graphs, transforms and 16 bits."""

from collections.abc import Callable
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from keopsnb.torch._solve import ConvergenceError, KernelSolve  # noqa: E402


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


SOLVE = KernelSolve("Exp(-SqDist(x, y)) * b", ["x=Vi(2)", "y=Vj(2)", "b=Vj(1)"], "b", axis=1)


def system(n: int, *batch: int, dtype: torch.dtype = torch.float64) -> tuple[Any, Any]:
    """Points and a right-hand side."""
    torch.manual_seed(n)
    return torch.randn(*batch, n, 2, dtype=dtype), torch.randn(n, 1, dtype=dtype)


@pytest.mark.parametrize("batch", [(), (3,)])
@pytest.mark.parametrize("dynamic", [None, True])
def test_numbers_of_rows_may_be_symbols(dynamic: bool | None, batch: tuple[int, ...]) -> None:
    torch._dynamo.reset()
    compiled = torch.compile(
        lambda x, b: SOLVE(x, x, b, alpha=0.1), fullgraph=True, backend="eager", dynamic=dynamic
    )
    for n in (5, 7, 9):
        x, b = system(n, *batch)
        torch.testing.assert_close(compiled(x, b), SOLVE(x, x, b, alpha=0.1))


@pytest.mark.parametrize("preconditioner", [None, "nystrom", "pivoted_cholesky", "function"])
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_systems_of_16_bits(dtype: torch.dtype, preconditioner: str | None) -> None:
    x, b = system(20, dtype=dtype)
    b.requires_grad_()
    inverse: Any = preconditioner
    if preconditioner == "function":
        inverse = torch.full((20, 1), 2.0, dtype=dtype).mul
    matrix = torch.exp(-((x.double()[:, None] - x.double()) ** 2).sum(-1)) + torch.eye(20).double()
    for alpha in (1.0, torch.tensor(1.0, dtype=dtype), torch.ones(1, 1, dtype=torch.float64)):
        found = SOLVE(x, x, b, alpha=alpha, eps=1e-2, preconditioner=inverse)
        assert found.dtype == dtype
        expected = torch.linalg.solve(matrix, b.double())
        assert (found - expected).norm() < 0.03 * expected.norm()
        (gradient,) = torch.autograd.grad(found.sum(), b)
        expected = torch.linalg.solve(matrix, torch.ones(20, 1).double())
        assert (gradient - expected).norm() < 0.03 * expected.norm()
    with pytest.raises(ConvergenceError) as caught:
        SOLVE(x, x, b, alpha=1e-3, max_iterations=2)
    assert caught.value.found is not None
    start = caught.value.found.solution
    assert SOLVE(x, x, b, alpha=1.0, eps=1e-2, x0=start).dtype == dtype


def test_where_to_start_is_a_constant() -> None:
    x, b = system(6)
    start = torch.ones_like(b).requires_grad_()
    assert not SOLVE(x, x, b, alpha=1.0, x0=start).requires_grad
    b.requires_grad_()
    SOLVE(x, x, b, alpha=1.0, x0=start).sum().backward()
    assert start.grad is None


@pytest.mark.parametrize("name", ["nystrom", "pivoted_cholesky"])
def test_named_preconditioners_read_numbers_that_vmap_hides(name: str) -> None:
    x, b = system(6)
    uses: list[Callable[[Any], Any]] = [
        lambda s: SOLVE(x, x, b, alpha=s, preconditioner=name),
        lambda s: SOLVE(s * x, s * x, b, alpha=1.0, preconditioner=name),
    ]
    for use in uses:
        with pytest.raises(ValueError, match=f"preconditioner='{name}' depends on the numbers"):
            torch.func.vmap(use)(torch.tensor([1.0, 2.0], dtype=torch.float64))


@pytest.mark.filterwarnings("ignore:Sparse CSR tensor support is in beta state")
def test_arrays_of_other_kinds_are_named() -> None:
    x, b = system(6)
    for sparse in (b.to_sparse(), b.to_sparse_csr()):
        with pytest.raises(TypeError, match=r"argument 3 \('b'\) has layout"):
            SOLVE(x, x, sparse)
    with pytest.raises(TypeError, match=r"argument 3 \('b'\) is a ndarray"):
        SOLVE(x, x, b.numpy())
    with pytest.raises(TypeError, match=r"x0 is a numpy.ndarray .*\(6, 1\)"):
        SOLVE(x, x, b, x0=b.numpy())
