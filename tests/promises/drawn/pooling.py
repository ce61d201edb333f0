"""Pooling, padding, and what goes to places that indices name."""

from math import lcm, prod
from typing import Any

import numpy as np
from functional.calls import Maker

from .call import Call, Pair, shape_of


def _image(rng: np.random.Generator, axes: int) -> tuple[int, ...]:
    return (
        *map(int, rng.integers(1, 4, 2)),
        *(int(size) for size in rng.integers(1, 14, axes - 1)),
        int(rng.integers(1, 68)),
    )


def _windows(rng: np.random.Generator, axes: int) -> dict[str, Any]:
    kernel = tuple(map(int, rng.integers(1, 6, axes)))
    padding = tuple(int(rng.integers(0, size // 2 + 1)) for size in kernel)
    stride = None if rng.random() < 0.2 else tuple(map(int, rng.integers(1, 5, axes)))
    return {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": bool(rng.random() < 0.5)}


def _max_pool(a: Maker, axes: int) -> Pair:
    name = f"max_pool{axes}d"
    while True:
        arguments = {"input": a(*_image(a.rng, axes)), **_windows(a.rng, axes)}
        arguments["dilation"] = tuple(map(int, a.rng.integers(1, 4, axes)))
        try:
            shape = shape_of(name, arguments)
        except ValueError:
            continue
        images = arguments["input"].shape
        indices = a.ids(prod(images[2:]) + 1, *shape) - 1  # -1 names no place
        back = {"grad_output": a(*shape), "indices": indices, "input_shape": images}
        return Pair(Call(name, arguments | {"return_indices": True}), Call(f"{name}_backward", back))


def _lengths(size: int, bins: int) -> list[int]:
    """How many elements of an axis each bin of adaptive pooling has."""
    return [-(-(i + 1) * size // bins) - i * size // bins for i in range(bins)]


def factor(arguments: dict[str, Any]) -> int:
    """What every number of elements that an averaging call has in a window divides: shares of multiples are exact."""
    if "kernel_size" in arguments:
        axes = [range(1, size + 1) for size in arguments["kernel_size"]]
    else:
        shape, size = arguments["input"].shape[2:], arguments["output_size"]
        axes = [_lengths(*both) for both in zip(shape, size, strict=True)]
    return prod(lcm(*lengths) for lengths in axes) * 8


def _avg_pool(a: Maker, axes: int) -> Pair:
    name = f"avg_pool{axes}d"
    while True:
        options = _windows(a.rng, axes) | {"count_include_pad": bool(a.rng.random() < 0.5)}
        if axes == 2 and a.rng.random() < 0.3:
            options["divisor_override"] = int(2 ** a.rng.integers(0, 4))
        x = a(*_image(a.rng, axes))
        try:
            shape = shape_of(name, {"input": x, **options})
        except ValueError:
            continue
        back = {"grad_output": a(*shape) * x.dtype.type(factor(options)), "input_shape": x.shape, **options}
        return Pair(Call(name, {"input": x, **options}), Call(f"{name}_backward", back))


def max_pool2d(a: Maker) -> Pair:
    return _max_pool(a, 2)


def max_pool1d(a: Maker) -> Pair:
    return _max_pool(a, 1)


def avg_pool2d(a: Maker) -> Pair:
    return _avg_pool(a, 2)


def avg_pool1d(a: Maker) -> Pair:
    return _avg_pool(a, 1)


def adaptive_avg_pool2d(a: Maker) -> Pair:
    while True:
        x, size = a(*_image(a.rng, 2)), (int(a.rng.integers(1, 9)), int(a.rng.integers(1, 36)))
        arguments = {"input": x, "output_size": size}
        if factor(arguments) < (2**17 if x.dtype == np.float32 else 2**40):
            break
    back = {"grad_output": a(*x.shape[:2], *size) * x.dtype.type(factor(arguments)), "input_shape": x.shape}
    return Pair(Call("adaptive_avg_pool2d", arguments), Call("adaptive_avg_pool2d_backward", back))


def adaptive_max_pool2d(a: Maker) -> Pair:
    x, size = a(*_image(a.rng, 2)), (int(a.rng.integers(1, 9)), int(a.rng.integers(1, 36)))
    shape = (*x.shape[:2], *size)
    back = {"grad_output": a(*shape), "indices": a.ids(prod(x.shape[2:]), *shape), "input_shape": x.shape}
    return Pair(
        Call("adaptive_max_pool2d", {"input": x, "output_size": size, "return_indices": True}),
        Call("adaptive_max_pool2d_backward", back),
    )


def max_unpool2d(a: Maker) -> Pair:
    shape = _image(a.rng, 2)
    size = shape[2] * 2, shape[3] * 2
    indices = a.ids(size[0] * size[1], *shape)
    arguments = {"input": a(*shape), "indices": indices, "kernel_size": 2, "output_size": size}
    back = {"grad_output": a(*shape[:2], *size), "indices": indices, "input_shape": shape}
    return Pair(Call("max_unpool2d", arguments), Call("max_unpool2d_backward", back))


def pad2d(a: Maker) -> Pair:
    shape, mode = _image(a.rng, 2), str(a.rng.choice(["constant", "reflect", "replicate", "circular"]))
    most = [{"reflect": size - 1, "circular": size}.get(mode, 6) for size in shape[2:]]
    low = [1 - (size + 1) // 2 if mode == "constant" else 0 for size in shape[2:]]
    sides = tuple(tuple(int(a.rng.integers(max(low[i], -3), min(most[i], 40) + 1)) for _ in range(2)) for i in (0, 1))
    out = [size + sum(side) for size, side in zip(shape[2:], sides, strict=True)]
    back = {"grad_output": a(*shape[:2], *out), "input_shape": shape, "padding": sides, "mode": mode}
    return Pair(Call("pad2d", {"input": a(*shape), "padding": sides, "mode": mode}), Call("pad2d_backward", back))
