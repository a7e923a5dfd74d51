"""Arrays that are not plain: nothing of them is lost, and nothing is read where it does not lie."""

import numpy as np
import pytest

from keopsnb.numpy import Genred

DOUBLE = Genred("2 * x", ["x = Vi(2)"], axis=1)


def test_a_mask_is_not_ignored() -> None:
    x = np.ma.masked_array(np.ones((3, 2)), mask=np.eye(3, 2))
    with pytest.raises(TypeError, match=r"argument 1 \('x'\) is a masked array; write .filled"):
        DOUBLE(x)
    np.testing.assert_array_equal(DOUBLE(x.filled(5)), 2 * x.filled(5))


def test_unaligned_arrays_are_read_right() -> None:
    values = np.random.default_rng(0).random((7, 2))
    x = np.frombuffer(b"?" + values.tobytes(), np.uint8)[1:].view(np.float64).reshape(7, 2)
    assert not x.flags.aligned
    np.testing.assert_array_equal(DOUBLE(x), 2 * values)
