"""Values that no caller should pass, and some that are nearly right."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided


class Hostile(Exception):
    """What the values below raise by themselves: the caller's own error."""


class Raises:
    """Raises from every protocol that a library may use to look at an argument."""

    def _refuse(self, *args: Any, **given: Any) -> Any:
        raise Hostile

    __array__ = __index__ = __float__ = __len__ = __iter__ = __getitem__ = __eq__ = __bool__ = __dlpack__ = _refuse
    __hash__ = object.__hash__


class Claims:
    """Says that it is something, and is not."""

    shape, dtype, ndim, size = (2, 3), np.dtype(np.float32), 2, 6

    def __init__(self, value: Any) -> None:
        self.value = value
        self.__array_interface__ = {"shape": (4,), "typestr": "<f4", "version": 3}  # without data

    def __array__(self, *args: Any, **given: Any) -> Any:
        return self.value

    def __index__(self) -> Any:
        return self.value

    def __len__(self) -> Any:
        return self.value


class Nameless:
    """Cannot even be shown."""

    def __repr__(self) -> str:
        raise Hostile


def _cycle() -> list[Any]:
    items: list[Any] = [1]
    items.append(items)
    return items


INTEGERS = (
    0,
    1,
    -1,
    2,
    3,
    5,
    8,
    17,
    64,
    255,
    2**15,
    2**16 + 1,
    2**31 - 1,
    2**31,
    2**32,
    2**33 + 1,
    2**62,
    2**63 - 1,
    2**63,
    2**64,
    -2,
    -(2**31),
    -(2**63),
    -(2**64),
    10**30,
    10**400,
)
NUMBERS = (0.0, -0.0, 0.5, 1.0, -1.0, 1e-320, 1e308, -1e308, float("nan"), float("inf"), -float("inf"), 2j)
SCALARS = (
    np.int8(-1),
    np.uint64(2**64 - 1),
    np.int64(2),
    np.float16(0.5),
    np.float32("nan"),
    np.float64(2),
    np.longdouble(2),
    np.bool_(True),
    np.str_("same"),
    np.datetime64("2020-01-01"),
    np.array(2),
    np.array(True),
)
WORDS = (
    "",
    "same",
    "valid",
    "zeros",
    "reflect",
    "circular",
    "replicate",
    "constant",
    "mean",
    "sum",
    "none",
    "auto",
    "direct",
    "winograd",
    "depthwise",
    "pointwise",
    "tanh",
    "cython",
    "x" * 1000,
    "\0",
    "\u00e9",
    "\ud800",
    "nan",
    "1",
)
OTHERS = (
    None,
    True,
    False,
    b"",
    b"same",
    bytearray(4),
    [],
    (),
    {},
    set(),
    [1],
    [1.0],
    {"a": 1},
    frozenset({1}),
    range(3),
    slice(2),
    ...,
    NotImplemented,
    object(),
    type,
    abs,
    lambda: None,
    np,
    np.ndarray,
    np.float32,
    np.dtype("f4"),
    Path("nowhere"),
    ValueError("x"),
    memoryview(b"abc"),
    memoryview(np.ones(3)),
    _cycle(),
    Raises(),
    Nameless(),
    Claims(None),
    Claims(2**63),
    Claims(-1),
    Claims(np.ones(3)),
    Claims("x"),
    np.random.default_rng(0),
    np.random,
    [np.ones(2, np.float32)],
    [[1.0, 2.0], [3.0]],
    [None, None],
    (x for x in (1, 2)),
)
DTYPES = (
    "f4",
    "f8",
    "f4",
    "f8",
    "f4",
    "f8",
    ">f4",
    ">f8",
    "f2",
    "g",
    "F",
    "i1",
    "u1",
    "<i4",
    "i8",
    "u8",
    ">i2",
    "?",
    "O",
    "S3",
    "U3",
    "M8[s]",
    "V5",
    [("a", "f4"), ("b", "i8")],
)
SIZES = (0, 1, 1, 2, 2, 3, 3, 4, 5, 7, 8, 16, 17, 33, 67)
MOST = 20_000


def shape(rng: np.random.Generator) -> tuple[int, ...]:
    """Up to six axes, most of the time three or four."""
    axes = int(rng.choice([0, 1, 2, 3, 3, 4, 4, 4, 5, 6]))
    sizes: list[int] = []
    for size in rng.choice(SIZES, axes):
        sizes.append(int(size) if np.prod(sizes) * size <= MOST else 1)
    return tuple(sizes)


def array(rng: np.random.Generator, dtype: Any = None, sizes: tuple[int, ...] | None = None) -> np.ndarray:
    """An array of any dtype and shape."""
    kind = np.dtype(dtype or DTYPES[rng.integers(len(DTYPES))])
    x = np.zeros(shape(rng) if sizes is None else sizes, kind)
    if kind.kind == "f":
        x[...] = rng.choice([0, 1, -2, 0.5, 1e30, np.nan, np.inf, 1e-40], x.shape).astype(kind)
    elif kind.kind in "iu":
        x[...] = rng.choice([0, 1, 2, 5, 100, -1 if kind.kind == "i" else 3], x.shape)
    return x


def _unaligned(x: np.ndarray) -> np.ndarray:
    if x.dtype.hasobject:
        return x
    memory = np.zeros(x.nbytes + 1, np.uint8)[1:]
    return memory.view(x.dtype).reshape(x.shape) if x.size else x


def _read_only(x: np.ndarray) -> np.ndarray:
    x.flags.writeable = False
    return x


def _huge(x: np.ndarray) -> np.ndarray:
    """Gigabytes to read, of one number in memory."""
    return np.broadcast_to(x.reshape(-1)[:1], (2**20,) * max(1, x.ndim - 2) + (2,) * min(2, x.ndim)) if x.size else x


LAYOUTS: tuple[Callable[[np.ndarray], Any], ...] = (
    lambda x: x,
    np.asfortranarray,
    lambda x: x[(slice(None, None, -1),) * x.ndim],
    lambda x: x.T,
    lambda x: np.repeat(x, 2, -1)[..., ::2] if x.ndim else x,
    lambda x: as_strided(x, x.shape, (0,) * x.ndim) if not x.dtype.hasobject else x,
    lambda x: np.broadcast_to(x, (3, *x.shape)) if x.ndim < 6 else x,
    _unaligned,
    _read_only,
    _huge,
    lambda x: np.ma.array(x) if x.dtype.kind in "fi" else x,
    lambda x: x.view(type("Image", (np.ndarray,), {})),
    lambda x: x.astype(x.dtype.newbyteorder()),
    lambda x: x.tolist() if x.size <= 10_000 else x,  # NumPy may crash for want of memory
    Claims,
)


def near(value: Any, rng: np.random.Generator) -> Any:
    """Another size, dtype or layout of an array; a number beside or far from a number; something else of a tuple."""
    if isinstance(value, np.ndarray):
        what = rng.integers(4)
        if what == 0:
            return LAYOUTS[rng.integers(len(LAYOUTS))](value)
        if what == 1:
            kind = DTYPES[rng.integers(len(DTYPES))]
            return array(rng, kind, value.shape)
        sizes = list(value.shape)
        if what == 2 and sizes:
            sizes[rng.integers(len(sizes))] = int(rng.choice(SIZES))
            return array(rng, value.dtype, tuple(sizes)) if np.prod(sizes) <= MOST else value
        return array(rng, value.dtype)
    if isinstance(value, tuple | list) and value:
        items = list(value)
        items[rng.integers(len(items))] = draw(rng)
        return type(value)(items) if rng.random() < 0.8 else items * int(rng.integers(0, 3))
    if isinstance(value, int) and not isinstance(value, bool):
        return value + int(rng.integers(-3, 4))
    return draw(rng)


def draw(rng: np.random.Generator) -> Any:
    """Anything."""
    what = rng.integers(10)
    if what < 3:
        return INTEGERS[rng.integers(len(INTEGERS))]
    if what == 3:
        return tuple(INTEGERS[rng.integers(len(INTEGERS))] for _ in range(rng.integers(0, 5)))
    if what < 7:
        x = array(rng)
        return LAYOUTS[rng.integers(len(LAYOUTS))](x) if rng.random() < 0.5 else x
    pool = (NUMBERS, WORDS, SCALARS, OTHERS, OTHERS)[rng.integers(5)]
    return pool[rng.integers(len(pool))]
