"""Symbolic matrices are made of each other in several ways, which are one."""

import itertools
from typing import Any

import pytest
import torch

from keopsnb import _core
from keopsnb.torch import LazyTensor, Pm, Vi, Vj, _graph

X, Y, P = torch.rand(5, 2), torch.rand(4, 2), torch.rand(2)
MATRICES: dict[str, Any] = {
    "i": Vi(X),
    "j": Vj(Y),
    "parameter": Pm(P),
    "i and j": Vi(X) - Vj(Y),
    "j and i": Vj(Y) * Vi(X),
    "one array twice": Vi(X) - Vj(X),
    "a number": Vi(X) * 0.5,
    "zeros of both signs": (Vi(X) + 0.0) * -0.0,
    "a constant": LazyTensor(2),
    "batches": LazyTensor(torch.rand(3, 1, 5, 1, 2)),
    "more batches": LazyTensor(torch.rand(6, 1, 4, 2)),
    "symbolic": Vi(0, 2) + Vj(1, 2),
    "the same symbols": Vj(1, 2) * Vi(0, 2),
    "integers": Vj(torch.ones(4, 2, dtype=torch.int64)),
}


def fit(a: Any, b: Any) -> bool:
    """Whether two matrices have the same sizes, where both have some."""
    return {a.ni, b.ni} != {4, 5} != {a.nj, b.nj}


def pairs() -> list[Any]:
    both = itertools.product(MATRICES.items(), repeat=2)
    return [pytest.param(a, b, id=f"{m}, {n}") for (m, a), (n, b) in both if fit(a, b)]


def same(found: Any, expected: Any) -> None:
    assert all(x is y or x == y for x, y in zip(found.data, expected.data, strict=True))
    assert found[1:] == expected[1:]


# Law: what Dynamo reads joins arguments as the module does.
@pytest.mark.parametrize(("a", "b"), pairs())
def test_arguments(a: Any, b: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    forms, arguments = (a.form, b.form, a.form), [a.args, b.args, a.args]
    places, expected = _core.merge(forms, arguments)
    alone = _core.arguments(a.form, a.args.data)
    monkeypatch.setattr(_graph, "is_read", lambda: True)
    again, found = _graph.merge(forms, arguments)
    assert again == places
    same(found, expected)
    same(_graph.arguments(a.form, a.args.data), alone)


# Law: operations of plain operands, which `make` finds again, are what the long way makes.
@pytest.mark.parametrize(("a", "b"), pairs())
@pytest.mark.parametrize("order", [None, (1, 0)])
def test_operations(a: Any, b: Any, order: Any) -> None:
    more = {} if order is None else {"order": order}
    for _ in range(2):
        found, expected = a.make("Mult", b, **more), a._make("Mult", b, **more)
        assert found.form == expected.form
        same(found.args, expected.args)
        assert (a + 0.25).form == a._make("Add", 0.25).form


# Law: ranges and backend are those of the first operand that has some.
@pytest.mark.parametrize("long", [False, True])
def test_what_operands_hand_on(long: bool) -> None:
    a, b, c = Vi(X), Vj(Y), Pm(P)
    b.ranges, b.backend, c.ranges, c.backend = (1,), "CPU", (2,), "GPU"
    made = (a._make if long else a.make)("Fma", b, c)
    assert (made.ranges, made.backend, made.waiting) == ((1,), "CPU", None)


# Law: a matrix without its attributes is an error, and no crash.
@pytest.mark.parametrize("name", ["form", "args", "ranges", "backend", "waiting"])
def test_matrices_without_attributes(name: str) -> None:
    matrix = Vi(X)
    delattr(matrix, name)
    with pytest.raises(AttributeError):
        (matrix * 2.0).sum(0), matrix.sum(0)
    matrix = object.__new__(LazyTensor)
    with pytest.raises(AttributeError):
        matrix * Vi(X)
    with pytest.raises(AttributeError):
        Vi(X) * matrix
