"""The tasks of single layers: every call goes through the public functions, checks and allocations included."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fastconv import functional as F

from .shapes import Layer
from .task import Task, normals

OPTIONS = {"stride": 1, "padding": 0, "dilation": 1}
ALL = (True, True, True)
DIRECTIONS = {
    "grad_input": ((True, False, False), 1),
    "grad_weight": ((False, True, False), 1),
    "grad_bias": ((False, False, True), None),
    "backward": (ALL, 2),
}


def pair(value: Any) -> tuple[int, int]:
    """Height and width."""
    return value if isinstance(value, tuple) else (value, value)


def conv2d(layer: Layer) -> list[Task]:
    """Convolution: forward, each gradient, all gradients, and all of it."""
    given = dict(layer.options)
    kernel, k, dtype = pair(given.pop("kernel")), given.pop("outputs"), given.pop("dtype", "float32")
    stride, padding, dilation = (pair(given.pop(name, start)) for name, start in OPTIONS.items())
    groups, algorithm = given.pop("groups", 1), given.pop("algorithm", "auto")
    options = (stride, padding, dilation, groups)
    c = layer.input[1]
    shapes = layer.input, (k, c // groups, *kernel), (k,)
    x, w, b = (normals(*shape).astype(dtype) for shape in shapes)
    dy = normals(*F.conv2d(x, w, b, *options).shape).astype(dtype)
    flops = 2 * dy.size * w[0].size

    def forward() -> Any:
        return lambda: [F.conv2d(x, w, b, *options, algorithm=algorithm)]

    def torch_forward(torch: Any) -> Any:
        tx, tw, tb = map(torch.from_numpy, (x, w, b))
        return lambda: [torch.nn.functional.conv2d(tx, tw, tb, *options)]

    def backward(mask: tuple[bool, bool, bool]) -> Any:
        gradients = partial(F.conv2d_backward, dy, x, w, *options, algorithm=algorithm, output_mask=mask)
        return lambda: [g for g in gradients() if g is not None]

    def torch_backward(torch: Any, mask: tuple[bool, bool, bool]) -> Any:
        tdy, tx, tw = map(torch.from_numpy, (dy, x, w))
        gradients = torch.ops.aten.convolution_backward
        rest = [k], stride, padding, dilation, False, [0, 0], groups, list(mask)
        # Asked for the bias alone, torch returns more than that.
        wanted = [i for i in range(3) if mask[i]]
        return lambda: [*map(gradients(tdy, tx, tw, *rest).__getitem__, wanted)]

    def both() -> Any:
        first, second = forward(), backward(ALL)
        return lambda: [*first(), *second()]

    def torch_both(torch: Any) -> Any:
        first, second = torch_forward(torch), torch_backward(torch, ALL)
        return lambda: [*first(), *second()]

    title = layer.title()
    tasks = [Task(title, "forward", flops, forward, torch_forward, dtype)]
    for direction, (mask, work) in DIRECTIONS.items():
        ours, theirs = partial(backward, mask), partial(torch_backward, mask=mask)
        tasks.append(Task(title, direction, work and work * flops, ours, theirs, dtype))
    return [*tasks, Task(title, "both", 3 * flops, both, torch_both, dtype)]


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

    def backward() -> Any:
        return lambda: [F.pad2d_backward(dy, x.shape, p)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.pad2d(x, p)], torch_forward, copied=x),
        Task(layer.title(), "backward", None, backward, torch_backward, copied=x),
    ]


def pooling(layer: Layer) -> tuple[int, int, int]:
    """Kernel size, stride and padding."""
    kernel = layer.options["kernel"]
    return kernel, layer.options.get("stride", kernel), layer.options.get("padding", 0)


def max_pool2d(layer: Layer) -> list[Task]:
    """Maximum pooling; the gradient is told where the maxima were."""
    x = normals(*layer.input)
    k, s, p = pooling(layer)
    y, indices = F.max_pool2d(x, k, s, p, return_indices=True)
    dy = normals(*y.shape)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [torch.nn.functional.max_pool2d(tx, k, s, p)]

    def torch_backward(torch: Any) -> Any:
        tdy, tx, places = map(torch.from_numpy, (dy, x, indices))
        gradient = torch.ops.aten.max_pool2d_with_indices_backward
        options = [k, k], [s, s], [p, p], [1, 1], False
        return lambda: [gradient(tdy, tx, *options, places)]

    def backward() -> Any:
        return lambda: [F.max_pool2d_backward(dy, indices, x.shape)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.max_pool2d(x, k, s, p)], torch_forward, copied=x),
        Task(layer.title(), "backward", None, backward, torch_backward, copied=x),
    ]


def avg_pool2d(layer: Layer) -> list[Task]:
    """Average pooling."""
    x = normals(*layer.input)
    k, s, p = pooling(layer)
    dy = normals(*F.avg_pool2d(x, k, s, p).shape)

    def torch_forward(torch: Any) -> Any:
        tx = torch.from_numpy(x)
        return lambda: [torch.nn.functional.avg_pool2d(tx, k, s, p)]

    def torch_backward(torch: Any) -> Any:
        tdy, tx = map(torch.from_numpy, (dy, x))
        gradient = torch.ops.aten.avg_pool2d_backward
        return lambda: [gradient(tdy, tx, [k, k], [s, s], [p, p], False, True, None)]

    def backward() -> Any:
        return lambda: [F.avg_pool2d_backward(dy, x.shape, k, s, p)]

    return [
        Task(layer.title(), "forward", None, lambda: lambda: [F.avg_pool2d(x, k, s, p)], torch_forward, copied=x),
        Task(layer.title(), "backward", None, backward, torch_backward, copied=x),
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
        Task(layer.title(), "forward", None, lambda: lambda: [forward(x)], torch_forward, copied=x),
        Task(layer.title(), "backward", None, lambda: lambda: [backward(dy, y)], torch_backward, copied=x),
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
