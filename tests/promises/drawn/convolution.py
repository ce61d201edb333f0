"""Convolutions and linear layers: tails of vectors and tiles, strides, dilations, paddings, groups, algorithms."""

from typing import Any

import numpy as np
from functional.calls import Maker

from .call import Call, Pair, serves, shape_of

MOST = 150_000
"""Multiplications of a call, so that the twins take no longer than a millisecond or so."""


def _few(rng: np.random.Generator, most: int) -> int:
    """1 to `most`, small ones more often."""
    return 1 + int(rng.random() ** 3 * most)


def _options(rng: np.random.Generator, axes: int) -> dict[str, Any]:
    """Strides, dilations, paddings of so many axes."""

    def pair(low: int, high: int, often: int) -> tuple[int, ...]:
        return tuple(often if rng.random() < 0.6 else int(rng.integers(low, high)) for _ in range(axes))

    sides: Any = tuple(tuple(map(int, rng.integers(0, 5, 2))) for _ in range(axes))
    if axes == 1:
        sides = sides[0][0]
    padding = [0, 1, sides, "same", "valid"][rng.choice(5, p=[0.25, 0.25, 0.4, 0.05, 0.05])]
    return {"stride": pair(1, 5, 1), "dilation": pair(1, 4, 1), "padding": padding}


def _channels(rng: np.random.Generator) -> tuple[int, int, int]:
    """Groups, and channels of a group on either side: often one, as in depthwise convolution."""
    groups = 1 if rng.random() < 0.6 else _few(rng, 20)
    if groups > 1 and rng.random() < 0.6:
        return groups, 1, int(rng.choice([1, 1, 1, 2, 3]))
    most = max(35 // groups, 1)
    return groups, _few(rng, most), _few(rng, most)


def _algorithm(rng: np.random.Generator, arguments: dict[str, Any]) -> str:
    """The fast paths where they serve these options; winograd is for those who can take its rounding."""
    word = str(rng.choice(["auto", "direct", "depthwise", "pointwise"]))
    return word if serves(Call("conv2d", arguments), word) else "direct"


def _convolution(a: Maker, axes: int) -> Pair:
    rng, name = a.rng, f"conv{axes}d"
    while True:
        groups, c, k = _channels(rng)
        sizes = (*(_few(rng, 12) for _ in range(axes - 1)), int(rng.integers(1, 68)))
        taps = [(3,), (1,), tuple(map(int, rng.integers(1, 6, axes)))][rng.choice(3, p=[0.3, 0.2, 0.5])]
        n, kernel = int(rng.integers(1, 4)), taps * axes if len(taps) == 1 else taps
        options = _options(rng, axes) | {"groups": groups}
        if rng.random() < 0.1:
            options["padding_mode"] = str(rng.choice(["reflect", "replicate", "circular"]))
        if n * np.prod(sizes) * groups * c * k * np.prod(kernel) > MOST:
            continue
        arguments = {"input": a(n, groups * c, *sizes), "weight": a(groups * k, c, *kernel), **options}
        if axes == 2:
            arguments["algorithm"] = _algorithm(rng, arguments)
        try:
            shape = shape_of(name, arguments)
        except ValueError:  # a kernel beyond the image, or padding beyond what its mode can give
            continue
        bias = {"bias": a(groups * k)} if rng.random() < 0.7 else {}
        return Pair(Call(name, arguments | bias), Call(f"{name}_backward", {"grad_output": a(*shape), **arguments}))


def _transposed(a: Maker, axes: int) -> Pair:
    rng, name = a.rng, f"conv_transpose{axes}d"
    while True:
        groups, c, k = _channels(rng)
        sizes = (*(_few(rng, 8) for _ in range(axes - 1)), int(rng.integers(1, 36)))
        n, kernel = int(rng.integers(1, 4)), tuple(map(int, rng.integers(1, 5, axes)))
        lowest = {"stride": 1, "dilation": 1, "padding": 0, "output_padding": 0}
        options: dict[str, Any] = {
            key: tuple(map(int, rng.integers(low, low + 3, axes))) for key, low in lowest.items()
        }
        if n * np.prod(sizes) * groups * c * k * np.prod(kernel) > MOST:
            continue
        options["groups"] = groups
        arguments = {"input": a(n, groups * c, *sizes), "weight": a(groups * c, k, *kernel), **options}
        try:
            shape = shape_of(name, arguments)
        except ValueError:
            continue
        bias = {"bias": a(groups * k)} if rng.random() < 0.7 else {}
        return Pair(Call(name, arguments | bias), Call(f"{name}_backward", {"grad_output": a(*shape), **arguments}))


def conv2d(a: Maker) -> Pair:
    return _convolution(a, 2)


def conv1d(a: Maker) -> Pair:
    return _convolution(a, 1)


def conv_transpose2d(a: Maker) -> Pair:
    return _transposed(a, 2)


def conv_transpose1d(a: Maker) -> Pair:
    return _transposed(a, 1)


def linear(a: Maker) -> Pair:
    rows, inner, outer = (int(size) for size in a.rng.integers(1, 68, 3))
    rows = rows if a.rng.random() < 0.5 else 1 + rows % 5
    arguments = {"input": a(rows, inner), "weight": a(outer, inner)}
    bias = {"bias": a(outer)} if a.rng.random() < 0.7 else {}
    return Pair(Call("linear", arguments | bias), Call("linear_backward", {"grad_output": a(rows, outer), **arguments}))
