"""Every operation through the GPU kernels, run by an emulated driver on threads of the host."""

import emulated_gpu
import pytest
from operations import ROWS

TOGETHER = 5  # operations in one kernel
# Long vectors are new only to operations that look at dimensions.
STRUCTURAL = [name for name, row in ROWS.items() if not row.partials and not row.cases]
BATCHES = [
    (names[n : n + TOGETHER], D)
    for names, D in ((list(ROWS), 3), (STRUCTURAL, 70))
    for n in range(0, len(names), TOGETHER)
]

# Law: each operation is its reference, in the kernels of short and of long vectors.


@pytest.mark.parametrize(("names", "D"), BATCHES, ids=lambda b: b[0] if isinstance(b, list) else b)
def test_values(names: list[str], D: int) -> None:
    emulated_gpu.run(
        f"""
sys.path[:0] = {emulated_gpu.FOLDERS!r}

from operations import OnGpu, ROWS, check_close, run, values_of
from test_operations import EPS, reference

cases = [case for name in {names} for case in values_of(ROWS[name], {D})]
for case, result in run(cases, "float32", 0, OnGpu).items():
    expected = reference(case, result, result.operands).sum(1)
    check_close(case, result.value, expected, 32 * EPS["float32"])
""",
        level="-O0",
    )
