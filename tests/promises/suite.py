"""Calls of everything that computes: what faults are injected into, and what is hashed."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from functional.calls import CALLS, run
from grids import CONV2D, DEPTHWISE, POINTWISE, WINOGRAD, Conv2d, normals
from nn.test_tape import CHAINS
from optim.cases import OPTIMIZERS

from fastconv import functional as F
from fastconv import models, nn, optim
from fastconv._arrays import Array

from .drawn import Normals

DTYPES = (np.float32, np.float64)
GRIDS = {"direct": CONV2D, "depthwise": DEPTHWISE, "pointwise": POINTWISE, "winograd": WINOGRAD}


class Call(NamedTuple):
    """Something that computes arrays, the same ones whenever `run` comes after `reset`."""

    name: str
    run: Callable[[], list[Array]]
    reset: Callable[[], None] = lambda: None
    inputs: tuple[Array, ...] = ()
    """Arrays that must stay as they are."""


def digest(arrays: Iterable[Array]) -> str:
    """A hash of bits, shapes and dtypes."""
    found = hashlib.sha256()
    for array in arrays:
        found.update(f"{array.dtype}{array.shape}".encode())
        found.update(array.tobytes())
    return found.hexdigest()


def functions() -> Iterator[Call]:
    """Every function of `fastconv.functional`, in both precisions."""
    for dtype in DTYPES:
        for name, build in CALLS.items():
            arguments = build(Normals(dtype, batch=3))
            inputs = tuple(value for value in arguments.values() if isinstance(value, np.ndarray))
            yield Call(f"{name} {np.dtype(dtype)}", partial(run, name, arguments), inputs=inputs)


def _convolve(x: Array, w: Array, b: Array, dy: Array, options: dict[str, Any]) -> list[Array]:
    return [F.conv2d(x, w, b, **options), *(g for g in F.conv2d_backward(dy, x, w, **options) if g is not None)]


def convolutions(n: int | None = None, rng: np.random.Generator | None = None) -> Iterator[Call]:
    """Forward and backward passes of every algorithm, over the grids of shapes with their tails; or `n` drawn ones."""
    cases = [
        (f"{algorithm} {name} {np.dtype(dtype)}", algorithm, conv, dtype)
        for algorithm, grid in GRIDS.items()
        for dtype in DTYPES[: 1 if algorithm == "winograd" else 2]
        for name, conv in grid.items()
    ]
    if n is not None and rng is not None:
        cases = [cases[i] for i in rng.choice(len(cases), min(n, len(cases)), replace=False)]
    return (_convolution(*case) for case in cases)


def _convolution(name: str, algorithm: str, conv: Conv2d, dtype: Any) -> Call:
    arrays = [normals(shape, dtype) for shape in (conv.input, conv.weight, conv.weight[:1], conv.output())]
    options = dict(zip(conv._fields[2:], conv[2:], strict=True), algorithm=algorithm)
    return Call(name, partial(_convolve, *arrays, options), inputs=tuple(arrays))


class Training:
    """Steps of training of one network, on one batch, from tapes where there are some."""

    def __init__(self, net: nn.Module, x: Array, optimizer: Callable[[list[nn.Parameter]], optim.Optimizer]) -> None:
        parameters = list(net.parameters())
        self.net, self.x = net, x
        self.optimizer = optimizer(parameters) if parameters else None
        self.upstream = normals(net(x).shape, x.dtype)
        self.generators = [module.rng for module in net.modules() if hasattr(module, "rng")]
        for _ in range(2):  # the second pass records
            self.run()
        self.first = [array.copy() for array in net.state_dict().values()]
        self.draws = [generator.bit_generator.state for generator in self.generators]
        self.steps = self.optimizer.state_dict() if self.optimizer else {}

    def reset(self) -> None:
        """Back to the state in which the first step began; what is kept between steps otherwise, stays."""
        self.net.load_state_dict(dict(zip(self.net.state_dict(), self.first, strict=True)))
        self.net.zero_grad()
        for generator, state in zip(self.generators, self.draws, strict=True):
            generator.bit_generator.state = state
        if self.optimizer:
            self.optimizer.load_state_dict(self.steps)

    def run(self) -> list[Array]:
        """A step, and an evaluation after it."""
        self.net.train().zero_grad()
        output = self.net(self.x)
        results = [output, self.net.backward(self.upstream)]
        results += [parameter.grad for parameter in self.net.parameters() if parameter.grad is not None]
        if self.optimizer:
            self.optimizer.step()
        self.net.eval()
        results.append(self.net(self.x))
        return [*results, *self.net.state_dict().values()]


def _training(name: str, net: nn.Module, x: Array, kind: Any, options: dict[str, Any]) -> Call:
    training = Training(net, x, lambda parameters: kind(parameters, **options))
    return Call(name, training.run, training.reset, (training.x, training.upstream))


def trainings() -> Iterator[Call]:
    """Steps of networks, from tapes: every kind of layer, and every optimizer."""
    x = normals((3, 2, 9, 7))
    for name, make in CHAINS.items():
        yield _training(f"training {name}", make(), x, *OPTIMIZERS["Momentum, nesterov"])
    for name, (kind, options) in OPTIMIZERS.items():
        yield _training(f"training with {name}", CHAINS["small"](), x, kind, options)
    yield _training("training LeNet-5", models.lenet5(rng=0), normals((2, 1, 32, 32)), *OPTIMIZERS["Adam"])


def expected(call: Call) -> str:
    """The hash of what a call gives when nothing is wrong."""
    call.reset()
    return digest(call.run())
