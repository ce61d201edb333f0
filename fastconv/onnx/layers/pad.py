"""A border along any axes."""

from collections.abc import Sequence

from fastconv import functional as F
from fastconv import nn
from fastconv._arrays import Array


class Pad(nn.Module):
    """A border of one value along any axes; negative amounts crop.

    Parameters
    ----------
    pads : sequence of pairs of int
        What is put before and behind each axis.
    value : float
    """

    def __init__(self, pads: Sequence[tuple[int, int]], value: float = 0.0) -> None:
        self.pads, self.value = tuple(pads), value

    def _flat(self, sign: int) -> tuple[int, ...]:
        return tuple(sign * amount for pair in reversed(self.pads) for amount in pair)

    def forward(self, input: Array) -> Array:
        """Any shape with as many axes."""
        return F.pad(input, self._flat(1), "constant", self.value)

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: that of the output, cropped."""
        return F.pad(grad_output, self._flat(-1)) if input_grad else None

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"pads={self.pads}, value={self.value}"
