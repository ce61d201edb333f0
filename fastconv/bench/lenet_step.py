"""The task of a whole training step: forward, loss, backward and Adam of LeNet-5."""

from typing import Any

import numpy as np

from fastconv import models, nn, optim

from .shapes import Layer
from .task import Task, normals

# Multiplications and additions of one image in the forward pass: two convolutions, three linear layers.
CONV1 = 2 * 6 * 28 * 28 * 25
FORWARD = CONV1 + 2 * (16 * 10 * 10 * 150 + 400 * 120 + 120 * 84 + 84 * 10)


def lenet5(layer: Layer) -> list[Task]:
    """One step from the same first weights.

    The results are the loss and all gradients; of the first call, which is compared, also the logits after the step.
    (Not the weights: Adam divides a gradient by its own size, so rounding decides where one is all but zero.)
    """
    x = normals(*layer.input)
    target = np.random.default_rng(1).integers(0, 10, len(x))

    def fastconv() -> Any:
        model = models.lenet5(rng=0)
        criterion = nn.CrossEntropyLoss()
        optimizer = optim.Adam(model.parameters(), lr=1e-3)
        parameters = list(model.parameters())
        last: list[Any] = []

        def step() -> Any:
            loss = criterion(model(x), target)
            optimizer.zero_grad()
            model.backward(criterion.backward(), input_grad=False)
            optimizer.step()
            if not last:
                last.append(model(x))
            return [loss, *(p.grad for p in parameters), *last]

        return step

    def torch_step(torch: Any) -> Any:
        layers = torch.nn
        model = layers.Sequential(
            layers.Conv2d(1, 6, 5),
            layers.ReLU(),
            layers.MaxPool2d(2),
            layers.Conv2d(6, 16, 5),
            layers.ReLU(),
            layers.MaxPool2d(2),
            layers.Flatten(),
            layers.Linear(400, 120),
            layers.ReLU(),
            layers.Linear(120, 84),
            layers.ReLU(),
            layers.Linear(84, 10),
        )
        parameters = list(model.parameters())
        with torch.no_grad():
            for parameter, same in zip(parameters, models.lenet5(rng=0).parameters(), strict=True):
                parameter.copy_(torch.from_numpy(np.asarray(same)))
        optimizer = torch.optim.Adam(parameters, lr=1e-3)
        tx, tt = torch.from_numpy(x), torch.from_numpy(target)
        last: list[Any] = []

        def step() -> Any:
            loss = layers.functional.cross_entropy(model(tx), tt)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if not last:
                last.append(model(tx))
            return [loss, *(p.grad for p in parameters), *last]

        return step

    # The gradient of the images is not computed: a training step does not need it.
    flops = len(x) * (3 * FORWARD - CONV1)
    return [Task(layer.title(), "step", flops, fastconv, torch_step)]
