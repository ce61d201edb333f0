"""Larger images: every pixel repeated."""

from typing import Any

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array, check_shape, empty, real
from fastconv._geometry import pair
from fastconv.functional._options import word

from .module import Module


class Upsample(Module):
    """Repeat every row and column of images, as ``torch.nn.Upsample`` with whole factors and ``mode="nearest"``.

    Parameters
    ----------
    scale_factor : int or pair of int
        How often rows and columns are repeated.
    mode : {"nearest"}

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Upsample(scale_factor=2)(np.array([[[[1.0, 2.0]]]]))
    array([[[[1., 1., 2., 2.],
             [1., 1., 2., 2.]]]])
    """

    factors: tuple[int, int]

    def __init__(self, scale_factor: int | tuple[int, int], mode: str = "nearest") -> None:
        self.factors = pair("Upsample", "scale_factor", _whole(scale_factor), 1)
        self.scale_factor = scale_factor
        self.mode = word("Upsample", "mode", mode, ("nearest",))

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, C, s H, s W)``."""
        x = real("Upsample", "input", input)
        if x.ndim != 4:
            raise ValueError(f"Upsample: input must be 4-D, (N, C, H, W), got {x.ndim}-D of shape {x.shape}")
        n, c, h, w = x.shape
        rows, columns = self.factors
        output = empty("Upsample", "scale_factor", (n, c, h * rows, w * columns), x.dtype)
        output.reshape(n, c, h, rows, w, columns)[...] = x.reshape(n, c, h, 1, w, 1)
        self.save_for_backward(x.shape, output.shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: the sum over all places where a pixel went."""
        shape, expected = self.saved_for_backward()
        if not input_grad:
            return None
        grad = real("Upsample.backward", "grad_output", grad_output)
        check_shape("Upsample.backward", "grad_output", grad, expected, "that of the output")
        return F.avg_pool2d(grad, self.factors, divisor_override=1) if grad.size else np.zeros(shape, grad.dtype)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        factors = self.scale_factor
        shown = tuple(map(float, factors)) if isinstance(factors, tuple | list) else float(factors)
        return f"scale_factor={shown}, mode={self.mode!r}"


def _whole(value: Any) -> Any:
    """A factor such as 2.0 as an int, or several."""
    if isinstance(value, tuple | list):
        return tuple(int(factor) if _is_whole(factor) else factor for factor in value)
    return int(value) if _is_whole(value) else value


def _is_whole(value: Any) -> bool:
    return isinstance(value, float) and value.is_integer()
