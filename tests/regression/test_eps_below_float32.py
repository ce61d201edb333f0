"""An `eps` that is no float32 became 0, and a gradient of 0 made the parameter NaN."""

import numpy as np
import pytest

from fastconv import nn, optim


@pytest.mark.parametrize("inside", [False, True])
@pytest.mark.parametrize("make", [optim.Adagrad, optim.RMSprop, optim.Adam, optim.AdamW])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_gradients_change_nothing(make, dtype, inside, backend):
    p = nn.Parameter(np.ones(5, dtype))
    options = {} if make is optim.AdamW else {"eps_inside_sqrt": inside}
    optimizer = make([p], lr=0.1, eps=1e-60, **options)
    p.grad = np.zeros(5, dtype)
    for _ in range(3):
        optimizer.step()
    np.testing.assert_allclose(p.data, 1, rtol=0.01)
