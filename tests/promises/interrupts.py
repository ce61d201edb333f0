"""Ctrl-C: long calls notice it, and whatever line it comes in, the next call is right."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

import fastconv as fc
from fastconv import functional as F
from fastconv import models, nn, optim
from fastconv._arrays import Array

from . import suite
from .prepared import ROOT
from .promise import Promise, Tally

LIMIT = 0.3  # seconds
TRIES = 5  # of a trial that was late: other work may have had the CPU
LIBRARY = str(Path(fc.__file__).parent)


def _images(*shape: int, dtype: Any = np.float32) -> Array:
    return np.ones(shape, dtype)


def _training(net: nn.Module, x: Array) -> suite.Training:
    return suite.Training(net, x, lambda parameters: optim.Adam(parameters))


def _long_calls() -> dict[str, Callable[[], object]]:
    """Calls that take a second and more, and steps of training."""
    x, w = _images(48, 64, 112, 112), _images(128, 64, 3, 3)
    small, deep = _images(2, 64, 28, 28), _training(models.resnet20(rng=0), suite.normals((32, 3, 32, 32)))
    plain = _training(models.lenet5(rng=0), suite.normals((256, 1, 32, 32)))
    y = _images(12, 128, 110, 110)
    options = {"algorithm": "direct"}
    return {
        "winograd": lambda: F.conv2d(x, w, padding=1, algorithm="winograd"),
        "direct": lambda: F.conv2d(x, w, **options),
        "float64": lambda: F.conv2d(x[:16].astype(np.float64), w.astype(np.float64)),
        "stride 2": lambda: F.conv2d(x, w, stride=2, padding=1),
        "pointwise": lambda: F.conv2d(x, w[:, :, :1, :1]),
        "depthwise": lambda: F.conv2d(x, _images(64, 1, 5, 5), padding=2, groups=64),
        "one image": lambda: F.conv2d(x[:1], _images(512, 64, 5, 5)),
        "padded": lambda: F.conv2d(x, w, padding=1, padding_mode="reflect"),
        "grad_input": lambda: F.conv2d_backward(y, x[:12], w, output_mask=(True, False, False)),
        "grad_weight": lambda: F.conv2d_backward(y, x[:12], w, output_mask=(False, True, False)),
        "direct backward": lambda: F.conv2d_backward(y, x[:12], w, **options),
        "transposed": lambda: F.conv_transpose2d(_images(8, 128, 56, 56), w, stride=2),
        "linear": lambda: F.linear(_images(4096, 4096), _images(4096, 4096)),
        "max pool": lambda: F.max_pool2d(x, 5, 1, 2),
        "normalisation": lambda: F.batch_norm(x, None, None, training=True),
        "softmax": lambda: F.softmax(x, dim=1),
        "activation": lambda: F.gelu(x),
        "training": deep.run,
        "training in small steps": plain.run,
        "small calls": lambda: F.conv2d(small, w),
    }


def child() -> None:
    """Print the names of the calls; then, for each line of standard input, make that call until interrupted.

    After each, print when the interrupt came up, and whether what is computed then is right.
    """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    calls = _long_calls()
    check = next(suite.trainings())
    expected = suite.expected(check)
    trained = {name: found.__self__ for name, found in calls.items() if hasattr(found, "__self__")}
    hashes = {name: suite.digest(_again(training)) for name, training in trained.items()}
    print(*calls, sep=",", flush=True)
    for line in sys.stdin:
        name = line.strip()
        call = calls[name]
        call()
        print("ready", flush=True)
        try:
            while True:
                call()
        except KeyboardInterrupt:
            at = time.monotonic()
        well = suite.expected(check) == expected
        if name in trained:
            well &= suite.digest(_again(trained[name])) == hashes[name]
        print(at, int(well), flush=True)


def _again(training: suite.Training) -> list[Array]:
    training.reset()
    return training.run()


class _Child:
    """A process that computes."""

    def __init__(self, threads: int) -> None:
        path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
        self.process = subprocess.Popen(
            [sys.executable, "-c", f"from {__name__} import child; child()"], cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            env=os.environ | {"PYTHONPATH": path, "FASTCONV_NUM_THREADS": str(threads)},
        )  # fmt: skip
        assert self.process.stdin and self.process.stdout
        self.ask, self.told = self.process.stdin, self.process.stdout
        self.names = self.told.readline().strip().split(",")

    def trial(self, name: str, wait: float) -> tuple[float, bool]:
        """Seconds from the signal to KeyboardInterrupt, and whether the calls after it were right."""
        print(name, file=self.ask, flush=True)
        if self.told.readline() != "ready\n":
            return np.inf, False
        time.sleep(wait)
        sent = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        at, well = self.told.readline().split() or ("inf", "0")
        return float(at) - sent, well == "1"

    def close(self) -> None:
        self.ask.close()
        self.process.wait()


def attack_signals(n: int, rng: np.random.Generator) -> Tally:
    """`n` interrupts of long calls, with one thread and with two."""
    tally, worst, repeated = Tally(), 0.0, 0
    for threads in (1, 2):
        computing = _Child(threads)
        for i in range(n * (threads - 1) // 2, n * threads // 2):
            name = computing.names[i % len(computing.names)]
            tries = []
            while not tries or (tries[-1] > LIMIT and len(tries) < TRIES):
                late, well = computing.trial(name, float(rng.uniform(0.02, 0.2)))
                tries.append(late)
                if not well:
                    tally.lost.append(f"{name}, {threads} threads: a wrong result after the interrupt")
            tally.tried += 1
            tally.faults += len(tries)
            repeated += len(tries) > 1
            worst = max(worst, tries[-1])
            if tries[-1] > LIMIT:
                tally.lost.append(f"{name}, {threads} threads: {', '.join(f'{late:.2f} s' for late in tries)}")
        computing.close()
    tally.notes.append(f"latest {worst:.3f} s; {repeated} trials were tried again, as the CPU may have been taken")
    return tally


class _Line:
    """A trace function that raises KeyboardInterrupt at one line of the library, counted from 1 in order of time."""

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, arg: object) -> Any:
        if not frame.f_code.co_filename.startswith(LIBRARY):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def _interrupted(call: suite.Call, number: int) -> bool:
    """Whether the call has a line of this number; it was interrupted there."""
    call.reset()
    trace = _Line(number)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call.run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.settrace(before)
    return False


def attack_lines(n: int, rng: np.random.Generator) -> Tally:
    """`n` interrupts, each in another line: all lines of a call before the next one, or some of them in a small run."""
    fc.set_num_threads(1)
    calls = [*suite.trainings(), *suite.functions()]
    tally = Tally()
    for i in rng.permutation(len(calls)):
        call = calls[i]
        expected = suite.expected(call)
        number, step = 1 if n >= 2000 else int(rng.integers(1, 40)), 1 if n >= 2000 else 37
        while tally.tried < n and _interrupted(call, number):
            tally.tried += 1
            tally.faults += 1
            if suite.expected(call) != expected:
                tally.lost.append(f"{call.name}: wrong after an interrupt at line {number}")
            number += step
    return tally


PROMISES = [
    Promise(
        "interrupts",
        "Ctrl-C in a long convolution, backward pass or step of training is KeyboardInterrupt within 0.3 s",
        12,
        200,
        attack_signals,
    ),
    Promise(
        "interrupted lines",
        "KeyboardInterrupt at any line of the library leaves nothing behind: the next call is right",
        400,
        50_000,
        attack_lines,
    ),
]
