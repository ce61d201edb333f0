"""Maximum and average pooling and their gradients, as plain loops over windows."""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .store import store

if TYPE_CHECKING:
    from fastconv._geometry import Pool2dGeometry


def inside(outputs: int, kernel: int, stride: int, dilation: int, pad: int, size: int) -> list[range]:
    """For each output the positions of its window that lie in the image."""
    result = []
    for p in range(outputs):
        start = p * stride - pad
        first = max(0, -(start // dilation))
        stop = min(kernel, -((start - size) // dilation))
        result.append(range(start + first * dilation, start + stop * dilation, dilation))
    return result


def extents(outputs: int, kernel: int, stride: int, pad: int, size: int) -> list[int]:
    """For each output how much of its window lies in the padded image; the overhang of ceil does not."""
    return [min(p * stride - pad + kernel, size + pad) - (p * stride - pad) for p in range(outputs)]


def max_pool2d(
    input: NDArray[Any], output: NDArray[Any], indices: NDArray[Any] | None, geometry: "Pool2dGeometry"
) -> None:
    """Write the maximum of every window and, in `indices`, where in its plane it was.

    The first of equal maxima wins; a NaN wins over everything, the last NaN over earlier ones.
    A window wholly in padding gives -inf and -1.
    """
    planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w = geometry
    rows = inside(P, R, stride_h, dilation_h, pad_h, H)
    columns = inside(Q, S, stride_w, dilation_w, pad_w, W)
    maxima = []
    positions = []
    for plane in input.reshape(planes, H, W).tolist():
        for row in rows:
            for column in columns:
                maximum = float("-inf")
                position = -1
                for i in row:
                    line = plane[i]
                    for j in column:
                        x = line[j]
                        if x > maximum or x != x or position < 0:
                            maximum = x
                            position = i * W + j
                maxima.append(maximum)
                positions.append(position)
    store(output, maxima)
    if indices is not None:
        indices.reshape(-1)[:] = positions


def max_pool2d_backward(grad_output: NDArray[Any], indices: NDArray[Any], grad_input: NDArray[Any]) -> bool:
    """Add the gradient of every window to the pixel that was its maximum; -1 adds nowhere.

    False, and nothing is written, if an index is neither a place in the plane nor -1.
    """
    area = grad_input.shape[-2] * grad_input.shape[-1]
    windows = grad_output.shape[-2] * grad_output.shape[-1]
    result = [0.0] * grad_input.size
    gradients = grad_output.reshape(-1).tolist()
    for t, position in enumerate(indices.reshape(-1).tolist()):
        if not -1 <= position < area:
            return False
        if position >= 0:
            result[t // windows * area + position] += gradients[t]
    store(grad_input, result)
    return True


def divisors(geometry: "Pool2dGeometry", count_include_pad: bool, divisor_override: int) -> list[list[int]]:
    """What the sum of every window is divided by."""
    _, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w = geometry
    if divisor_override:
        return [[divisor_override] * Q for _ in range(P)]
    if count_include_pad:
        heights = extents(P, R, stride_h, pad_h, H)
        widths = extents(Q, S, stride_w, pad_w, W)
    else:
        heights = [len(row) for row in inside(P, R, stride_h, dilation_h, pad_h, H)]
        widths = [len(column) for column in inside(Q, S, stride_w, dilation_w, pad_w, W)]
    return [[height * width for width in widths] for height in heights]


def avg_pool2d(
    input: NDArray[Any],
    output: NDArray[Any],
    geometry: "Pool2dGeometry",
    count_include_pad: bool,
    divisor_override: int,
) -> None:
    """Write the sum of every window over its divisor."""
    planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w = geometry
    rows = inside(P, R, stride_h, dilation_h, pad_h, H)
    columns = inside(Q, S, stride_w, dilation_w, pad_w, W)
    divisor = divisors(geometry, count_include_pad, divisor_override)
    result = []
    for plane in input.reshape(planes, H, W).tolist():
        for p, row in enumerate(rows):
            for q, column in enumerate(columns):
                total = 0.0
                for i in row:
                    line = plane[i]
                    for j in column:
                        total += line[j]
                result.append(total / divisor[p][q])
    store(output, result)


def avg_pool2d_backward(
    grad_output: NDArray[Any],
    grad_input: NDArray[Any],
    geometry: "Pool2dGeometry",
    count_include_pad: bool,
    divisor_override: int,
) -> None:
    """Add the gradient of every window, over its divisor, to each of its pixels."""
    planes, H, W, R, S, P, Q, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w = geometry
    rows = inside(P, R, stride_h, dilation_h, pad_h, H)
    columns = inside(Q, S, stride_w, dilation_w, pad_w, W)
    divisor = divisors(geometry, count_include_pad, divisor_override)
    result: list[float] = []
    for grad_plane in grad_output.reshape(planes, P, Q).tolist():
        plane = [[0.0] * W for _ in range(H)]
        for p, row in enumerate(rows):
            for q, column in enumerate(columns):
                share = grad_plane[p][q] / divisor[p][q]
                for i in row:
                    line = plane[i]
                    for j in column:
                        line[j] += share
        for line in plane:
            result += line
    store(grad_input, result)
