"""The tasks of whole networks: a training step with Adam, and inference."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import models, nn, optim
from fastconv._arrays import Array

from .shapes import Layer
from .task import Task, normals

STEPS, IMAGES = 5, 8
"""The losses of so many steps on so many images are compared, in double: float32 soon leads apart behind batch
normalisation, as Adam's first steps have the size of the rate even where a gradient is all rounding."""
CLASSES = 10
REALS = {"dtype": np.float32}
DOUBLES = {"dtype": np.float64}


def cifar(**kind: Any) -> nn.Sequential:
    """Two pairs of 3x3 convolutions, each with pooling behind it, and two linear layers, for images of 32x32."""
    rng = np.random.default_rng(0)

    def pair(before: int, after: int) -> list[nn.Module]:
        first, second = (nn.Conv2d(c, after, 3, padding=1, rng=rng, **kind) for c in (before, after))
        return [first, nn.ReLU(), second, nn.ReLU(), nn.MaxPool2d(2)]

    first, second = nn.Linear(4096, 128, rng=rng, **kind), nn.Linear(128, CLASSES, rng=rng, **kind)
    return nn.Sequential(*pair(3, 32), *pair(32, 64), nn.Flatten(), first, nn.ReLU(), second)


def dqn(**kind: Any) -> nn.Sequential:
    """The network that plays Atari games from four pictures of 84x84 (Mnih et al., Nature 518, 2015)."""
    rng = np.random.default_rng(0)
    sizes = ((4, 32, 8, 4), (32, 64, 4, 2), (64, 64, 3, 1))
    layers = [layer for size in sizes for layer in (nn.Conv2d(*size, rng=rng, **kind), nn.ReLU())]
    first, second = nn.Linear(3136, 512, rng=rng, **kind), nn.Linear(512, CLASSES, rng=rng, **kind)
    return nn.Sequential(*layers, nn.Flatten(), first, nn.ReLU(), second)


NETWORKS: dict[str, Callable[..., nn.Sequential]] = {
    "lenet5": partial(models.lenet5, rng=0),
    "cifar": cifar,
    "resnet20": partial(models.resnet20, rng=0),
    "mobilenet_v2": partial(models.mobilenet_v2, CLASSES, dropout=0.0, rng=0),
    "dqn": dqn,
}


def fastconv_step(model: nn.Sequential, x: Array, target: Array) -> Callable[[], Any]:
    """A training step, which gives the loss."""
    criterion, optimizer = nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=1e-3)

    def step() -> Any:
        loss = criterion(model(x), target)
        optimizer.zero_grad()
        model.backward(criterion.backward(), input_grad=False)
        optimizer.step()
        return loss

    return step


def torch_step(torch: Any, model: Any, x: Array, target: Array) -> Callable[[], Any]:
    """The same of a model in torch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    images, classes = torch.from_numpy(x), torch.from_numpy(target)

    def step() -> Any:
        loss = torch.nn.functional.cross_entropy(model(images), classes)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        return loss.detach()

    return step


def torch_forward(torch: Any, model: Any, x: Array) -> Callable[[], Any]:
    """The logits of a model in torch."""
    images = torch.from_numpy(x)

    def forward() -> Any:
        with torch.inference_mode():
            return [model(images)]

    return forward


def training(layer: Layer, ours: Callable[..., Callable[[], Any]] = fastconv_step) -> Task:
    """Steps from the same first weights on the same images; ``ours`` makes those that are held against torch's."""
    network = NETWORKS[layer.options["model"]]
    x = normals(*layer.input)
    target = np.random.default_rng(1).integers(0, CLASSES, len(x))
    few = x[:IMAGES].astype(np.float64), target[:IMAGES]

    def with_losses(make: Callable[..., Callable[[], Any]]) -> Callable[[], Any]:
        """A call that makes a step; the first one also gives the losses that are to be compared."""
        in_double = make(network(**DOUBLES), *few)
        losses = [np.array([float(in_double()) for _ in range(STEPS)])]
        step = make(network(**REALS), x, target)

        def call() -> Any:
            results = [*losses, step()]
            losses.clear()
            return results

        return call

    # The gradient of the images is not computed: a training step does not need it.
    model = network(**REALS)
    first = next(module for module in model.modules() if isinstance(module, nn.Conv2d))
    flops = 2 * (3 * multiply_adds(model, layer) - multiply_adds(first, layer))
    return Task(
        layer.title(),
        "step",
        flops,
        lambda: with_losses(ours),
        lambda torch: with_losses(lambda model, *data: torch_step(torch, model.to_torch(), *data)),
    )


def fastconv_forward(model: nn.Module, x: Array) -> Callable[[], Any]:
    """The logits."""
    return lambda: [model(x)]


def inference(layer: Layer, ours: Callable[..., Callable[[], Any]] = fastconv_forward) -> Task:
    """The logits in eval mode; ``ours`` makes those that are held against torch's."""
    network = NETWORKS[layer.options["model"]]
    x = normals(*layer.input)

    def onnxruntime_forward(onnxruntime: Any) -> Any:
        session = onnxruntime_session(onnxruntime, network(**REALS), x.shape)
        return lambda: session.run(None, {"input": x})

    return Task(
        layer.title(),
        "inference",
        2 * multiply_adds(network(**REALS), layer),
        lambda: ours(network(**REALS).eval(), x),
        lambda torch: torch_forward(torch, network(**REALS).eval().to_torch(), x),
        onnxruntime=onnxruntime_forward,
        tolerance=1e-5,
    )


def onnxruntime_session(onnxruntime: Any, model: nn.Module, shape: tuple[int, ...]) -> Any:
    """The network in onnxruntime, by way of `fc.onnx`, with as many threads as fastconv; the rest is its default."""
    from fastconv.onnx.exporting import serialized

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = fc.get_num_threads()
    return onnxruntime.InferenceSession(serialized(model, shape), options, providers=["CPUExecutionProvider"])


def multiply_adds(model: nn.Module, layer: Layer) -> int:
    """Of one forward pass."""
    return fc.summary(model, layer.input).totals.multiply_adds


def step(layer: Layer) -> list[Task]:
    """A training step alone."""
    return [training(layer)]


def network(layer: Layer) -> list[Task]:
    """A training step and inference."""
    return [training(layer), inference(layer)]
