"""Fully connected layer."""

from math import prod

import numpy as np
import numpy.typing as npt

from fastconv import functional as F
from fastconv._arrays import Array, real_dtype
from fastconv._generator import generator
from fastconv._geometry import integer
from fastconv.functional._options import flag

from . import _tape, init
from .module import Module
from .parameter import Parameter


class Linear(Module):
    r"""Fully connected layer :math:`y = x W^T + b`, as ``torch.nn.Linear``.

    Weight and bias start uniformly in :math:`\pm 1 / \sqrt{in\_features}`.

    Parameters
    ----------
    in_features, out_features : int
    bias : bool
    rng : int or numpy.random.Generator, optional
        Where the first weights come from: a seed, or a generator that several layers share.
    dtype : float32 or float64

    Attributes
    ----------
    weight : Parameter, shape (out_features, in_features)
    bias : Parameter, shape (out_features,), or None

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> linear = nn.Linear(3, 2, rng=0)
    >>> linear
    Linear(in_features=3, out_features=2, bias=True)
    >>> linear(np.zeros((5, 3), np.float32)).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        *,
        rng: int | np.random.Generator | None = None,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        self.in_features = integer("Linear", "in_features", in_features, 0)
        self.out_features = integer("Linear", "out_features", out_features, 0)
        rng, dtype = generator("Linear", rng), real_dtype("Linear", dtype)
        shape = (self.out_features, self.in_features)
        self.weight = Parameter(init.kaiming_uniform(shape, a=5**0.5, rng=rng, dtype=dtype))
        self.bias: Parameter | None = None
        if flag("Linear", "bias", bias):
            bound = self.in_features**-0.5 if self.in_features else 0.0
            self.bias = Parameter(init.uniform(shape[:1], -bound, bound, rng=rng, dtype=dtype))

    def forward(self, input: Array) -> Array:
        """``(..., in_features)`` to ``(..., out_features)``."""
        self.save_for_backward(input)
        return F.linear(input, self.weight.data, None if self.bias is None else self.bias.data)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        (input,) = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight.requires_grad, bias is not None and bias.requires_grad)
        grad_input, grad_weight, grad_bias = F.linear_backward(grad_output, input, weight.data, output_mask=mask)
        if grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        weight, bias = tape.data(self.weight), tape.data(self.bias)
        assert weight is not None
        rows, features = prod(input.shape[:-1]), input.shape[-1:]
        if weight.shape[1:] != features or (bias is not None and bias.shape != weight.shape[:1]):
            raise _tape.Unrecordable
        output = tape.new((*input.shape[:-1], len(weight)))
        x, y = tape.view(input, (rows, *features)), tape.view(output, (rows, len(weight)))
        tape.call(tape.ops.linear, x, weight, bias, y)
        tape.save(self, input)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            dy = back.view(grad, y.shape)
            if back.wants(self.weight):
                back.call(tape.ops.linear_grad_weight, dy, x, back.grad(self.weight))
            if back.wants(self.bias):
                back.call(tape.ops.linear_grad_bias, dy, back.grad(self.bias))
            dx = back.grad(input)
            if dx is not None:
                back.call(tape.ops.linear_grad_input, dy, weight, back.view(dx, x.shape))

        tape.on_backward(output, [input, self.weight, self.bias], pull)
        return output

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"in_features={self.in_features}, out_features={self.out_features}, bias={self.bias is not None}"
