"""A way around modules."""

import numpy as np

from fastconv._arrays import Array, real

from . import _tape
from .module import Module


class Residual(Module):
    """The sum of a body and a shortcut around it, ``body(x) + shortcut(x)``.

    Put an activation behind it with `Sequential`, as in the residual networks of He et al., "Deep residual learning
    for image recognition" (2016).

    Parameters
    ----------
    body : Module
    shortcut : Module, optional
        The input itself if left out.

    Raises
    ------
    TypeError
        Something else than a Module.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> block = nn.Residual(nn.Sequential(nn.Conv2d(4, 4, 3, padding=1, rng=0), nn.ReLU()))
    >>> block(np.zeros((2, 4, 8, 8), np.float32)).shape
    (2, 4, 8, 8)
    >>> list(block.state_dict())
    ['body.0.weight', 'body.0.bias']
    """

    body: Module
    shortcut: Module | None

    def __init__(self, body: Module, shortcut: Module | None = None) -> None:
        self.add_module("body", body)
        if shortcut is None:
            self.shortcut = None
        else:
            self.add_module("shortcut", shortcut)

    def forward(self, input: Array) -> Array:
        """The sum.

        Raises
        ------
        ValueError
            Body and shortcut give arrays of different shapes.
        TypeError
            Body and shortcut give arrays of different dtypes.
        """
        body = real("Residual", "what the body gives", self.body(input))
        if self.shortcut is None:
            name, shortcut = "input", real("Residual", "input", input, body.dtype)
        else:
            name = "what the shortcut gives"
            shortcut = real("Residual", name, self.shortcut(input), body.dtype)
        if body.shape != shortcut.shape:
            raise ValueError(
                f"Residual: {name} must have the shape of what the body gives, {body.shape}, got {shortcut.shape}"
            )
        output: Array = np.add(body, shortcut)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Run ``backward`` of shortcut and body; return the sum of their gradients of the input."""
        # The other way round than forward: a layer that stands in both takes the last use first.
        parts = [part for part in (self.shortcut, self.body) if part is not None]
        if not input_grad:
            for part in parts:
                if part._is_trained():
                    part.backward(grad_output, input_grad=False)
            return None
        grads = [part.backward(grad_output) for part in parts]
        around = real("Residual.backward", "grad_output", grad_output) if self.shortcut is None else grads[0]
        total: Array = np.add(around, grads[-1])
        return total

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        body = self.body._record(tape, input)
        shortcut = input if self.shortcut is None else self.shortcut._record(tape, input)
        return _tape.add(tape, body, shortcut)
