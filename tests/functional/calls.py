"""One valid call of every function in `fastconv.functional`, from which the generated tests start.

Arrays hold small integers, so that every order of summation gives the same bits. No option has its default where
another value is possible, so that an option that is ignored shows.
"""

from collections.abc import Callable
from functools import partial
from inspect import signature
from typing import Any

import numpy as np
import pytest

from fastconv import functional as F


class Maker:
    """Makes the arrays of a call: small integers in float32 or float64."""

    def __init__(self, dtype: Any = np.float32, seed: int = 0, batch: int = 2) -> None:
        self.dtype = np.dtype(dtype)
        self.batch = batch
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape: int) -> np.ndarray:
        return self.rng.integers(-4, 5, shape).astype(self.dtype)

    def ids(self, high: int, *shape: int) -> np.ndarray:
        return self.rng.integers(0, high, shape)


CONV = {"stride": (2, 1), "padding": ((1, 0), (2, 1)), "dilation": (1, 2), "groups": 2, "padding_mode": "replicate"}
MAX_POOL = {"kernel_size": (3, 2), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2), "ceil_mode": True}
AVG_POOL = {"kernel_size": (3, 2), "stride": (2, 3), "padding": (1, 0), "ceil_mode": True, "count_include_pad": False}
CONV1D = {"stride": 2, "padding": 2, "dilation": 2, "groups": 2, "padding_mode": "reflect"}
TRANSPOSED = {"stride": (2, 1), "padding": (0, 1), "output_padding": (0, 1), "groups": 2, "dilation": (1, 2)}
TRANSPOSED1D = {"stride": 3, "padding": 1, "output_padding": 2, "groups": 2, "dilation": 2}
MAX_POOL1D = {"kernel_size": 3, "stride": 2, "padding": 1, "dilation": 2, "ceil_mode": True}
AVG_POOL1D = {"kernel_size": 3, "stride": 2, "padding": 1, "ceil_mode": True, "count_include_pad": False}

NLL = {"ignore_index": 1, "reduction": "none"}
CROSS_ENTROPY = {"ignore_index": 1, "reduction": "none", "label_smoothing": 0.25}

# In eval mode, as running statistics are updated in place otherwise.
NORM = {"training": False, "momentum": 0.25, "eps": 0.25}


def running(a: Maker) -> dict[str, np.ndarray]:
    """Running statistics; a variance is not negative."""
    return {"running_mean": a(4), "running_var": abs(a(4))}


# Activations from the saved input, and losses of a difference, with their options.
ELEMENTWISE: dict[str, dict[str, Any]] = {
    "leaky_relu": {"negative_slope": 0.25},
    "elu": {"alpha": 1.5},
    "gelu": {"approximate": "tanh"},
    "silu": {},
    "softplus": {"beta": 2.0, "threshold": 5.0},
    "hardtanh": {"min_val": -3.0, "max_val": 2.0},
    "relu6": {},
    "hardsigmoid": {},
    "hardswish": {},
}
DIFFERENCES: dict[str, dict[str, Any]] = {
    "mse_loss": {"reduction": "none"},
    "l1_loss": {"reduction": "none"},
    "huber_loss": {"reduction": "none", "delta": 2.0},
    "smooth_l1_loss": {"reduction": "none", "beta": 2.0},
}


def elementwise(suffix: str, options: dict[str, Any], a: Maker) -> dict[str, Any]:
    grad = {"grad_output": a(a.batch, 3, 5)} if suffix else {}
    return {**grad, "input": a(a.batch, 3, 5), **options}


def difference(suffix: str, options: dict[str, Any], a: Maker) -> dict[str, Any]:
    grad = {"grad_output": a(a.batch, 5)} if suffix else {}
    return {**grad, "input": a(a.batch, 5), "target": a(a.batch, 5), **options}


CALLS: dict[str, Callable[[Maker], dict[str, Any]]] = {
    "conv2d": lambda a: {"input": a(a.batch, 4, 6, 5), "weight": a(6, 2, 3, 2), "bias": a(6), **CONV},
    "conv2d_backward": lambda a: {
        "grad_output": a(a.batch, 6, 3, 6),
        "input": a(a.batch, 4, 6, 5),
        "weight": a(6, 2, 3, 2),
        **CONV,
    },
    "conv1d": lambda a: {"input": a(a.batch, 4, 7), "weight": a(6, 2, 3), "bias": a(6), **CONV1D},
    "conv1d_backward": lambda a: {
        "grad_output": a(a.batch, 6, 4),
        "input": a(a.batch, 4, 7),
        "weight": a(6, 2, 3),
        **CONV1D,
    },
    "conv_transpose2d": lambda a: {"input": a(a.batch, 4, 3, 4), "weight": a(4, 3, 3, 2), "bias": a(6), **TRANSPOSED},
    "conv_transpose2d_backward": lambda a: {
        "grad_output": a(a.batch, 6, 7, 5),
        "input": a(a.batch, 4, 3, 4),
        "weight": a(4, 3, 3, 2),
        **TRANSPOSED,
    },
    "conv_transpose1d": lambda a: {"input": a(a.batch, 4, 5), "weight": a(4, 3, 3), "bias": a(6), **TRANSPOSED1D},
    "conv_transpose1d_backward": lambda a: {
        "grad_output": a(a.batch, 6, 17),
        "input": a(a.batch, 4, 5),
        "weight": a(4, 3, 3),
        **TRANSPOSED1D,
    },
    "pad": lambda a: {"input": a(a.batch, 3, 4, 5), "pad": (2, -1, 0, 3, 1, 1), "value": 7.0},
    "pad2d": lambda a: {"input": a(a.batch, 3, 4, 5), "padding": ((0, 2), (3, 1)), "mode": "reflect"},
    "pad2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 6, 9),
        "input_shape": (a.batch, 3, 4, 5),
        "padding": ((0, 2), (3, 1)),
        "mode": "reflect",
    },
    "max_pool2d": lambda a: {"input": a(a.batch, 3, 6, 7), **MAX_POOL, "return_indices": True},
    "max_pool2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 4, 5),
        "indices": a.ids(42, a.batch, 3, 4, 5),
        "input_shape": (a.batch, 3, 6, 7),
    },
    "avg_pool2d": lambda a: {"input": a(a.batch, 3, 6, 7), **AVG_POOL, "divisor_override": 4},
    "avg_pool2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 4, 3),
        "input_shape": (a.batch, 3, 6, 7),
        **AVG_POOL,
        "divisor_override": 4,
    },
    "max_pool1d": lambda a: {"input": a(a.batch, 3, 9), **MAX_POOL1D, "return_indices": True},
    "max_pool1d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 5),
        "indices": a.ids(9, a.batch, 3, 5),
        "input_shape": (a.batch, 3, 9),
    },
    "avg_pool1d": lambda a: {"input": a(a.batch, 3, 10), **AVG_POOL1D},
    "avg_pool1d_backward": lambda a: {"grad_output": a(a.batch, 3, 6), "input_shape": (a.batch, 3, 10), **AVG_POOL1D},
    "adaptive_avg_pool2d": lambda a: {"input": a(a.batch, 3, 6, 7), "output_size": (4, None)},
    "adaptive_avg_pool2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 4, 5),
        "input_shape": (a.batch, 3, 6, 7),
    },
    "adaptive_max_pool2d": lambda a: {"input": a(a.batch, 3, 6, 7), "output_size": (4, 3), "return_indices": True},
    "adaptive_max_pool2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 4, 5),
        "indices": a.ids(42, a.batch, 3, 4, 5),
        "input_shape": (a.batch, 3, 6, 7),
    },
    "max_unpool2d": lambda a: {
        "input": a(a.batch, 3, 4, 3),
        "indices": a.ids(42, a.batch, 3, 4, 3),
        "kernel_size": (2, 3),
        "stride": (2, 3),
        "padding": (0, 1),
        "output_size": (7, 6),
    },
    "max_unpool2d_backward": lambda a: {
        "grad_output": a(a.batch, 3, 8, 7),
        "indices": a.ids(56, a.batch, 3, 4, 3),
        "input_shape": (a.batch, 3, 4, 3),
    },
    "linear": lambda a: {"input": a(a.batch, 3, 5), "weight": a(4, 5), "bias": a(4)},
    "linear_backward": lambda a: {"grad_output": a(a.batch, 3, 4), "input": a(a.batch, 3, 5), "weight": a(4, 5)},
    "batch_norm": lambda a: {"input": a(a.batch, 4, 6, 5), **running(a), "weight": a(4), "bias": a(4), **NORM},
    "batch_norm_backward": lambda a: {
        "grad_output": a(a.batch, 4, 6, 5),
        "input": a(a.batch, 4, 6, 5),
        **running(a),
        "weight": a(4),
        "training": True,
        "eps": 0.25,
    },
    "group_norm": lambda a: {
        "input": a(a.batch, 4, 6, 5),
        "num_groups": 2,
        "weight": a(4),
        "bias": a(4),
        "eps": 0.25,
    },
    "group_norm_backward": lambda a: {
        "grad_output": a(a.batch, 4, 6, 5),
        "input": a(a.batch, 4, 6, 5),
        "num_groups": 2,
        "weight": a(4),
        "eps": 0.25,
    },
    "layer_norm": lambda a: {
        "input": a(a.batch, 3, 6, 5),
        "normalized_shape": (6, 5),
        "weight": a(6, 5),
        "bias": a(6, 5),
        "eps": 0.25,
    },
    "layer_norm_backward": lambda a: {
        "grad_output": a(a.batch, 3, 6, 5),
        "input": a(a.batch, 3, 6, 5),
        "normalized_shape": (6, 5),
        "weight": a(6, 5),
        "eps": 0.25,
    },
    "dropout": lambda a: {"input": a(a.batch, 3, 5), "p": 0.25, "rng": 1},
    "dropout2d": lambda a: {"input": a(a.batch, 3, 5, 2), "p": 0.25, "rng": 1},
    "dropout_backward": lambda a: {
        "grad_output": a(a.batch, 3, 5),
        "mask": a.ids(2, a.batch, 3, 5).astype(bool),
        "p": 0.25,
    },
    **{name: lambda a: {"input": a(a.batch, 3, 5)} for name in ("relu", "sigmoid", "tanh")},
    **{
        f"{name}_backward": lambda a: {"grad_output": a(a.batch, 3, 5), "output": a(a.batch, 3, 5)}
        for name in ("relu", "sigmoid", "tanh")
    },
    **{
        name + suffix: partial(elementwise, suffix, options)
        for name, options in ELEMENTWISE.items()
        for suffix in ("", "_backward")
    },
    **{name: lambda a: {"input": a(a.batch, 3, 5), "dim": 1} for name in ("softmax", "log_softmax")},
    **{
        f"{name}_backward": lambda a: {"grad_output": a(a.batch, 3, 5), "output": a(a.batch, 3, 5), "dim": 1}
        for name in ("softmax", "log_softmax")
    },
    **{
        name + suffix: partial(difference, suffix, options)
        for name, options in DIFFERENCES.items()
        for suffix in ("", "_backward")
    },
    "nll_loss": lambda a: {"input": a(a.batch, 5, 3), "target": a.ids(5, a.batch, 3), "weight": a(5), **NLL},
    "nll_loss_backward": lambda a: {
        "grad_output": a(a.batch, 3),
        "input": a(a.batch, 5, 3),
        "target": a.ids(5, a.batch, 3),
        "weight": a(5),
        **NLL,
    },
    "softmax_cross_entropy": lambda a: {
        "logits": a(a.batch, 5, 3),
        "target": a.ids(5, a.batch, 3),
        "weight": a(5),
        **CROSS_ENTROPY,
    },
    "cross_entropy": lambda a: {
        "logits": a(a.batch, 5, 3),
        "target": a.ids(5, a.batch, 3),
        "weight": a(5),
        **CROSS_ENTROPY,
    },
    "cross_entropy_backward": lambda a: {
        "grad_output": a(a.batch, 3),
        "input": a(a.batch, 5, 3),
        "target": a.ids(5, a.batch, 3),
        "weight": a(5),
        **CROSS_ENTROPY,
    },
    "binary_cross_entropy_with_logits": lambda a: {
        "input": a(a.batch, 5),
        "target": a(a.batch, 5),
        "weight": a(a.batch, 5),
        "reduction": "none",
        "pos_weight": a(a.batch, 5),
    },
    "binary_cross_entropy_with_logits_backward": lambda a: {
        "grad_output": a(a.batch, 5),
        "input": a(a.batch, 5),
        "target": a(a.batch, 5),
        "weight": a(a.batch, 5),
        "reduction": "none",
        "pos_weight": a(a.batch, 5),
    },
}

WITH_WEIGHTS = [name for name in CALLS if "output_mask" in signature(getattr(F, name)).parameters]
"""Functions that give gradients of input, weight and bias."""


def run(name: str, arguments: dict[str, Any]) -> list[np.ndarray]:
    """Call a function; its results as a list."""
    results = getattr(F, name)(**arguments)
    return [np.asarray(result) for result in (results if isinstance(results, tuple) else (results,))]


def _places(wanted: Callable[[str, str, Any], bool]) -> list[Any]:
    return [
        pytest.param(name, argument, id=f"{name}-{argument}")
        for name, build in CALLS.items()
        for argument, value in build(Maker()).items()
        if wanted(name, argument, value)
    ]


def arrays(kinds: str, where: Callable[[str, str], bool] = lambda name, argument: True) -> list[Any]:
    """pytest parameters (function, argument) for every array argument whose dtype is of one of the kinds."""
    return _places(
        lambda name, argument, value: (
            isinstance(value, np.ndarray) and value.dtype.kind in kinds and where(name, argument)
        )
    )


def options(*names: str, where: Callable[[str, str], bool] = lambda name, argument: True) -> list[Any]:
    """pytest parameters (function, option) for every function that has one of the options."""
    return _places(lambda name, argument, value: argument in names and where(name, argument))


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    """Equal shape, dtype and bytes."""
    return a.shape == b.shape and a.dtype == b.dtype and a.tobytes() == b.tobytes()
