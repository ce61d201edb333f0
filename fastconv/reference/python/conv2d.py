"""2-D convolution (cross-correlation) and its gradients, as plain loops over the formula

    y[n,k,p,q] = b[k] + sum over c, r, s of w[k,c,r,s] * x[n,c,i,j]
    i = p*stride_h + r*dilation_h - pad_top,  j = q*stride_w + s*dilation_w - pad_left

All kernels of a group see the same windows: each is collected once, as a flat list, then multiplied.
Every image has a line of zeros below its last line and a zero behind the end of each line: a tap that falls
outside meets that zero, as it would in a padded image (so 0 * inf is NaN there too).
"""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .store import store

if TYPE_CHECKING:
    from fastconv._geometry import Conv2dGeometry


def taps(outputs: int, kernel: int, stride: int, dilation: int, pad: int, size: int) -> list[list[int]]:
    """For each output the image positions that its taps meet; `size`, where the zero is, if outside."""
    return [
        [i if 0 <= (i := p * stride + r * dilation - pad) < size else size for r in range(kernel)]
        for p in range(outputs)
    ]


def bordered(images: list[list[list[list[float]]]], width: int) -> list[list[list[list[float]]]]:
    """The images with a zero behind every line and a line of zeros behind every channel."""
    return [
        [[[*line, 0.0] for line in channel] + [[0.0] * (width + 1)] for channel in image] for image in images
    ]


def flat(kernels: list[list[list[list[float]]]]) -> list[list[float]]:
    """Each kernel's taps in one list: channel by channel, row by row."""
    return [[tap for channel in kernel for row in channel for tap in row] for kernel in kernels]


def conv2d(
    input: NDArray[Any],
    weight: NDArray[Any],
    bias: NDArray[Any] | None,
    output: NDArray[Any],
    geometry: "Conv2dGeometry",
) -> None:
    """Write `input` (N, C, H, W) correlated with `weight` (K, C/groups, R, S), plus `bias`."""
    _, C, H, W, K, R, S, P, Q, stride_h, stride_w, top, left, dilation_h, dilation_w, groups = geometry
    rows = taps(P, R, stride_h, dilation_h, top, H)
    columns = taps(Q, S, stride_w, dilation_w, left, W)
    kernels = flat(weight.tolist())
    biases = [0.0] * K if bias is None else bias.tolist()
    result: list[float] = []
    for image in bordered(input.tolist(), W):
        for group in range(groups):
            channels = image[group * C // groups : (group + 1) * C // groups]
            members = range(group * K // groups, (group + 1) * K // groups)
            outputs: list[list[float]] = [[] for _ in members]
            for row in rows:
                for column in columns:
                    window = [channel[i][j] for channel in channels for i in row for j in column]
                    for k, sums in zip(members, outputs, strict=True):
                        total = 0.0
                        for tap, pixel in zip(kernels[k], window, strict=True):
                            total += tap * pixel
                        sums.append(total + biases[k])
            for sums in outputs:
                result += sums
    store(output, result)


def conv2d_grad_input(
    grad_output: NDArray[Any],
    weight: NDArray[Any],
    grad_input: NDArray[Any],
    geometry: "Conv2dGeometry",
    bias: NDArray[Any] | None = None,
) -> None:
    """Give every input pixel the sum of the output gradients that it took part in, each times its tap, plus `bias`."""
    _, C, H, W, K, R, S, P, Q, stride_h, stride_w, top, left, dilation_h, dilation_w, groups = geometry
    rows = taps(P, R, stride_h, dilation_h, top, H)
    columns = taps(Q, S, stride_w, dilation_w, left, W)
    kernels = flat(weight.tolist())
    biases = [0.0] * C if bias is None else bias.tolist()
    result: list[float] = []
    for grad_image in grad_output.tolist():
        image = [[[0.0] * (W + 1) for _ in range(H + 1)] for _ in range(C)]
        for group in range(groups):
            channels = image[group * C // groups : (group + 1) * C // groups]
            members = slice(group * K // groups, (group + 1) * K // groups)
            across = list(zip(*kernels[members], strict=True))  # one tap of every kernel
            for p, row in enumerate(rows):
                for q, column in enumerate(columns):
                    gradients = [channel[p][q] for channel in grad_image[members]]
                    window = [(channel[i], j) for channel in channels for i in row for j in column]
                    for (line, j), one_tap in zip(window, across, strict=True):
                        total = 0.0
                        for gradient, tap in zip(gradients, one_tap, strict=True):
                            total += gradient * tap
                        line[j] += total
        for channel, more in zip(image, biases, strict=True):
            for line in channel[:H]:
                result += [total + more for total in line[:W]]
    store(grad_input, result)


def conv2d_grad_weight(
    grad_output: NDArray[Any], input: NDArray[Any], grad_weight: NDArray[Any], geometry: "Conv2dGeometry"
) -> None:
    """Give every tap the sum over images and outputs of the output gradient times the pixel that it met."""
    _, C, H, W, K, R, S, P, Q, stride_h, stride_w, top, left, dilation_h, dilation_w, groups = geometry
    rows = list(zip(*taps(P, R, stride_h, dilation_h, top, H), strict=True))  # of one tap: all that it meets
    columns = list(zip(*taps(Q, S, stride_w, dilation_w, left, W), strict=True))
    images = bordered(input.tolist(), W)
    grad_images = grad_output.tolist()
    gradients = [[g for image in grad_images for line in image[k] for g in line] for k in range(K)]
    sums: list[list[float]] = [[] for _ in range(K)]
    for c in range(C):
        group = c // (C // groups)
        members = range(group * K // groups, (group + 1) * K // groups)
        for row in rows:
            for column in columns:
                met = [image[c][i][j] for image in images for i in row for j in column]
                for k in members:
                    total = 0.0
                    for gradient, pixel in zip(gradients[k], met, strict=True):
                        total += gradient * pixel
                    sums[k].append(total)
    store(grad_weight, [total for kernel in sums for total in kernel])


def conv2d_grad_bias(grad_output: NDArray[Any], grad_bias: NDArray[Any], geometry: "Conv2dGeometry") -> None:
    """Sum the output gradient of each channel over images, rows and columns."""
    result = [0.0] * geometry.K
    for grad_image in grad_output.tolist():
        for k, channel in enumerate(grad_image):
            for line in channel:
                for gradient in line:
                    result[k] += gradient
    store(grad_bias, result)
