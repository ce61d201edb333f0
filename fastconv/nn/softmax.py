"""Softmax layer."""

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv._geometry import integer

from .module import Module


class Softmax(Module):
    r"""Softmax :math:`e^{x_c} / \sum_j e^{x_j}` along an axis, as ``torch.nn.Softmax``.

    Parameters
    ----------
    dim : int, optional
        The axis; negative ones count from the end. Without it the axis is torch's choice: the first of an input
        with 0, 1 or 3 axes, otherwise the second.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Softmax(dim=1)(np.array([[1e4, 0.0], [2.0, 2.0]]))
    array([[1. , 0. ],
           [0.5, 0.5]])
    """

    def __init__(self, dim: int | None = None) -> None:
        self.dim = None if dim is None else integer("Softmax", "dim", dim, -64, 63)

    def forward(self, input: Array) -> Array:
        """Any shape that has the axis; the output has the same."""
        dim = self.dim
        if dim is None:
            dim = 0 if np.ndim(input) in (0, 1, 3) else 1
        output = F.softmax(input, dim)
        self.save_for_backward(output, dim)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        r"""Return the gradient of the input, :math:`y_c (\bar y_c - \sum_j \bar y_j y_j)`."""
        output, dim = self.saved_for_backward()
        return F.softmax_backward(grad_output, output, dim) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"dim={self.dim}"
