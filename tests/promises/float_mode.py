"""The floating-point environment is left as it was, whatever it was, and NumPy's checks never see a kernel."""

import ctypes
import ctypes.util
import platform
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace
from typing import Any

import numpy as np
from functional.calls import Maker, same_bits

import fastconv as fc
from fastconv import _backend
from fastconv import functional as F

from .drawn import FAMILIES, Call, Normals, Pair
from .instruction_sets import use
from .promise import Promise, Tally
from .supervised import supervise

SIZE, MXCSR = 32, 28
"""Of glibc's fenv_t on x86-64, and where MXCSR is in it."""
DEFAULT = 0x1F80
INEXACT = 0x20
"""The flag that every rounded sum of Python sets too, and with it the plans of the kernels."""
FLAGS = 0x3F
MODES = {
    "default": DEFAULT,
    "flush subnormals": DEFAULT | 0x8040,
    "round up": DEFAULT | 0x4000,
    "to zero": DEFAULT | 0x6000,
}
DATA: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "normals": lambda x: x,
    "overflow": lambda x: x * np.finfo(x.dtype).max,
    "subnormals": lambda x: (x * np.finfo(x.dtype).tiny / 8).astype(x.dtype),
    "not finite": lambda x: np.where(x > 1, np.inf, np.where(x < -1, np.nan, x)).astype(x.dtype),
}
SUPPORTED = platform.machine() in ("x86_64", "AMD64") and platform.libc_ver()[0] == "glibc"


class Environment:
    """The floating-point environment of this thread."""

    def __init__(self) -> None:
        self.libm = ctypes.CDLL(ctypes.util.find_library("m"))
        self.memory = ctypes.create_string_buffer(SIZE)

    def get(self) -> int:
        self.libm.fegetenv(self.memory)
        return int(struct.unpack_from("I", self.memory, MXCSR)[0])

    def set(self, mxcsr: int) -> None:
        self.libm.fegetenv(self.memory)
        struct.pack_into("I", self.memory, MXCSR, mxcsr)
        self.libm.fesetenv(self.memory)

    @contextmanager
    def mode(self, mxcsr: int) -> Iterator[None]:
        self.set(mxcsr)
        try:
            yield
        finally:
            self.set(DEFAULT)


class Watched:
    """Kernels that are seen to leave MXCSR, flags included, as it was."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self.lost: list[str] = []

    def __call__(self, kernels: SimpleNamespace) -> SimpleNamespace:
        return SimpleNamespace(**{name: partial(self._call, name, kernel) for name, kernel in vars(kernels).items()})

    def _call(self, name: str, kernel: Callable[..., Any], *arguments: Any) -> Any:
        before = self.environment.get()
        result = kernel(*arguments)
        after = self.environment.get()
        if (before ^ after) & ~INEXACT:
            self.lost.append(f"kernel {name}: MXCSR {before:#x} became {after:#x}")
        return result


def _alike(a: np.ndarray, b: np.ndarray) -> bool:
    """The same bits; of NaN there are many, and IEEE 754 leaves open which one comes out."""
    if a.dtype.kind != "f":
        return same_bits(a, b)
    return same_bits(np.where(np.isnan(a), np.nan, a), np.where(np.isnan(b), np.nan, b))


def _results(call: Call) -> list[np.ndarray]:
    results = getattr(F, call.name)(**call.arguments)
    return [np.asarray(result) for result in (results if isinstance(results, tuple) else (results,))]


def _spread(call: Call, data: str) -> Call:
    """The call on other data; a hundred copies of each image, so that there is work for several threads."""

    def changed(name: str, value: Any) -> Any:
        if name == "input_shape":
            return (value[0] * 100, *value[1:])
        if not isinstance(value, np.ndarray):
            return value
        if value.dtype.kind == "f" and name not in ("running_var", "target", "output"):
            value = DATA[data](value)
        whole = name in ("weight", "bias", "pos_weight", "running_mean", "running_var") and "binary" not in call.name
        return value if whole else np.concatenate([value] * 100)

    return Call(call.name, {name: changed(name, value) for name, value in call.arguments.items()})


def _case(seed: int, i: int) -> Tally:
    """Every family, in every mode, on every kind of data in turn."""
    rng = np.random.default_rng((seed, i))
    names, modes, kinds = list(FAMILIES), list(MODES), list(DATA)
    name, rest = names[i % len(names)], i // len(names)
    mode, data = modes[rest % len(modes)], kinds[rest // len(modes) % len(kinds)]
    a: Maker = Normals(rng.choice(["float32", "float64"]), rng)
    pair: Pair = FAMILIES[name](a)
    environment = Environment()
    watched, lost = Watched(environment), []
    isas = _backend.runnable()
    with use(isas[rng.integers(len(isas))], watched), np.errstate(all="raise"):
        for call in pair:
            with np.errstate(all="ignore"):
                call = _spread(call, data)
            results = []
            for threads in (1, 4):
                fc.set_num_threads(threads)
                with environment.mode(MODES[mode]):
                    try:
                        results.append(_results(call))
                    except FloatingPointError as error:
                        watched.lost.append(f"{error}: {threads} threads")
                        results.append([])
                    after = environment.get()
                if (after ^ MODES[mode]) & ~FLAGS:
                    watched.lost.append(f"MXCSR {MODES[mode]:#x} became {after:#x}")
            if not all(map(_alike, *results)):
                watched.lost.append("4 threads give other bits: their mode is another")
            lost += [f"case {i}: {line}, {mode}, {data}, in {call}" for line in watched.lost]
            watched.lost = []
    return Tally(1, int(mode != "default"), lost)


def _attack(n: int, rng: np.random.Generator) -> Tally:
    if not SUPPORTED:
        return Tally(notes=["not tried: MXCSR is read through glibc on x86-64"])
    return supervise(partial(_case, int(rng.integers(2**31))), n, chunk=5000, environment={})


PROMISES = [
    Promise(
        "float-mode",
        "every operation leaves MXCSR as it was, in kernels with its flags, computes alike in worker threads, and "
        "never trips `np.seterr(all='raise')`",
        len(FAMILIES) * len(MODES) * len(DATA) // 2,
        10 * len(FAMILIES) * len(MODES) * len(DATA),
        _attack,
    )
]
