"""Which algorithm computes a convolution: one table from geometry to algorithm, and what runs it.

    direct      the sum over taps and channels, as it stands in the docstring of conv2d
    depthwise   the same sum where each group has one channel, by kernels for few multiplications a pixel
    pointwise   the same sum where the kernel is 1 x 1: products of matrices that read the image where it lies
    winograd    3 x 3 kernels: a quarter of the multiplications, rounding errors of up to 2e-6 of sum |x| |w|

The choice depends on shapes and options only: not on the number of images or threads, nor on which gradients are
wanted. The measurements behind the numbers are in docs/design.md. Backends without a kernel for an algorithm compute
the direct sum.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from fastconv import _config
from fastconv._arrays import FLOAT32, Array, DType, real_dtype
from fastconv._geometry import Conv2dGeometry, Shape, conv2d_geometry, shape_argument
from fastconv.functional._options import word

ALGORITHMS = ("auto", "direct", "depthwise", "pointwise", "winograd")
DIRECTIONS = ("forward", "grad_input", "grad_weight")
KERNELS = {
    "forward": "conv2d",
    "grad_input": "conv2d_grad_input",
    "grad_weight": "conv2d_grad_weight",
}

FEWEST_CHANNELS = 16
"""With fewer, the transforms cost more than they save."""
LEAST_COVERED = 0.5
"""Share of the outputs of whole 4 x 4 tiles that the image must have."""


class Choice(NamedTuple):
    """An algorithm, and why it was chosen."""

    algorithm: str
    reason: str


class Explanation(NamedTuple):
    """What `explain_conv2d` tells; ``print`` shows a line for each direction."""

    forward: Choice
    grad_input: Choice
    grad_weight: Choice

    def __str__(self) -> str:
        return "\n".join(
            f"{name:12} {choice.algorithm:9} {choice.reason}" for name, choice in self._asdict().items()
        )


def _is_winograd(g: Conv2dGeometry) -> bool:
    """Whether the transforms exist for these options."""
    return g.R == g.S == 3 and g.stride_h == g.stride_w == g.dilation_h == g.dilation_w == g.groups == 1


def _against_winograd(g: Conv2dGeometry, direction: str, dtype: DType) -> str | None:
    """Why the direct sum is the better choice for a shape that Winograd's transforms serve, or None."""
    if dtype != FLOAT32:
        return "float64 is always summed directly"
    if _config.get_float32_conv_precision() == "highest":
        return "set_float32_conv_precision('highest') asks for it"
    if min(g.C, g.K) < FEWEST_CHANNELS:
        return f"fewer than {FEWEST_CHANNELS} channels do not pay for the transforms of winograd"
    height, width, top, left = g.P, g.Q, g.pad_top, g.pad_left
    bottom, right = g.P + 2 - g.H - top, g.Q + 2 - g.W - left
    if direction == "grad_input":
        height, width = g.H, g.W
        top, left, bottom, right = 2 - top, 2 - left, 2 - bottom, 2 - right
    if direction != "grad_weight" and max(top, left, bottom, right) > 1:
        return "the errors of winograd would be large next to sums of a single tap, which this padding has"
    if height * width < LEAST_COVERED * 16 * -(-height // 4) * -(-width // 4):
        return "a map this small leaves most of the tiles of winograd empty"
    return None


def _is_pointwise(g: Conv2dGeometry) -> bool:
    """Whether each output pixel sees one input pixel, the one at its own place."""
    return g.R == g.S == g.stride_h == g.stride_w == 1 and (g.P, g.Q) == (g.H, g.W) and g.pad_top == g.pad_left == 0


def _is_depthwise(g: Conv2dGeometry) -> bool:
    """Whether each output channel sees one input channel."""
    return g.groups == g.C


def choose(
    function: str, geometry: Conv2dGeometry, direction: str, dtype: DType, algorithm: str, side: str = "input"
) -> Choice:
    """The algorithm for one direction; ``algorithm`` is what the caller asked for.

    Raises ValueError if that cannot serve the geometry. ``side`` is what the caller calls the geometry's C channels:
    they are the output of a transposed convolution.
    """
    if algorithm == "direct":
        return Choice("direct", "algorithm='direct' asks for it")
    if algorithm == "depthwise":
        if not _is_depthwise(geometry):
            raise ValueError(
                f"{function}: algorithm 'depthwise' needs as many groups as {side} channels, got groups "
                f"{geometry.groups} for {geometry.C} channels"
            )
        return Choice("depthwise", "algorithm='depthwise' asks for it")
    g = geometry
    if algorithm == "pointwise":
        if not _is_pointwise(g):
            raise ValueError(
                f"{function}: algorithm 'pointwise' needs a 1x1 kernel with stride 1 and no padding; got a {g.R}x{g.S} "
                f"kernel, stride {g.stride_h, g.stride_w}, and {g.P}x{g.Q} outputs of {g.H}x{g.W} pixels"
            )
        return Choice("pointwise", "algorithm='pointwise' asks for it")
    possible = _is_winograd(geometry)
    if algorithm == "winograd":
        if dtype != FLOAT32:
            raise ValueError(f"{function}: algorithm 'winograd' computes in float32 only, got arrays of {dtype}")
        if not possible:
            raise ValueError(
                f"{function}: algorithm 'winograd' needs a 3x3 kernel with stride 1, dilation 1 and groups 1; got a "
                f"{g.R}x{g.S} kernel, stride {g.stride_h, g.stride_w}, dilation {g.dilation_h, g.dilation_w}, "
                f"groups {g.groups}"
            )
        return Choice("winograd", "algorithm='winograd' asks for it")
    if geometry.groups > 1 and _is_depthwise(geometry):
        return Choice("depthwise", "each output channel sees one input channel only")
    if _is_pointwise(geometry) and direction != "grad_weight":
        return Choice("pointwise", "a 1x1 kernel with stride 1 and no padding: a product of matrices for each image")
    if not possible:
        return Choice("direct", "winograd needs a 3x3 kernel with stride 1, dilation 1 and groups 1")
    against = _against_winograd(geometry, direction, dtype)
    if against:
        return Choice("direct", against)
    return Choice("winograd", "a 3x3 kernel with stride 1 and enough channels: a quarter of the multiplications")


def kernel(ops: Any, algorithm: str, direction: str) -> Callable[..., None]:
    """The kernel of an algorithm, called with arrays, geometry and more; what it reports is computed again.

    What a kernel reports is not finite. The direct sum takes its place, so that infinities, NaN and overflows are where
    that has them, and the bits of an image depend on no other.
    """
    name = KERNELS[direction]
    direct: Callable[..., None] = getattr(ops, name)
    fast = getattr(ops, f"{algorithm}_{name}", direct)
    if fast is direct:
        return direct

    def checked(first: Array, second: Any, *rest: Any) -> None:
        suspect = fast(first, second, *rest)
        if not suspect:
            return
        if direction == "grad_weight":
            direct(first, second, *rest)
            return
        # The first array has a row for each image, and so has the one before the geometry.
        at = next(i for i, value in enumerate(rest) if isinstance(value, Conv2dGeometry))
        between, last, geometry, more = rest[: at - 1], rest[at - 1], rest[at], rest[at + 1 :]
        for n in suspect:
            direct(first[n : n + 1], second, *between, last[n : n + 1], geometry._replace(N=1), *more)

    return checked


def compute(
    ops: Any, algorithm: str, direction: str, arrays: tuple[Any, ...], geometry: Conv2dGeometry, *more: Any
) -> None:
    """Call the kernel of an algorithm; ``more`` goes to it behind the geometry."""
    kernel(ops, algorithm, direction)(*arrays, geometry, *more)


def explain_conv2d(
    input_shape: Shape,
    weight_shape: Shape,
    stride: int | tuple[int, int] = 1,
    padding: Any = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
    *,
    algorithm: str = "auto",
    dtype: npt.DTypeLike = np.float32,
) -> Explanation:
    """Tell which algorithm computes a convolution and its gradients, and why.

    Parameters
    ----------
    input_shape : tuple of int, (N, C, H, W) or (C, H, W)
    weight_shape : tuple of int, (K, C / groups, R, S)
    stride, padding, dilation, groups, algorithm
        As in `functional.conv2d`. With another padding mode than zeros, the shape of the padded input and no padding
        say what runs.
    dtype : float32 or float64

    Returns
    -------
    Explanation
        A named tuple with the fields ``forward``, ``grad_input`` and ``grad_weight``; each is a pair
        ``(algorithm, reason)``. It prints as three lines.

    Raises
    ------
    TypeError, ValueError
        As `functional.conv2d`.

    Examples
    --------
    >>> import fastconv as fc
    >>> print(fc.explain_conv2d((8, 64, 56, 56), (64, 64, 3, 3), padding=1))
    forward      winograd  a 3x3 kernel with stride 1 and enough channels: a quarter of the multiplications
    grad_input   winograd  a 3x3 kernel with stride 1 and enough channels: a quarter of the multiplications
    grad_weight  winograd  a 3x3 kernel with stride 1 and enough channels: a quarter of the multiplications
    >>> fc.explain_conv2d((8, 3, 224, 224), (64, 3, 7, 7), stride=2, padding=3).forward
    Choice(algorithm='direct', reason='winograd needs a 3x3 kernel with stride 1, dilation 1 and groups 1')
    """
    word("explain_conv2d", "algorithm", algorithm, ALGORITHMS)
    kind = real_dtype("explain_conv2d", dtype)
    shapes = (
        shape_argument("explain_conv2d", "input_shape", input_shape),
        shape_argument("explain_conv2d", "weight_shape", weight_shape),
    )
    geometry, _ = conv2d_geometry("explain_conv2d", *shapes, stride, padding, dilation, groups)
    return Explanation(*(choose("explain_conv2d", geometry, way, kind, algorithm) for way in DIRECTIONS))
