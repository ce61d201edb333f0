"""Dropout layers."""

from typing import ClassVar

import numpy as np

from fastconv import functional as F
from fastconv._arrays import Array
from fastconv._generator import generator
from fastconv.functional._options import flag
from fastconv.functional.dropout import probability

from . import _tape
from .module import Module


class Dropout(Module):
    r"""Set elements to zero at random and scale the others by :math:`1 / (1 - p)`, as ``torch.nn.Dropout``.

    In eval mode nothing is dropped. Srivastava et al., "Dropout: a simple way to prevent neural networks from
    overfitting" (2014).

    Parameters
    ----------
    p : float in [0, 1]
        Probability that an element is dropped.
    inplace : bool
        Kept for scripts that set it; the output is a new array in any case.
    rng : int or numpy.random.Generator, optional
        Where the masks come from: a seed, or a generator that several layers share.

    Attributes
    ----------
    rng : numpy.random.Generator
        Its state is that of the layer: ``rng.bit_generator.state``. Masks depend on it alone, not on threads.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> dropout = nn.Dropout(0.5, rng=0)
    >>> dropout(np.ones(5)), dropout.backward(np.ones(5))
    (array([2., 2., 2., 0., 0.]), array([2., 2., 2., 0., 0.]))
    >>> dropout.eval()(np.ones(5))
    array([1., 1., 1., 1., 1.])
    """

    _drop: ClassVar = staticmethod(F.dropout)

    def __init__(
        self, p: float = 0.5, inplace: bool = False, *, rng: int | np.random.Generator | None = None
    ) -> None:
        name = type(self).__name__
        probability(name, p)
        self.p = p
        self.inplace = flag(name, "inplace", inplace)
        self.rng = generator(name, rng)

    def forward(self, input: Array) -> Array:
        """Any shape; the output has the same."""
        training = self.training
        output, mask = self._drop(input, self.p, training, rng=self.rng)
        self.save_for_backward(mask, training)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output, with mask and scale of the last forward pass."""
        mask, training = self.saved_for_backward()
        return F.dropout_backward(grad_output, mask, self.p, training) if input_grad else None

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        output, mask, training = tape.new(input.shape, over=input), _tape.Box(), self.training

        def drop(input: Array, mask: _tape.Box, output: Array) -> None:
            result, mask.content = self._drop(input, self.p, training, rng=self.rng)
            np.copyto(output, result)

        def pull(grad: Array, mask: _tape.Box, grad_input: Array) -> None:
            np.copyto(grad_input, F.dropout_backward(grad, mask.content, self.p, training))

        tape.call(drop, input, mask, output)
        tape.save(self, mask, training)
        tape.on_backward(output, [input], lambda back, grad: back.call(pull, grad, mask, back.grad(input, over=grad)))
        return output

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout2d(Dropout):
    r"""Set whole channels to zero at random and scale the others by :math:`1 / (1 - p)`, as ``torch.nn.Dropout2d``.

    Tompson et al., "Efficient object localization using convolutional networks" (2015).

    Parameters
    ----------
    p, inplace, rng
        As for `Dropout`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> nn.Dropout2d(0.5, rng=0)(np.ones((1, 4, 1, 2))).tolist()
    [[[[2.0, 2.0]], [[2.0, 2.0]], [[2.0, 2.0]], [[0.0, 0.0]]]]
    """

    _drop: ClassVar = staticmethod(F.dropout2d)

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)``; the output has the same shape."""
        return super().forward(input)
