"""What layers of transposed convolution share beyond other convolutions: they can be told the size of the result."""

from typing import Any

from fastconv._arrays import Array, as_array
from fastconv._geometry import shape_argument, shown
from fastconv.functional.conv import Gradients

from ._convolution import Convolution


class TransposedConvolution(Convolution):
    """Base: a subclass says for how many axes, and which functions to call."""

    transposed = True
    _function: Any
    _function_backward: Any

    def forward(self, input: Array, output_size: tuple[int, ...] | None = None) -> Array:
        """A batch of images ``(N, C, ...)``, or one ``(C, ...)``, to maps of ``out_channels`` channels.

        ``output_size``, if given, is the size of the maps or the whole shape; it takes the place of
        `output_padding`, and is at most a stride more than the size without.
        """
        more = self.output_padding if output_size is None else self._padding_for(input, output_size)
        self.save_for_backward(input, more)
        bias = None if self.bias is None else self.bias.data
        options = (self.stride, self.padding, more, self.groups, self.dilation)
        return self._function(input, self.weight.data, bias, *options)  # type: ignore[no-any-return]

    def _backward(
        self, grad_output: Array, input: Array, weight: Array, mask: tuple[bool, bool, bool], *more: Any
    ) -> Gradients:
        options = (self.stride, self.padding, *more, self.groups, self.dilation)
        return self._function_backward(  # type: ignore[no-any-return]
            grad_output, input, weight, *options, output_mask=mask
        )

    def _padding_for(self, input: Array, output_size: Any) -> tuple[int, ...]:
        """The output padding that gives maps of this size."""
        name, axes = type(self).__name__, self.axes
        shape = as_array(name, "input", input).shape
        wanted = shape_argument(name, "output_size", output_size)
        if len(wanted) not in (axes, len(shape)):
            raise ValueError(
                f"{name}: output_size must have {axes} axes, or {len(shape)} as the input, got {shown(output_size)}"
            )
        sizes = zip(shape[-axes:], self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = tuple((size - 1) * step - 2 * pad + spread * (taps - 1) + 1 for size, taps, step, pad, spread in sizes)
        more = tuple(size - low for size, low in zip(wanted[-axes:], least, strict=True))
        if not all(0 <= amount < step for amount, step in zip(more, self.stride, strict=True)):
            raise ValueError(
                f"{name}: output_size must be {least} or less than a stride of {self.stride} more, got "
                f"{shown(output_size)}"
            )
        return more
