"""Looking for weights that are not finite raised the floating-point flags "invalid" and "denormal" of the caller."""

import numpy as np
import pytest
from grids import CONV2D, normals
from promises.float_mode import DEFAULT, INEXACT, SUPPORTED, Environment

from fastconv import _backend


@pytest.mark.skipif(not SUPPORTED, reason="MXCSR is read through glibc on x86-64")
@pytest.mark.parametrize("value", [np.inf, np.nan, 1e-40], ids=str)
@pytest.mark.parametrize("isa", _backend.runnable())
def test_flags_stay(isa: str, value: float) -> None:
    kernels, environment = _backend.kernels(isa, "float32"), Environment()
    for conv in CONV2D.values():
        x, w, y = normals(conv.input), normals(conv.weight), np.empty(conv.output(), np.float32)
        w.reshape(-1)[0] = value
        geometry = conv.geometry()
        environment.set(DEFAULT)
        kernels.conv2d(x, w, None, y, geometry)
        kernels.conv2d_grad_input(y, w, x, geometry)
        assert environment.get() & ~INEXACT == DEFAULT
