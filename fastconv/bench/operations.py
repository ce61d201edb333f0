"""The tasks of single layers: every call goes through the public functions, checks and allocations included."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastconv import functional as F

from .shapes import Layer
from .task import Task, normals


def conv2d(layer: Layer) -> list[Task]:
    """Convolution: forward, each gradient, all gradients."""
    n, c, _, _ = layer.input
    kernel, k = layer.options["kernel"], layer.options["outputs"]
    x, w, b = normals(*layer.input), normals(k, c, kernel, kernel), normals(k)
    y = F.conv2d(x, w, b)
    dy = normals(*y.shape)
    flops = 2 * n * y[0].size * c * kernel * kernel

    def torch_forward(torch: Any) -> Any:
        tx, tw, tb = map(torch.from_numpy, (x, w, b))
        return lambda: [torch.nn.functional.conv2d(tx, tw, tb)]

    tasks = [Task(layer.title(), "forward", flops, lambda: lambda: [F.conv2d(x, w, b)], torch_forward)]
    directions = {
        "grad_input": ((True, False, False), flops),
        "grad_weight": ((False, True, False), flops),
        "backward": ((True, True, True), 2 * flops),
    }
    for direction, (mask, work) in directions.items():

        def backward(mask: tuple[bool, bool, bool] = mask) -> Any:
            return lambda: [g for g in F.conv2d_backward(dy, x, w, output_mask=mask) if g is not None]

        def torch_backward(torch: Any, mask: tuple[bool, bool, bool] = mask) -> Any:
            tdy, tx, tw = map(torch.from_numpy, (dy, x, w))
            gradients = torch.ops.aten.convolution_backward
            options = [k], [1, 1], [0, 0], [1, 1], False, [0, 0], 1, list(mask)
            return lambda: [g for g in gradients(tdy, tx, tw, *options) if g is not None]

        tasks.append(Task(layer.title(), direction, work, backward, torch_backward))
    return tasks


def pad2d(layer: Layer) -> list[Task]:
    """Padding with zeros."""
    x, p = normals(*layer.input), layer.options["padding"]
    dy = normals(*F.pad2d(x, p).shape)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [torch.nn.functional.pad(tx, (p, p, p, p))]

    def torch_backward(torch: Any) -> Any:
        tdy = torch.from_numpy(dy)
        return lambda: [torch.nn.functional.pad(tdy, (-p, -p, -p, -p))]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.pad2d(x, p)], torch_forward),
        Task(layer.title(), "backward", None, lambda: lambda: [F.pad2d_backward(dy, x.shape, p)], torch_backward),
    ]


def max_pool2d(layer: Layer) -> list[Task]:
    """Maximum pooling; the gradient is told where the maxima were."""
    x, k = normals(*layer.input), layer.options["kernel"]
    y, indices = F.max_pool2d(x, k, return_indices=True)
    dy = normals(*y.shape)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [torch.nn.functional.max_pool2d(tx, k)]

    def torch_backward(torch: Any) -> Any:
        tdy, tx, places = map(torch.from_numpy, (dy, x, indices))
        gradient = torch.ops.aten.max_pool2d_with_indices_backward
        options = [k, k], [k, k], [0, 0], [1, 1], False
        return lambda: [gradient(tdy, tx, *options, places)]

    def backward() -> Any:
        return lambda: [F.max_pool2d_backward(dy, indices, x.shape)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.max_pool2d(x, k)], torch_forward),
        Task(layer.title(), "backward", None, backward, torch_backward),
    ]


def avg_pool2d(layer: Layer) -> list[Task]:
    """Average pooling."""
    x, k = normals(*layer.input), layer.options["kernel"]
    dy = normals(*F.avg_pool2d(x, k).shape)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [torch.nn.functional.avg_pool2d(tx, k)]

    def torch_backward(torch: Any) -> Any:
        tdy, tx = map(torch.from_numpy, (dy, x))
        gradient = torch.ops.aten.avg_pool2d_backward
        return lambda: [gradient(tdy, tx, [k, k], [k, k], [0, 0], False, True, None)]

    def backward() -> Any:
        return lambda: [F.avg_pool2d_backward(dy, x.shape, k)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.avg_pool2d(x, k)], torch_forward),
        Task(layer.title(), "backward", None, backward, torch_backward),
    ]


def linear(layer: Layer) -> list[Task]:
    """Fully connected layer: forward, all gradients."""
    rows, features = layer.input
    outputs = layer.options["outputs"]
    x, w, b, dy = normals(rows, features), normals(outputs, features), normals(outputs), normals(rows, outputs)
    flops = 2 * rows * features * outputs

    def torch_forward(torch: Any) -> Any:
        tx, tw, tb = map(torch.from_numpy, (x, w, b))
        return lambda: [torch.nn.functional.linear(tx, tw, tb)]

    def torch_backward(torch: Any) -> Any:
        tdy, tx, tw = map(torch.from_numpy, (dy, x, w))
        return lambda: [tdy @ tw, tdy.T @ tx, tdy.sum(0)]

    return [
        Task(layer.title(), "forward", flops, lambda: lambda: [F.linear(x, w, b)], torch_forward),
        Task(layer.title(), "backward", 2 * flops, lambda: lambda: F.linear_backward(dy, x, w), torch_backward),
    ]


def activation(layer: Layer) -> list[Task]:
    """An activation that keeps its output for the gradient."""
    forward: Callable[..., NDArray[Any]] = getattr(F, layer.operation)
    backward: Callable[..., NDArray[Any]] = getattr(F, f"{layer.operation}_backward")
    x, dy = normals(*layer.input), normals(*layer.input)[::-1].copy()
    y = forward(x)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [getattr(torch, layer.operation)(tx)]

    def torch_backward(torch: Any) -> Any:
        tdy, ty = map(torch.from_numpy, (dy, y))
        aten = torch.ops.aten
        if layer.operation == "relu":
            return lambda: [aten.threshold_backward(tdy, ty, 0)]
        return lambda: [aten.sigmoid_backward(tdy, ty)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [forward(x)], torch_forward),
        Task(layer.title(), "backward", None, lambda: lambda: [backward(dy, y)], torch_backward),
    ]


def cross_entropy(layer: Layer) -> list[Task]:
    """Softmax cross-entropy and its gradient in one call."""
    rows, classes = layer.input
    z = normals(rows, classes)
    target = np.random.default_rng(rows).integers(0, classes, rows)

    def torch_both(torch: Any) -> Any:
        tz, tt = torch.from_numpy(z.copy()).requires_grad_(), torch.from_numpy(target)

        def both() -> Any:
            tz.grad = None
            loss = torch.nn.functional.cross_entropy(tz, tt)
            loss.backward()
            return [loss, tz.grad]

        return both

    return [Task(layer.title(), "both", None, lambda: lambda: F.softmax_cross_entropy(z, target), torch_both)]
