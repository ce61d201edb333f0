"""Steps of gradient descent on weighted samples, and when to stop."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from fastconv import nn, optim
from fastconv._arrays import FLOAT32, Array
from fastconv._geometry import Shape

from ._hyperparameters import SOLVERS
from ._images import batch
from ._network import dtype_of

Loss = Callable[[Array, Array], tuple[Array, Array]]
"""Of outputs ``(n, k)`` and targets: a loss for each sample, and the gradient of their sum."""


@dataclass(frozen=True)
class Samples:
    """Rows of features, targets and weights > 0 of as many samples; what weights are measured by."""

    rows: Array
    shape: Shape
    targets: Array
    weights: Array
    unit: float

    def __len__(self) -> int:
        return len(self.rows)

    def take(self, chosen: Array) -> "Samples":
        """Some of them."""
        return replace(self, rows=self.rows[chosen], targets=self.targets[chosen], weights=self.weights[chosen])


class Training:
    """A module, its optimizer, and what a sample costs.

    The gradient of a batch is that of the sum over its samples of weight * loss, and half of `alpha` times the sum of
    squares of all weight matrices and kernels, divided by the size of the batch: its number of samples times the unit
    of weights. With their mean as the unit, the mean over all batches is then the gradient of the whole, wherever
    heavy samples fall; divided by its own weight instead, a batch of one sample would not notice how heavy it is.
    """

    def __init__(self, module: nn.Module, loss: Loss, estimator: Any) -> None:
        self.module = module
        self.loss = loss
        self.alpha = float(estimator.alpha)
        self.optimizer = _optimizer(module, estimator)

    def epoch(self, samples: Samples, batches: Iterable[Any]) -> float:
        """One step on each batch, a selection of samples; returns the loss of all, each measured before its step."""
        total = 0.0
        self.module.train()
        try:
            for chosen in batches:
                total += self._step(samples, chosen)
        finally:  # also where the user interrupts a training that goes on
            self.module.eval()
            self.optimizer.zero_grad()
        return total / (len(samples) * samples.unit)

    def _step(self, samples: Samples, chosen: Any) -> float:
        dtype = dtype_of(self.module, FLOAT32)
        images = batch(samples.rows, chosen, samples.shape, dtype)
        targets, weights = samples.targets[chosen], samples.weights[chosen]
        outputs = self.module(images)
        losses, grad = self.loss(outputs, targets.astype(dtype) if targets.dtype.kind == "f" else targets)
        size = len(images) * samples.unit
        self.optimizer.zero_grad()
        self.module.backward(grad * (weights / size)[:, None].astype(dtype), input_grad=False)
        loss = float(weights @ losses) + self._penalize(size)
        self.optimizer.step()
        return loss

    def _penalize(self, size: float) -> float:
        """Add the penalty's part to the gradients; return the penalty. Vectors, such as biases, have none."""
        squares = 0.0
        for p in self.module.parameters():
            if self.alpha and p.grad is not None and p.ndim > 1:
                p.grad += p.data * p.dtype.type(self.alpha / size)
                squares += float(np.vdot(p.data, p.data))
        return 0.5 * self.alpha * squares

    def is_finite(self) -> bool:
        """Whether the steps have led somewhere."""
        return all(np.isfinite(p.data).all() for p in self.module.parameters())


def _optimizer(module: nn.Module, estimator: Any) -> optim.Optimizer:
    options: dict[str, Any] = {"lr": estimator.learning_rate_init}
    if estimator.solver == "sgd":
        momentum = estimator.momentum
        options |= {"momentum": momentum, "nesterov": bool(estimator.nesterovs_momentum and momentum > 0)}
    optimizer: optim.Optimizer = SOLVERS[estimator.solver](module.parameters(), **options)
    return optimizer


class Patience:
    """Waits while scores get better: by `tol` than the best so far, at least once in so many epochs."""

    def __init__(self, tol: float, epochs: float) -> None:
        self.tol = tol
        self.epochs = epochs
        self.best = -math.inf
        self.waited = 0

    def tell(self, score: float) -> bool:
        """Whether it is the best so far."""
        self.waited = self.waited + 1 if score < self.best + self.tol else 0
        better = score > self.best
        self.best = max(self.best, score)
        return better

    def is_over(self) -> bool:
        """Whether nothing has got better for too long."""
        return self.waited > self.epochs
