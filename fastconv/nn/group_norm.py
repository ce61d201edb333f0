"""Group normalisation layer."""

import numpy as np
import numpy.typing as npt

from fastconv._arrays import Array, real, real_dtype
from fastconv._geometry import integer
from fastconv.functional._normalization import epsilon
from fastconv.functional._options import flag
from fastconv.functional.group_norm import forward, gradients

from .module import Module
from .parameter import Parameter


class GroupNorm(Module):
    r"""Group normalisation, as ``torch.nn.GroupNorm``: mean and variance of each sample's groups of channels.

    .. math:: y = w_c \frac{x - \mu_{ng}}{\sqrt{\sigma_{ng}^2 + \epsilon}} + b_c

    Wu and He, "Group normalization" (2018).

    Parameters
    ----------
    num_groups, num_channels : int
        The first divides the second.
    eps : float
        Added to the variance.
    affine : bool
        Whether there are weight and bias.
    bias : bool
        With False, there is a weight only.
    dtype : float32 or float64

    Attributes
    ----------
    weight, bias : Parameter, shape (num_channels,), or None
        Ones and zeros at first.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> norm = nn.GroupNorm(2, 6)
    >>> norm
    GroupNorm(2, 6, eps=1e-05, affine=True, bias=True)
    >>> norm(np.full((2, 6, 4, 4), 5, np.float32)).any()
    np.False_
    """

    weight: Parameter | None
    bias: Parameter | None

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        *,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.num_groups = integer("GroupNorm", "num_groups", num_groups, 1)
        self.num_channels = integer("GroupNorm", "num_channels", num_channels, 1)
        if self.num_channels % self.num_groups:
            raise ValueError(f"GroupNorm: num_groups must divide num_channels {num_channels}, got {num_groups}")
        epsilon("GroupNorm", eps)
        self.eps = eps
        self.affine = flag("GroupNorm", "affine", affine)
        real_type, shape = real_dtype("GroupNorm", dtype), (self.num_channels,)
        self.weight = Parameter(np.ones(shape, real_type)) if self.affine else None
        self.bias = Parameter(np.zeros(shape, real_type)) if flag("GroupNorm", "bias", bias) and self.affine else None

    def forward(self, input: Array) -> Array:
        """``(N, C, ...)``; the output has the same shape."""
        x = real("GroupNorm", "input", input)
        if x.ndim < 2 or x.shape[1] != self.num_channels:
            raise ValueError(f"GroupNorm: input must be (N, {self.num_channels}, ...), got shape {x.shape}")
        weight, bias = (None if p is None else p.data for p in (self.weight, self.bias))
        output, statistics = forward("GroupNorm", x, self.num_groups, weight, bias, self.eps)
        self.save_for_backward(x, statistics)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        x, statistics = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight is not None and weight.requires_grad, bias is not None and bias.requires_grad)
        scale = None if weight is None else real("GroupNorm.backward", "weight", weight.data, x.dtype)
        grad_input, grad_weight, grad_bias = gradients(
            "GroupNorm.backward", grad_output, x, self.num_groups, scale, statistics, mask
        )
        if weight is not None and grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        options = f"eps={self.eps}, affine={self.affine}, bias={self.bias is not None}"
        return f"{self.num_groups}, {self.num_channels}, {options}"
