"""The reductions that derivatives are made of: how many, what they take, and as text."""

import copy
import gc
import json
import pickle
from typing import Any

import numpy as np
import pytest

from keopsnb import _core
from keopsnb._reduction import Reduction, reduction_of

ROWS = [row for row in _core.reductions() if row.differentiable and row.call and not row.picks]
ALIASES = ["x = Vi(2)", "y = Vj(2)", "b = Vj(2)", "p = Pm(1)"]
KEEPS = {"Mean": 1, "Variance": 5, "Prod": 8, "SumSoftMaxWeight": 4, "SoftMax": 4}


def made(row: _core.ReductionRow, axis: int = 1) -> Reduction:
    weight = "b" if row.weight.name == "required" else None
    return Reduction("x * y * p", ALIASES, row.name, axis, weight)


def arrays(reduction: Reduction, rows: int = 5) -> tuple[Any, ...]:
    random = np.random.default_rng(0)
    return tuple(
        random.uniform(0.5, 1, (dim,) if category == 2 else (rows, dim))
        for _, dim, category in reduction.variables
    )


# Law: gradients in any variables take one pass over each index: what a law keeps costs none.


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_passes(row: _core.ReductionRow) -> None:
    reduction = made(row)
    for of in (reduction, reduction.kept):
        over_j, over_i = of.gradients([True] * 4, joined=True)
        assert (over_j[0].axis, over_i[0].axis) == (1, 0)
        assert (over_j[1], over_i[1]) == ([0, 3], [1, 2])
        assert [len(one[0].variables) for one in (over_j, over_i)] == [5 + of.takes_rows] * 2
    assert [axis.axis for axis, *_ in reduction.gradients([True] * 4)] == [1, 0, 2]


# Law: what is kept stands behind the result, which is the same, bit for bit.


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_kept(row: _core.ReductionRow) -> None:
    reduction = made(row)
    assert reduction.keeps == (row.name in KEEPS)
    assert reduction.kept.out_dim == reduction.out_dim + KEEPS.get(row.name, 0)
    given = arrays(reduction)
    result, rows = (r(_core.NUMPY, given) for r in (reduction, reduction.kept))
    assert rows[:, : reduction.out_dim].tobytes() == result.tobytes()


# Law: a reduction is made again from its key, as derivatives are.


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_keys(row: _core.ReductionRow) -> None:
    reduction = made(row, 2)
    one = [True, True, False, True]
    derived = [reduction.kept, reduction.tangent(one), *reduction.kernels(one)]
    for found in (reduction, *derived):
        again = Reduction(*json.loads(found.key))
        given = arrays(found)
        np.testing.assert_array_equal(again(_core.NUMPY, given), found(_core.NUMPY, given))
        assert again.key == found.key
        for copied in (pickle.loads(pickle.dumps(found)), copy.deepcopy(found)):
            assert copied is reduction_of(found.key)


# Law: what a derivative is made of stays while one of it is used.


def test_lifetime() -> None:
    total = made(ROWS[0]).gradients([True, False, False, False])[0][0]
    gc.collect()
    assert total(_core.NUMPY, arrays(total)).shape == (5, 2)


def test_a_formula_that_is_too_deep() -> None:
    deep = "x" + " + x" * 998
    reduction = Reduction(deep, ["x = Vi(1)", "y = Vj(1)"], "Variance", 1)
    with pytest.raises(
        ValueError, match="derivative of this reduction .* more than 1000 operations"
    ):
        reduction.gradients([True, False])
