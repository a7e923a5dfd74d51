"""Every reduction on a GPU; long lists of first terms over an emulated driver."""

import emulated_gpu
import pytest
import test_reductions as on_cpu
from test_reductions import DTYPES, ROWS

# Law: a reduction is on a GPU what it is on the CPU: values, indices, counts and truth.


@pytest.mark.gpu
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", ROWS)
def test_value(name: str, dtype: str) -> None:
    row = ROWS[name]
    for axis, M, N in ((1, 5, 130), (0, 67, 17), (1, 3, 20_000)):
        if name == "Prod" and N > 1000:
            continue
        args = on_cpu.arguments(M, N, dtype)
        expected, f = on_cpu.expected_of(row, axis, *args)
        found = on_cpu.as_tuple(on_cpu.reduction_of(row, axis)(*args, backend="GPU"))
        error = 1e-10 if dtype == "float64" else DTYPES[dtype]
        on_cpu.compare(row, found, expected, f, error)


# Lists too long for registers, in several parts and of numbers of 16 bits; quarters, so that terms
# are exact and tie.
SCRIPT = """
from keopsnb.numpy import Genred

def same(dtype, M, N, formula, reduction, K):
    x, y = ((rng.integers(1, 9, (n, 2)) / 4).astype(dtype) for n in (M, N))
    genred = Genred(formula, ["x = Vi(2)", "y = Vj(2)"], reduction, axis=1, opt_arg=K)
    found, expected = (genred(x, y, backend=backend) for backend in ("GPU", "CPU"))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_array_equal(a, b)

for M, N in ((3, 9000), (131, 70)):
    same("float32", M, N, "SqDist(x, y)", "KMin_ArgKMin", 40)
same("float16", 7, 300, "x - y", "KMax", 50)
assert len(calls("cuLaunchKernel")) == 4
"""


def test_emulated() -> None:
    emulated_gpu.run(SCRIPT)
