"""Values and derivatives of every operation against its NumPy reference."""

from collections.abc import Callable

import numpy as np
import pytest
import scipy.special
from operations import KERNELS, ROWS, Case, Result, check_close, results

MODULES = {"numpy": np, "scipy": scipy}
NUMBERS = {"float32": np.finfo(np.float32), "float64": np.finfo(np.float64)}


def reference(case: Case, result: Result, operands: list[np.ndarray]) -> np.ndarray:
    return np.broadcast_to(case.reference(operands, MODULES), result.e.shape)


# Law: each operation is its reference, up to rounding.


@pytest.mark.parametrize("kernel", KERNELS)
@pytest.mark.parametrize("name", ROWS)
def test_value(name: str, kernel: str) -> None:
    for case, result in results(name)[kernel].items():
        expected = reference(case, result, result.operands).sum(1)
        check_close(case, result.value, expected, 16 * float(NUMBERS[result.dtype].eps))


# Law: Grad(F, v, e) = J_v^T e, and so again for each derivative of it.

Values = Callable[[list[np.ndarray]], np.ndarray]


def adjoint(f: Values, operands: list[np.ndarray], k: int, e: np.ndarray, h: float) -> np.ndarray:
    """J^T e in operand k by central differences of fourth order."""
    columns = []
    for c in range(operands[k].shape[-1]):
        shift = np.zeros(operands[k].shape[-1])
        shift[c] = h

        def at(steps: int, shift: np.ndarray = shift) -> np.ndarray:
            moved = [v + steps * shift if i == k else v for i, v in enumerate(operands)]
            return (f(moved) * e).sum(-1)

        columns.append((8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * h))
    return np.stack(columns, -1)


def check_derivative(
    case: Case, found: np.ndarray, expected: Callable[[float], np.ndarray], h: float, error: float
) -> None:
    """Away from kinks and jumps of the function, where two step widths disagree."""
    wide, narrow = expected(h).sum(1), expected(h / 2).sum(1)
    smooth = np.abs(wide - narrow) <= 100 * error * max(1.0, float(np.median(np.abs(narrow))))
    assert np.mean(smooth) > 0.5, f"{case}: hardly any point to compare at"
    check_close(case, np.where(smooth, found, 0), np.where(smooth, narrow, 0), error)


@pytest.mark.parametrize("kernel", KERNELS[::2])
@pytest.mark.parametrize("name", ROWS)
def test_first_derivatives(name: str, kernel: str) -> None:
    for case, result in results(name)[kernel].items():
        for k, found in enumerate(result.first):

            def expected(h: float, case=case, result=result, k=k) -> np.ndarray:
                f = lambda v: reference(case, result, v)  # noqa: E731
                return adjoint(f, result.operands, k, result.e, h)

            check_derivative(case, found, expected, 1e-3, 1e-8)


@pytest.mark.parametrize("name", ROWS)
def test_second_derivatives(name: str) -> None:
    for case, result in results(name)[KERNELS[0]].items():
        for k, row in enumerate(result.second):
            for m, found in enumerate(row):

                def expected(h: float, case=case, result=result, k=k, m=m) -> np.ndarray:
                    f = lambda v: reference(case, result, v)  # noqa: E731
                    g = lambda v: adjoint(f, v, k, result.e, h)  # noqa: E731
                    return adjoint(g, result.operands, m, result.u[k], h)

                check_derivative(case, found, expected, 4e-3, 1e-6)
