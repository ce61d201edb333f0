"""Ctrl-C: long calls notice it, and wherever it comes, the next call is right."""

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
from fastconv._watch import running

from . import suite
from .prepared import ROOT
from .promise import Promise, Tally

LIMIT = 0.3  # seconds
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
            at, used = time.monotonic(), time.process_time()
        well = suite.expected(check) == expected
        if name in trained:
            well &= suite.digest(_again(trained[name])) == hashes[name]
        print(at, used, int(well), flush=True)


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

    def trial(self, name: str, wait: float) -> tuple[float, float, bool]:
        """From the signal to KeyboardInterrupt, by the clock and in CPU time; whether later calls are right."""
        print(name, file=self.ask, flush=True)
        if self.told.readline() != "ready\n":
            return np.inf, np.inf, False
        time.sleep(wait)
        sent, used = time.monotonic(), time.clock_gettime(~self.process.pid << 3 | 2)  # clock_getcpuclockid(3)
        self.process.send_signal(signal.SIGINT)
        answer = self.told.readline().split() or ("inf", "inf", "0")
        return float(answer[0]) - sent, float(answer[1]) - used, answer[2] == "1"

    def close(self) -> None:
        self.ask.close()
        self.process.wait()


def attack_signals(n: int, rng: np.random.Generator) -> Tally:
    """`n` interrupts of long calls, with one thread and with two."""
    tally, times = Tally(), []
    for threads in (1, 2):
        computing = _Child(threads)
        for i in range(n * (threads - 1) // 2, n * threads // 2):
            name = computing.names[i % len(computing.names)]
            late, used, well = computing.trial(name, float(rng.uniform(0.02, 0.2)))
            times.append((late, used))
            tally.tried += 1
            tally.faults += 1
            if min(late, used) > LIMIT:
                tally.lost.append(f"{name}, {threads} threads: {late:.2f} s, of which {used:.2f} s of CPU time")
            if not well:
                tally.lost.append(f"{name}, {threads} threads: a wrong result after the interrupt")
        computing.close()
    late, used = np.array(times).T
    tally.notes.append(
        f"latest {late.max():.2f} s, median {np.median(late):.3f} s; most CPU time {used.max():.3f} s; "
        f"{int((late > LIMIT).sum())} times more than {LIMIT} s by the clock, as other work had the CPU"
    )
    return tally


class _Place:
    """A profile function that raises KeyboardInterrupt at one of the places where the library calls or is called.

    These are the places where the interpreter looks for signals, but for the ends of loops' bodies. They are counted
    from 1, in order of time.
    """

    def __init__(self, number: int) -> None:
        self.left = number

    def __call__(self, frame: FrameType, event: str, arg: object) -> None:
        if frame.f_code.co_filename.startswith(LIBRARY):
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


def interrupted(call: suite.Call, number: int) -> bool:
    """Whether the call has a place of this number; it was interrupted there."""
    call.reset()
    sys.setprofile(_Place(number))
    try:
        call.run()
    except KeyboardInterrupt:
        return True
    finally:
        sys.setprofile(None)
    return False


def left_behind(call: suite.Call, expected: str) -> str | None:
    """What is wrong after an interrupt."""
    if running.current is not None:
        running.current = None
        return "a pass is under way for ever"
    return None if suite.expected(call) == expected else "another result"


def attack_places(n: int, rng: np.random.Generator) -> Tally:
    """`n` interrupts: at all places of one call before the next one, or in a small run at some of them."""
    fc.set_num_threads(1)
    calls = [*suite.trainings(), *suite.functions()]
    tally = Tally()
    for i in rng.permutation(len(calls)):
        call = calls[i]
        expected = suite.expected(call)
        number, step = (1, 1) if n >= 2000 else (int(rng.integers(1, 40)), 37)
        while tally.tried < n and interrupted(call, number):
            tally.tried += 1
            tally.faults += 1
            if wrong := left_behind(call, expected):
                tally.lost.append(f"{call.name}: {wrong} after an interrupt at place {number}")
            number += step
    return tally


PROMISES = [
    Promise(
        "interrupts",
        "Ctrl-C in a long convolution, backward pass or step of training is KeyboardInterrupt within 0.3 s",
        8,
        200,
        attack_signals,
    ),
    Promise(
        "interrupted-places",
        "KeyboardInterrupt wherever the library calls or is called leaves nothing behind: the next call is right",
        400,
        50_000,
        attack_places,
    ),
]
