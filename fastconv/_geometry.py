"""Sizes: what the options of convolution, padding and pooling mean for arrays of given shapes.

Everything is computed in Python integers, before any memory is allocated and before a kernel runs, and every
error about a size is written here.

Dimensions are ``N, C, H, W`` (batch, input channels, height, width), ``K, R, S`` (output channels, kernel
height and width) and ``P, Q`` (output height and width).
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

LIMIT = 2**31 - 1
"""Largest value of a size parameter."""

Shape = tuple[int, ...]
Pair = tuple[int, int]
Sides = tuple[Pair, Pair]
"""``((top, bottom), (left, right))``."""


class Conv2dGeometry(NamedTuple):
    """Sizes of a convolution; padding at the bottom and right follows from ``P`` and ``Q``."""

    N: int
    C: int
    H: int
    W: int
    K: int
    R: int
    S: int
    P: int
    Q: int
    stride_h: int
    stride_w: int
    pad_top: int
    pad_left: int
    dilation_h: int
    dilation_w: int
    groups: int


class Pool2dGeometry(NamedTuple):
    """Sizes of a pooling; ``planes`` is the number of images times channels."""

    planes: int
    H: int
    W: int
    R: int
    S: int
    P: int
    Q: int
    stride_h: int
    stride_w: int
    pad_h: int
    pad_w: int
    dilation_h: int
    dilation_w: int


class Pad2dGeometry(NamedTuple):
    """Sizes of a padding; a negative ``top`` or ``left`` crops."""

    planes: int
    H: int
    W: int
    P: int
    Q: int
    top: int
    left: int


def shown(value: object) -> str:
    """A short text of a value for an error message, whatever its size and whatever its ``repr`` does."""
    try:
        text = repr(value)
    except Exception:  # the repr of a stranger, or of an int with thousands of digits
        return f"a value of type {type(value).__name__}"
    return text if len(text) <= 80 else text[:77] + "..."


def is_integer(value: object) -> bool:
    """Whether a value counts as an integer: ``bool`` does not."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def is_sequence(value: object) -> bool:
    """Whether a value counts as a sequence of numbers: text and bytes do not."""
    return isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray | memoryview)


def _bounds(low: int, high: int, value: object) -> str:
    allowed = f">= {low}" if _beyond(value, low) else f"<= {high}"
    return f"{allowed}, got {shown(value)}"


def _beyond(value: Any, low: int) -> bool:
    """Whether a number, or any number in nested sequences, is below ``low``."""
    if is_sequence(value):
        return any(_beyond(item, low) for item in value)
    return bool(value < low)


def integer(function: str, name: str, value: object, low: int, high: int = LIMIT) -> int:
    """One integer argument, ``low <= value <= high``."""
    if type(value) is int and low <= value <= high:  # by far the most frequent, here and in `pair`
        return value
    if not is_integer(value):
        raise TypeError(f"{function}: {name} must be an int, got {shown(value)}")
    number = int(value)  # type: ignore[call-overload]
    if not low <= number <= high:
        raise ValueError(f"{function}: {name} must be {_bounds(low, high, value)}")
    return int(number)


def pair(function: str, name: str, value: Any, low: int) -> Pair:
    """One int for height and width alike, or a sequence of one or two ints."""
    if type(value) is int and low <= value <= LIMIT:
        return value, value
    if type(value) is tuple and len(value) == 2:
        first, second = value
        if type(first) is int and type(second) is int and low <= first <= LIMIT and low <= second <= LIMIT:
            return first, second
    if is_integer(value):
        number = integer(function, name, value, low)
        return number, number
    if not is_sequence(value):
        raise TypeError(f"{function}: {name} must be an int or a pair of ints, got {shown(value)}")
    if len(value) not in (1, 2):
        raise ValueError(f"{function}: {name} must be one int or two, got {len(value)}: {shown(value)}")
    if not all(map(is_integer, value)):
        raise TypeError(f"{function}: {name} must be an int or a pair of ints, got {shown(value)}")
    first, second = int(value[0]), int(value[-1])
    if not (low <= first <= LIMIT and low <= second <= LIMIT):
        raise ValueError(f"{function}: {name} must be {_bounds(low, LIMIT, value)}")
    return first, second


def single(function: str, name: str, value: Any, low: int) -> int:
    """One int, or a sequence of one."""
    if is_integer(value):
        return integer(function, name, value, low)
    if not is_sequence(value):
        raise TypeError(f"{function}: {name} must be an int, got {shown(value)}")
    if len(value) != 1:
        raise ValueError(f"{function}: {name} must be one int, got {len(value)}: {shown(value)}")
    return integer(function, name, value[0], low)


def width(function: str, name: str, value: Any, low: int) -> Pair:
    """Height and width from a size of a 1-D operation: it is a width, and the height is ``low``, which does nothing."""
    return low, single(function, name, value, low)


EXTENTS = (width, pair)
"""What reads a size of an operation with one axis, and with two: by the number of axes - 1."""


def told(size: Pair, axes: int) -> Pair | int:
    """Height and width for an error message, or the width alone."""
    return size if axes == 2 else size[1]


def sides(function: str, name: str, value: Any, low: int) -> Sides:
    """An int, ``(height, width)`` or ``((top, bottom), (left, right))``."""
    kind = type(value[0] if type(value) is tuple and value else value)
    if kind is int or not (is_sequence(value) and any(map(is_sequence, value))):
        h, w = pair(function, name, value, low)
        return (h, h), (w, w)
    allowed = f"{function}: {name} must be an int, a pair of ints or ((top, bottom), (left, right))"
    if not all(map(is_sequence, value)):
        raise TypeError(f"{allowed}, got {shown(value)}")
    if len(value) != 2 or any(len(side) != 2 for side in value):
        raise ValueError(f"{allowed}, got {shown(value)}")
    if not all(is_integer(amount) for side in value for amount in side):
        raise TypeError(f"{allowed}, got {shown(value)}")
    top, bottom, left, right = (int(amount) for side in value for amount in side)
    if not (low <= min(top, bottom, left, right) and max(top, bottom, left, right) <= LIMIT):
        raise ValueError(f"{function}: {name} must be {_bounds(low, LIMIT, value)}")
    return (top, bottom), (left, right)


def shape_argument(function: str, name: str, value: Any) -> Shape:
    """A shape given as a sequence of ints, each >= 0."""
    if not is_sequence(value) or not all(map(is_integer, value)):
        raise TypeError(f"{function}: {name} must be a sequence of ints, got {shown(value)}")
    shape = tuple(map(int, value))
    if not all(0 <= size <= LIMIT for size in shape):
        raise ValueError(f"{function}: {name} must be {_bounds(0, LIMIT, value)}")
    return shape


def image_shape(function: str, name: str, shape: Shape, axes: int = 2) -> tuple[int, int, int, int]:
    """``(N, C, H, W)`` of a batch of images, or of one image ``(C, H, W)``, which is a batch of one.

    With one axis, of signals ``(N, C, L)`` or ``(C, L)``, which are images of one row.
    """
    images = shape if axes == 2 else (*shape[:-1], 1, *shape[-1:])
    if len(images) == 4:
        n, c, h, w = images
    elif len(images) == 3:
        n, (c, h, w) = 1, images
    else:
        allowed = "3-D or 4-D, (C, H, W) or (N, C, H, W)" if axes == 2 else "2-D or 3-D, (C, L) or (N, C, L)"
        raise ValueError(f"{function}: {name} must be {allowed}, got {len(shape)}-D of shape {shape}")
    if c == 0 or h == 0 or w == 0:
        parts = "channel, row and column" if axes == 2 else "channel and element"
        raise ValueError(f"{function}: {name} must have at least one {parts}, got shape {shape}")
    return n, c, h, w


def kernel_shape(function: str, shape: Shape, channels: str, axes: int) -> tuple[int, int, int, int]:
    """The shape of a weight, with a height of 1 if it has none; ``channels`` names its first two axes in the text."""
    if len(shape) != axes + 2:
        sizes = "height, width" if axes == 2 else "length"
        raise ValueError(
            f"{function}: weight must be {axes + 2}-D, ({channels}, {sizes}), got {len(shape)}-D of shape {shape}"
        )
    if 0 in shape:
        raise ValueError(f"{function}: weight must not be empty, got shape {shape}")
    first, second, *_, width = shape
    return first, second, shape[2] if axes == 2 else 1, width


def conv2d_padding(
    function: str, padding: Any, size: Pair, kernel: Pair, stride: Pair, dilation: Pair, axes: int = 2
) -> Sides:
    """The padding of a convolution as ``((top, bottom), (left, right))``.

    ``"same"`` gives ``ceil(size / stride)`` outputs; an odd amount goes to the bottom and right (ONNX
    SAME_UPPER).
    """
    if not isinstance(padding, str):
        if axes == 2:
            return sides(function, "padding", padding, 0)
        amount = single(function, "padding", padding, 0)
        return (0, 0), (amount, amount)
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding != "same":
        numbers = "an int, a pair of ints or ((top, bottom), (left, right))" if axes == 2 else "or an int"
        raise ValueError(f'{function}: padding must be "same", "valid", {numbers}, got {shown(padding)}')
    amounts = []
    for length, taps, step, spread in zip(size, kernel, stride, dilation, strict=True):
        outputs = -(-length // step)
        total = max((outputs - 1) * step + spread * (taps - 1) + 1 - length, 0)
        amounts.append((total // 2, total - total // 2))
    return amounts[0], amounts[1]


def conv2d_geometry(
    function: str,
    input_shape: Shape,
    weight_shape: Shape,
    stride: Any,
    padding: Any,
    dilation: Any,
    groups: Any,
    axes: int = 2,
) -> tuple[Conv2dGeometry, Sides]:
    """The sizes of a convolution and its padding on all four sides; with one axis, those of images of one row.

    ``P = (H + top + bottom - dilation * (R - 1) - 1) // stride + 1``, and likewise ``Q``.
    """
    extent = EXTENTS[axes - 1]
    stride_h, stride_w = strides = extent(function, "stride", stride, 1)
    dilation_h, dilation_w = dilations = extent(function, "dilation", dilation, 1)
    groups = integer(function, "groups", groups, 1)
    n, c, h, w = image_shape(function, "input", input_shape, axes)
    k, channels, r, s = kernel_shape(function, weight_shape, "out_channels, in_channels / groups", axes)
    if c % groups or k % groups:
        raise ValueError(
            f"{function}: groups must divide both numbers of channels, got {groups} for input of shape "
            f"{input_shape} and weight of shape {weight_shape}"
        )
    if channels * groups != c:
        raise ValueError(
            f"{function}: weight of shape {weight_shape} with groups {groups} fits {channels * groups} "
            f"input channels, but input of shape {input_shape} has {c}"
        )
    pads = conv2d_padding(function, padding, (h, w), (r, s), strides, dilations, axes)
    (top, bottom), (left, right) = pads
    padded = padded_h, padded_w = h + top + bottom, w + left + right
    spans = span_h, span_w = dilation_h * (r - 1) + 1, dilation_w * (s - 1) + 1
    if span_h > padded_h or span_w > padded_w:
        raise ValueError(
            f"{function}: the kernel {told((r, s), axes)} of weight with dilation {told(dilations, axes)} spans "
            f"{told(spans, axes)} pixels, more than the padded input, {told(padded, axes)}"
        )
    p, q = (padded_h - span_h) // stride_h + 1, (padded_w - span_w) // stride_w + 1
    geometry = Conv2dGeometry(n, c, h, w, k, r, s, p, q, stride_h, stride_w, top, left, dilation_h, dilation_w, groups)
    return geometry, pads


def check_output_padding(function: str, more: Shape, strides: Shape, dilations: Shape) -> None:
    """Refuse output padding that a larger input should have given, for each axis."""
    if any(amount >= max(step, spread) for amount, step, spread in zip(more, strides, dilations, strict=True)):
        amounts, steps, spreads = (sizes if len(sizes) > 1 else sizes[0] for sizes in (more, strides, dilations))
        raise ValueError(
            f"{function}: output_padding must be smaller than stride or dilation, got {amounts} for stride {steps} "
            f"and dilation {spreads}"
        )


def conv_transpose2d_geometry(
    function: str,
    input_shape: Shape,
    weight_shape: Shape,
    stride: Any,
    padding: Any,
    output_padding: Any,
    groups: Any,
    dilation: Any,
    axes: int = 2,
) -> Conv2dGeometry:
    """The sizes of the convolution whose adjoint a transposed convolution is: its C, H, W are those of the result.

    ``H = (P - 1) * stride - 2 * padding + dilation * (R - 1) + output_padding + 1``, and likewise ``W``.
    """
    extent = EXTENTS[axes - 1]
    stride_h, stride_w = strides = extent(function, "stride", stride, 1)
    pad_h, pad_w = pads = extent(function, "padding", padding, 0)
    more_h, more_w = more = extent(function, "output_padding", output_padding, 0)
    groups = integer(function, "groups", groups, 1)
    dilation_h, dilation_w = dilations = extent(function, "dilation", dilation, 1)
    check_output_padding(function, more[-axes:], strides[-axes:], dilations[-axes:])
    n, k, p, q = image_shape(function, "input", input_shape, axes)
    inputs, channels, r, s = kernel_shape(function, weight_shape, "in_channels, out_channels / groups", axes)
    if inputs != k:
        raise ValueError(
            f"{function}: weight of shape {weight_shape} fits {inputs} input channels, but input of shape "
            f"{input_shape} has {k}"
        )
    if k % groups:
        raise ValueError(
            f"{function}: groups must divide the number of input channels, got {groups} for input of shape "
            f"{input_shape}"
        )
    h = (p - 1) * stride_h - 2 * pad_h + dilation_h * (r - 1) + more_h + 1
    w = (q - 1) * stride_w - 2 * pad_w + dilation_w * (s - 1) + more_w + 1
    if h < 1 or w < 1:
        raise ValueError(
            f"{function}: padding {told(pads, axes)} leaves nothing of the result: its size would be "
            f"{told((h, w), axes)}"
        )
    return Conv2dGeometry(
        n, channels * groups, h, w, k, r, s, p, q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w, groups
    )


def _pool_windows(function: str, size: int, taps: int, step: int, pad: int, spread: int, ceil_mode: bool) -> int:
    """How many windows fit along one axis."""
    room = size + 2 * pad - spread * (taps - 1) - 1
    if not ceil_mode:
        return room // step + 1
    windows = -(-room // step) + 1
    # A last window that would start in the padding at the end holds no pixel.
    return windows - 1 if (windows - 1) * step >= size + pad else windows


def pool2d_geometry(
    function: str,
    input_shape: Shape,
    kernel_size: Any,
    stride: Any,
    padding: Any,
    dilation: Any,
    ceil_mode: bool,
    name: str = "input",
    axes: int = 2,
) -> Pool2dGeometry:
    """The sizes of a pooling: as a convolution's, rounded up with ``ceil_mode``."""
    extent = EXTENTS[axes - 1]
    r, s = kernel = extent(function, "kernel_size", kernel_size, 1)
    stride_h, stride_w = kernel if stride is None else extent(function, "stride", stride, 1)
    pad_h, pad_w = pads = extent(function, "padding", padding, 0)
    dilation_h, dilation_w = dilations = extent(function, "dilation", dilation, 1)
    n, c, h, w = image_shape(function, name, input_shape, axes)
    spans = dilation_h * (r - 1) + 1, dilation_w * (s - 1) + 1
    if 2 * pad_h > spans[0] or 2 * pad_w > spans[1]:
        raise ValueError(
            f"{function}: padding must be at most half the kernel's span, got padding {told(pads, axes)} for "
            f"kernel_size {told(kernel, axes)} with dilation {told(dilations, axes)}, a span of {told(spans, axes)}"
        )
    p = _pool_windows(function, h, r, stride_h, pad_h, dilation_h, ceil_mode)
    q = _pool_windows(function, w, s, stride_w, pad_w, dilation_w, ceil_mode)
    if p < 1 or q < 1:
        raise ValueError(
            f"{function}: output size is too small: kernel_size {told(kernel, axes)} with dilation "
            f"{told(dilations, axes)} spans {told(spans, axes)}, the padded input is "
            f"{told((h + 2 * pad_h, w + 2 * pad_w), axes)}"
        )
    return Pool2dGeometry(n * c, h, w, r, s, p, q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w)


def adaptive2d_size(function: str, output_size: Any, size: Pair) -> Pair:
    """Rows and columns of an adaptive pooling: an int, or a pair in which None stands for the size of the image."""
    if is_sequence(output_size) and len(output_size) == 2:
        given = tuple(own if wanted is None else wanted for wanted, own in zip(output_size, size, strict=True))
        return pair(function, "output_size", given, 1)
    return pair(function, "output_size", output_size, 1)


def unpool2d_size(
    function: str, input_shape: Shape, kernel_size: Any, stride: Any, padding: Any, output_size: Any
) -> tuple[int, int, int, int]:
    """``(N, C, H, W)`` of what a pooling may have been made of.

    ``H = (P - 1) * stride - 2 * padding + kernel_size``; another height less than a stride away would have given
    as many windows, so ``output_size`` may say so.
    """
    kernel = pair(function, "kernel_size", kernel_size, 1)
    strides = kernel if stride is None else pair(function, "stride", stride, 1)
    pads = pair(function, "padding", padding, 0)
    n, c, p, q = image_shape(function, "input", input_shape)
    h, w = (
        (count - 1) * step - 2 * pad + taps
        for count, step, pad, taps in zip((p, q), strides, pads, kernel, strict=True)
    )
    if output_size is not None:
        wanted = shape_argument(function, "output_size", output_size)
        if len(wanted) not in (2, len(input_shape)):
            raise ValueError(
                f"{function}: output_size must be (H, W), or a shape of {len(input_shape)} axes as that of the input, "
                f"got {shown(output_size)}"
            )
        for got, usual, step in zip(wanted[-2:], (h, w), strides, strict=True):
            if not usual - step < got < usual + step:
                raise ValueError(
                    f"{function}: output_size must be less than a stride away from {(h, w)}, got {shown(output_size)} "
                    f"with stride {strides}"
                )
        if len(wanted) > 2 and wanted[:-2] != input_shape[:-2]:
            raise ValueError(
                f"{function}: output_size must have the batch and channels of input, {input_shape[:-2]}, "
                f"got {shown(output_size)}"
            )
        h, w = wanted[-2:]
    if h < 1 or w < 1:
        raise ValueError(
            f"{function}: padding {pads} leaves nothing of the result: its size would be {(h, w)}; "
            "output_size may give another"
        )
    return n, c, h, w


def padded_size(function: str, name: str, size: int, before: int, after: int, mode: str, *, axis: int) -> int:
    """The length of one axis after padding, or the error that says why it cannot be padded so."""
    if mode == "constant":
        if size + before + after < 0:
            raise ValueError(f"{function}: {name} {(before, after)} crops more than the {size} elements of axis {axis}")
        return size + before + after
    if before < 0 or after < 0:
        raise ValueError(f'{function}: {name} must be >= 0 with mode "{mode}", got {(before, after)} for axis {axis}')
    most = {"reflect": size - 1, "circular": size}.get(mode, LIMIT)
    if max(before, after) > most:
        relation = "smaller than" if mode == "reflect" else "at most"
        raise ValueError(
            f'{function}: {name} must be {relation} the axis with mode "{mode}", got {(before, after)} '
            f"for axis {axis} of {size} elements"
        )
    return size + before + after


def pad2d_geometry(function: str, name: str, input_shape: Shape, amounts: Sides, mode: str) -> Pad2dGeometry:
    """The sizes of a padding of the last two axes."""
    if len(input_shape) < 2:
        raise ValueError(
            f"{function}: {name} must be at least 2-D, (..., H, W), got {len(input_shape)}-D of shape {input_shape}"
        )
    check_pad_source(function, name, input_shape, 2, mode)
    h, w = input_shape[-2:]
    (top, bottom), (left, right) = amounts
    p = padded_size(function, "padding", h, top, bottom, mode, axis=len(input_shape) - 2)
    q = padded_size(function, "padding", w, left, right, mode, axis=len(input_shape) - 1)
    return Pad2dGeometry(product(input_shape[:-2]), h, w, p, q, top, left)


def check_pad_source(function: str, name: str, input_shape: Shape, axes: int, mode: str) -> None:
    """Refuse to copy from nothing: the padded axes and the channels before them must not be empty."""
    if mode != "constant" and 0 in input_shape[-axes - 1 :]:
        raise ValueError(
            f'{function}: {name} must have at least one channel, row and column with mode "{mode}", '
            f"got shape {input_shape}"
        )


def product(shape: Shape) -> int:
    """The number of elements of a shape, exactly."""
    count = 1
    for size in shape:
        count *= size
    return count
