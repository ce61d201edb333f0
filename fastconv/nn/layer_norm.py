"""Layer normalisation layer."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real, real_dtype
from fastconv.functional._normalization import epsilon
from fastconv.functional._options import flag
from fastconv.functional.layer_norm import forward, gradients, normalized

from .module import Module
from .parameter import Parameter


class LayerNorm(Module):
    r"""Layer normalisation, as ``torch.nn.LayerNorm``: mean and variance over the last axes of each sample.

    .. math:: y_{ri} = w_i \frac{x_{ri} - \mu_r}{\sqrt{\sigma_r^2 + \epsilon}} + b_i

    Ba, Kiros and Hinton, "Layer normalization" (2016).

    Parameters
    ----------
    normalized_shape : int or sequence of int
        The last axes of the input.
    eps : float
        Added to the variance.
    elementwise_affine : bool
        Whether there is a weight.
    bias : bool
        Whether there is a bias beside the weight.
    dtype : float32 or float64

    Attributes
    ----------
    weight, bias : Parameter, shape normalized_shape, or None
        Ones and zeros at first.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> norm = nn.LayerNorm(2)
    >>> norm
    LayerNorm((2,), eps=1e-05, elementwise_affine=True, bias=True)
    >>> norm(np.array([[1.0, 3.0]], np.float32)).round(3)
    array([[-1.,  1.]], dtype=float32)
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        normalized_shape: int | Sequence[int],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
        *,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.normalized_shape = normalized("LayerNorm", normalized_shape)
        epsilon("LayerNorm", eps)
        self.eps = eps
        self.elementwise_affine = flag("LayerNorm", "elementwise_affine", elementwise_affine)
        real_type, shape = real_dtype("LayerNorm", dtype), self.normalized_shape
        biased = flag("LayerNorm", "bias", bias) and self.elementwise_affine
        self.weight = Parameter(np.ones(shape, real_type)) if self.elementwise_affine else None
        self.bias = Parameter(np.zeros(shape, real_type)) if biased else None

    def forward(self, input: Array) -> Array:
        """``(..., *normalized_shape)``; the output has the same shape."""
        weight, bias = (None if p is None else p.data for p in (self.weight, self.bias))
        x = real("LayerNorm", "input", input)
        output, statistics = forward("LayerNorm", x, self.normalized_shape, weight, bias, self.eps)
        self.save_for_backward(x, statistics)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        x, statistics = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight is not None and weight.requires_grad, bias is not None and bias.requires_grad)
        scale = None if weight is None else real("LayerNorm.backward", "weight", weight.data, x.dtype)
        grad_input, grad_weight, grad_bias = gradients(
            "LayerNorm.backward", grad_output, x, self.normalized_shape, scale, statistics, mask
        )
        if weight is not None and grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}, "
            f"bias={self.bias is not None}"
        )
