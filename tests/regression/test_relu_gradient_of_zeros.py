"""The NumPy backend's gradient of ReLU was -0.0 where no gradient came through and that of the output was negative."""

import numpy as np
import pytest

from fastconv import functional as F


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_what_does_not_come_through_is_zero(dtype: type, backend: str) -> None:
    gradient = np.array([-3, -np.inf, np.nan, -0.0, -2], dtype)
    result = F.relu_backward(gradient, np.array([0, 0, 0, 1, 1], dtype))
    assert result.tobytes() == np.array([0, 0, 0, -0.0, -2], dtype).tobytes()
