"""Padding of the last two dimensions and its gradient, as plain loops over an index map."""

from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from .store import store

if TYPE_CHECKING:
    from fastconv._geometry import Pad2dGeometry


def sources(padded: int, before: int, size: int, mode: str) -> list[int]:
    """For each padded position the input position that it repeats; -1 where the constant goes."""
    result = []
    for position in range(padded):
        i = position - before
        if mode == "reflect":
            i = abs(i)
            i = size - 1 - abs(size - 1 - i)
        elif mode == "replicate":
            i = min(max(i, 0), size - 1)
        elif mode == "circular":
            i %= size
        elif not 0 <= i < size:
            i = -1
        result.append(i)
    return result


def pad2d(
    input: NDArray[Any], output: NDArray[Any], geometry: "Pad2dGeometry", mode: str, value: float
) -> None:
    """Surround each H x W plane of `input`; a negative width in constant mode crops."""
    planes, H, W, P, Q, top, left = geometry
    rows = sources(P, top, H, mode)
    columns = sources(Q, left, W, mode)
    result = []
    for plane in input.reshape(planes, H, W).tolist():
        for i in rows:
            for j in columns:
                result.append(plane[i][j] if i >= 0 and j >= 0 else value)
    store(output, result)


def pad2d_backward(
    grad_output: NDArray[Any], grad_input: NDArray[Any], geometry: "Pad2dGeometry", mode: str
) -> None:
    """Give every input pixel the sum of the gradients of all places that repeat it."""
    planes, H, W, P, Q, top, left = geometry
    rows = sources(P, top, H, mode)
    columns = sources(Q, left, W, mode)
    result: list[float] = []
    for grad_plane in grad_output.reshape(planes, P, Q).tolist():
        plane = [[0.0] * W for _ in range(H)]
        for i, grad_line in zip(rows, grad_plane, strict=True):
            for j, gradient in zip(columns, grad_line, strict=True):
                if i >= 0 and j >= 0:
                    plane[i][j] += gradient
        for line in plane:
            result += line
    store(grad_input, result)
