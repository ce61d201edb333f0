"""No leak: what the interpreter and the C heap hold does not grow with calls, whether they succeed or fail."""

import ctypes
import gc
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

import fastconv as fc
from fastconv import nn, optim

from . import arguments
from .drawn import FAMILIES, Normals, draw, run
from .promise import Promise, Tally

WARM = 0.5  # of the calls come before the first measurement
EACH = 0.002, 0.2  # memory blocks of Python, and bytes that `malloc` has given out, for each call
HEAP = 2 << 20  # such bytes in all: tables of the interpreter grow by doubling
SMALL = 1024  # bytes of arrays whose memory NumPy keeps, seven of each size


class _Heap(ctypes.Structure):
    """What glibc's `mallinfo2` tells."""

    _names = "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost"
    _fields_ = [(name, ctypes.c_size_t) for name in _names.split()]


class Usage(NamedTuple):
    """What is in use."""

    blocks: int
    heap: int

    @classmethod
    def now(cls) -> "Usage":
        """After a collection of cycles."""
        gc.collect()
        libc = ctypes.CDLL(None)
        if not hasattr(libc, "mallinfo2"):
            return cls(sys.getallocatedblocks(), 0)
        libc.mallinfo2.restype = _Heap
        heap = libc.mallinfo2()
        return cls(sys.getallocatedblocks(), heap.uordblks + heap.hblkhd)


class Work:
    """Calls, by steps."""

    blocks = 600
    """Memory blocks of Python that come and go."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.rng = rng

    def step(self, i: int) -> int:
        """Make some calls; how many."""
        raise NotImplementedError

    def settle(self) -> None:
        """Come to rest in a state that does not depend on the steps before."""


def growth(work: Work, n: int) -> tuple[int, str, bool]:
    """Make `n` calls; how many those were, what has grown since the first of them, and whether that is a leak."""
    for size in range(SMALL):
        _ = [np.empty(size, np.uint8) for _ in range(8)]
    made = i = 0
    while made < WARM * n:
        made, i = made + work.step(i), i + 1
    work.settle()
    first, warm = Usage.now(), made
    while made < n:
        made, i = made + work.step(i), i + 1
    work.settle()
    last, after = Usage.now(), made - warm
    more = [b - a for a, b in zip(first, last, strict=True)]
    text = f"{more[0]} blocks and {more[1]} bytes more after {after:,} calls"
    wrong = any(
        grown > play + each * after for grown, play, each in zip(more, (work.blocks, HEAP), EACH, strict=True)
    )
    return made, text, wrong


class Functions(Work):
    """Functions, forward and backward, on shapes drawn anew."""

    def step(self, i: int) -> int:
        dtype, batch = (np.float32, np.float64)[i % 2], int(self.rng.integers(1, 4))
        pair = draw(FAMILIES, Normals(dtype, seed=int(self.rng.integers(2**31)), batch=batch))
        run(pair.forward)
        run(pair.backward)
        return 2


def _network() -> tuple[nn.Sequential, optim.Optimizer]:
    net = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1, rng=0), nn.BatchNorm2d(3), nn.ReLU(), nn.Dropout(0.3, rng=0),
        nn.Residual(nn.Conv2d(3, 3, 1, rng=1)), nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Linear(12, 4, rng=2),
    )  # fmt: skip
    return net, optim.Adam(net.parameters())


class Shapes(Work):
    """Steps of one network whose inputs change their shape, often to one met before; layers freeze and thaw."""

    blocks = 4000  # of up to eight tapes, each in training mode and not
    SHAPES = tuple((size, 2, 12, 12) for size in range(1, 12))

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.net, self.optimizer = _network()
        self.criterion = nn.CrossEntropyLoss()

    def step(self, i: int) -> int:
        if i % 5 == 4:
            for parameter in self.net.parameters():
                parameter.requires_grad = bool(self.rng.integers(2))
        drawn = int(self.rng.integers(1, 4)), 2, *map(int, self.rng.integers(3, 12, 2))
        return self._train(self.SHAPES[i % 3] if i % 8 < 6 else drawn, bool(i % 2))

    def _train(self, shape: tuple[int, ...], input_grad: bool) -> int:
        x = np.ones(shape, np.float32)
        loss = self.criterion(self.net.train()(x), np.zeros(len(x), np.int64))
        self.optimizer.zero_grad()
        self.net.backward(self.criterion.backward(), input_grad=input_grad)
        self.optimizer.step()
        self.net.eval()(x)
        assert np.isfinite(loss)
        return 5

    def settle(self) -> None:
        self.net.requires_grad_(True)
        for shape in 4 * self.SHAPES[:4]:
            self._train(shape, True)
        self.optimizer.zero_grad()


class Dropped(Work):
    """Networks, optimizers and states that live for a step."""

    def step(self, i: int) -> int:
        net, optimizer = _network()
        x = np.ones((int(self.rng.integers(1, 4)), 2, 5, 5), np.float32)
        for _ in range(3):
            net.backward(np.ones_like(net(x)))
            optimizer.step()
        net.load_state_dict(net.state_dict())
        optimizer.load_state_dict(optimizer.state_dict())
        return 13


class Failing(Work):
    """Calls that fail, each for its own reason; also in the middle of a network, and in its backward pass."""

    def __init__(self, rng: np.random.Generator) -> None:
        super().__init__(rng)
        self.cells = [arguments.ALL[i] for i in rng.permutation(len(arguments.ALL))]
        self.net, self.optimizer = _network()
        self.x = x = np.ones((2, 2, 5, 5), np.float32)
        for _ in range(3):
            self.net(x)
        self.broken: list[Callable[[], object]] = [
            lambda: self.net(x[:, :1]),
            lambda: self.net(x.astype(np.int32)),
            lambda: self.net.backward(x),
            lambda: self.net.load_state_dict({"0.weight": x}),
            lambda: self.optimizer.load_state_dict({"state": {}, "param_groups": []}),
            lambda: self.optimizer.add_param_group({"params": [x]}),
        ]

    def step(self, i: int) -> int:
        if i % 10 == 9:
            try:
                self.broken[i // 10 % len(self.broken)]()
            except (TypeError, ValueError, RuntimeError):
                return 1
            raise AssertionError(f"{i // 10 % len(self.broken)} does not fail")
        if wrong := arguments.wrong(*self.cells[i % len(self.cells)]):
            raise AssertionError(wrong)
        return 1


def _attack(n: int, kinds: list[type[Work]], rng: np.random.Generator) -> Tally:
    fc.set_num_threads(1)
    tally = Tally()
    with np.errstate(all="ignore"):
        for kind in kinds:
            made, text, wrong = growth(kind(rng), n // len(kinds))
            tally.tried += made
            (tally.lost if wrong else tally.notes).append(f"{kind.__name__.lower()}: {text}")
    return tally


def attack_calls(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls that succeed."""
    return _attack(n, [Functions, Shapes, Dropped], rng)


def attack_failing(n: int, rng: np.random.Generator) -> Tally:
    """`n` calls that fail."""
    return _attack(n, [Failing], rng)


PROMISES = [
    Promise(
        "leaks",
        "calls of many shapes, networks whose inputs change theirs, and dropped objects leave no memory behind",
        12_000,
        1_000_000,
        attack_calls,
    ),
    Promise("failing-leaks", "calls that fail leave no memory behind", 12_000, 1_000_000, attack_failing),
]
