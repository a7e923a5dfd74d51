"""Law: each operation of pykeops' LazyTensor gives what it gives there, and the same gradients."""

import functools
from typing import Any

import lazy_cases
import numpy as np
import pytest
from sides import BOTH, DTYPES, array, assert_same, front_end, plain

Computed = tuple[dict[str, Any], dict[str, Any]]


@functools.cache
def attempt(package: str, library: str, dtype: str, group: str) -> Computed | Exception:
    try:
        return _compute(package, library, dtype, group)
    except Exception as error:  # once for a group, as pykeops takes its time
        return error


def compute(package: str, library: str, dtype: str, group: str) -> Computed:
    found = attempt(package, library, dtype, group)
    if isinstance(found, Exception):
        raise found
    return found


def _compute(package: str, library: str, dtype: str, group: str) -> Computed:
    """Values and, with torch, gradients of a whole group; one kernel, and one a variable."""
    front = front_end(package, library)
    variables = {k: array(library, v, grad=True) for k, v in lazy_cases.data(dtype, group).items()}
    kinds = {"x": front.Vi, "y": front.Vj, "s": front.Pm, "Q": front.Pm}
    symbols = {k: kinds[k](v) for k, v in variables.items()}
    entries = lazy_cases.GROUPS[group](**symbols)
    sizes = {name: entry._shape[-1] for name, entry in entries.items()}
    whole = front.LazyTensor.cat(tuple(entries.values()), 2)
    sums = whole.sum(axis=1)
    ends = np.cumsum(list(sizes.values()))
    parts = {n: slice(e - sizes[n], e) for n, e in zip(sizes, ends, strict=True)}
    values = {name: plain(sums[:, part]) for name, part in parts.items()}
    if library == "numpy":
        return values, {}
    import torch

    rng = np.random.default_rng(8)
    weights = torch.from_numpy(rng.standard_normal(tuple(sums.shape)).astype(dtype))
    gradients = {}
    for name, part in parts.items():
        only = torch.zeros_like(weights)
        only[:, part] = weights[:, part]
        gradient = torch.autograd.grad(
            sums, list(variables.values()), only, retain_graph=True, materialize_grads=True
        )
        gradients[name] = plain(gradient)
    return values, gradients


def names(group: str) -> list[str]:
    from keopsnb.numpy import Pm, Vi, Vj

    x, y, s, Q = lazy_cases.dims(group).values()
    return list(lazy_cases.GROUPS[group](Vi(0, x), Vj(1, y), Pm(2, s), Pm(3, Q)))


CASES = [(group, name) for group in lazy_cases.GROUPS for name in names(group)]


def tolerance(name: str, dtype: str) -> float | None:
    return 1e-6 if dtype == "float64" and name in lazy_cases.SINGLE else None


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("library", ["numpy", "torch"])
@pytest.mark.parametrize(("group", "name"), CASES)
def test_values(library: str, dtype: str, group: str, name: str) -> None:
    theirs, ours = (compute(package, library, dtype, group)[0][name] for package in BOTH)
    assert_same(ours, theirs, dtype, tolerance(name, dtype))


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("group", "name"), CASES)
def test_gradients(dtype: str, group: str, name: str) -> None:
    theirs, ours = (compute(package, "torch", dtype, group)[1][name] for package in BOTH)
    assert_same(ours, theirs, dtype, tolerance(name, dtype))
