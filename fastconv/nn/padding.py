"""Padding layers: one base, five modes."""

from typing import Any

from fastconv import functional as F
from fastconv._arrays import FLOAT64, Array, as_array
from fastconv._geometry import LIMIT, integer, is_sequence, shown
from fastconv.functional._options import number

from .module import Module


class _Pad2d(Module):
    """Base: `padding` is an int or PyTorch's ``(left, right, top, bottom)``."""

    mode: str
    value: Any = 0.0

    def __init__(self, padding: int | tuple[int, int, int, int]) -> None:
        name = type(self).__name__
        # A negative amount crops, which is defined for constants only.
        low = -LIMIT if self.mode == "constant" else 0
        amounts = tuple(padding) if is_sequence(padding) else (padding,) * 4  # type: ignore[arg-type]
        if len(amounts) != 4:
            raise ValueError(f"{name}: padding must be an int or (left, right, top, bottom), got {shown(padding)}")
        left, right, top, bottom = (integer(name, "padding", amount, low) for amount in amounts)
        self.padding = (left, right, top, bottom)

    def _sides(self) -> tuple[tuple[int, int], tuple[int, int]]:
        left, right, top, bottom = self.padding
        return (top, bottom), (left, right)

    def forward(self, input: Array) -> Array:
        """``(..., H, W)`` to ``(..., top + H + bottom, left + W + right)``."""
        output = F.pad2d(input, self._sides(), self.mode, self.value)
        self.save_for_backward(as_array(type(self).__name__, "input", input).shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: the sum over all places where a pixel went."""
        (input_shape,) = self.saved_for_backward()
        return F.pad2d_backward(grad_output, input_shape, self._sides(), self.mode) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"{self.padding}"


class ConstantPad2d(_Pad2d):
    """Put a border of one value around images; negative amounts crop.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
    value : float

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ConstantPad2d((1, 0, 0, 0), 7.0)(np.zeros((1, 1, 1, 2)))
    array([[[[7., 0., 0.]]]])
    """

    mode = "constant"

    def __init__(self, padding: int | tuple[int, int, int, int], value: float) -> None:
        super().__init__(padding)
        number("ConstantPad2d", "value", value, FLOAT64)
        self.value = value

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"padding={self.padding}, value={self.value}"


class ZeroPad2d(_Pad2d):
    """Put a border of zeros around images; negative amounts crop.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ZeroPad2d((1, 0, 0, 0))(np.ones((1, 1, 1, 2)))
    array([[[[0., 1., 1.]]]])
    """

    mode = "constant"


class ReflectionPad2d(_Pad2d):
    """Mirror images at their edges, without repeating the edge itself.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        Less than the side that is mirrored.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ReflectionPad2d((2, 2, 0, 0))(np.arange(3.0).reshape(1, 1, 1, 3))
    array([[[[2., 1., 0., 1., 2., 1., 0.]]]])
    """

    mode = "reflect"


class ReplicationPad2d(_Pad2d):
    """Repeat the edges of images.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.ReplicationPad2d((2, 1, 0, 0))(np.arange(3.0).reshape(1, 1, 1, 3))
    array([[[[0., 0., 0., 1., 2., 2.]]]])
    """

    mode = "replicate"


class CircularPad2d(_Pad2d):
    """Continue images on one side with what stands on the other.

    Parameters
    ----------
    padding : int or (left, right, top, bottom)
        At most the side that is continued.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.CircularPad2d((2, 1, 0, 0))(np.arange(3.0).reshape(1, 1, 1, 3))
    array([[[[1., 2., 0., 1., 2., 0.]]]])
    """

    mode = "circular"
