"""`fastconv.nn`, and what to construct both libraries' layers with."""

from typing import Any

import numpy as np

from .entry import ACCEPTED, CPU, LOSS, Entry, No, With, ids, normal, places, positive

IMAGE, SIGNAL, VECTOR = (normal(2, 4, 9, 8),), (normal(2, 4, 11),), (normal(5, 6),)
MADE = {"device": CPU, "dtype": [np.float32]}
INPLACE = {"inplace": ACCEPTED}
CHANNELS = {"in_channels": 4, "out_channels": 6, "kernel_size": 3}
MODES = [With(padding_mode=mode, padding=1) for mode in ("reflect", "replicate", "circular")]
CONV = {"stride": [2], "padding": [1, "same", "valid"], "dilation": [2], "groups": [2], "bias": [False], **MADE}
OUTPUT_PADDING = [With(output_padding=1, stride=2)]
TRANSPOSED = {"stride": [2], "padding": [1], "output_padding": OUTPUT_PADDING, "dilation": [2], "groups": [2]}
POOL = {"stride": [2], "padding": [1], "ceil_mode": [True]}
COUNT = {"count_include_pad": [With(count_include_pad=False, padding=1)]}
BATCH_NORM = {
    "eps": [0.1],
    "momentum": [0.5, None],
    "affine": [False],
    "track_running_stats": [False],
    "bias": [False],
    **MADE,
}
RETIRED_NAME = No("retired by torch; `min_val`, `max_val`")
PAIR = (3 * normal(6, 5, seed=1), normal(6, 5, seed=2))
CLASSES = (normal(6, 5), ids(5, 6))
CROSS_ENTROPY = {**LOSS, "weight": [positive(5)], "ignore_index": [2]}


def _parts(lib: Any) -> list[Any]:
    return [lib.ReLU(), lib.Flatten(), lib.ELU(0.5)]


LAYERS = {
    "Conv2d": Entry(CHANNELS, {**CONV, "padding_mode": MODES}, IMAGE),
    "Conv1d": Entry(CHANNELS, {**CONV, "padding_mode": MODES}, SIGNAL),
    "ConvTranspose2d": Entry(CHANNELS, {**TRANSPOSED, "bias": [False], "padding_mode": ["zeros"], **MADE}, IMAGE),
    "ConvTranspose1d": Entry(CHANNELS, {**TRANSPOSED, "bias": [False], "padding_mode": ["zeros"], **MADE}, SIGNAL),
    "MaxPool2d": Entry({"kernel_size": 3}, {**POOL, "dilation": [2], "return_indices": [True]}, IMAGE),
    "MaxPool1d": Entry({"kernel_size": 3}, {**POOL, "dilation": [2], "return_indices": [True]}, SIGNAL),
    "AvgPool2d": Entry({"kernel_size": 3}, {**POOL, **COUNT, "divisor_override": [5]}, IMAGE),
    "AvgPool1d": Entry({"kernel_size": 3}, {**POOL, **COUNT}, SIGNAL),
    "AdaptiveAvgPool2d": Entry({"output_size": (4, None)}, {}, IMAGE),
    "AdaptiveMaxPool2d": Entry({"output_size": (4, 3)}, {"return_indices": [True]}, IMAGE),
    "MaxUnpool2d": Entry(
        {"kernel_size": (4, 3)},
        {"stride": [(5, 3)], "padding": [With(padding=(0, 1), kernel_size=4)]},
        (normal(2, 4, 2, 3), places()),
    ),
    "ZeroPad2d": Entry({"padding": (1, -2, 3, 0)}, {}, IMAGE),
    "ConstantPad2d": Entry({"padding": (1, 2, 3, 4), "value": 3.5}, {}, IMAGE),
    "ReflectionPad2d": Entry({"padding": (3, 1, 0, 2)}, {}, IMAGE),
    "ReplicationPad2d": Entry({"padding": (3, 1, 0, 12)}, {}, IMAGE),
    "CircularPad2d": Entry({"padding": (3, 1, 0, 9)}, {}, IMAGE),
    "Linear": Entry({"in_features": 6, "out_features": 3}, {"bias": [False], **MADE}, VECTOR),
    "Flatten": Entry({}, {"start_dim": [2], "end_dim": [2]}, IMAGE),
    "Unflatten": Entry({"dim": 1, "unflattened_size": (2, -1)}, {}, IMAGE),
    "Upsample": Entry(
        {"scale_factor": 2},
        {
            "scale_factor": [(1, 3)],
            "mode": ["nearest"],
            "size": No("whole factors only; `scale_factor`"),
            "align_corners": No("for interpolation, which is not offered"),
            "recompute_scale_factor": No("whole factors need no rounding"),
        },
        IMAGE,
    ),
    "Identity": Entry({}, {"args": [With(args=(3, "a"))], "kwargs": [With(anything=1)]}, IMAGE),
    "Sequential": Entry({"args": _parts}, {}, IMAGE),
    "ModuleList": Entry({"modules": _parts}),
    "ModuleDict": Entry({"modules": lambda lib: {"a": lib.ReLU(), "b": lib.Softplus(2.0)}}),
    "BatchNorm1d": Entry({"num_features": 4}, BATCH_NORM, SIGNAL),
    "BatchNorm2d": Entry({"num_features": 4}, BATCH_NORM, IMAGE),
    "GroupNorm": Entry(
        {"num_groups": 2, "num_channels": 4}, {"eps": [0.1], "affine": [False], "bias": [False], **MADE}, IMAGE
    ),
    "LayerNorm": Entry(
        {"normalized_shape": (9, 8)}, {"eps": [0.1], "elementwise_affine": [False], "bias": [False], **MADE}, IMAGE
    ),
    "Dropout": Entry({"p": 1.0}, {"p": [0.0, 0.25], **INPLACE}, (normal(100, 100, 2, 2),)),
    "Dropout2d": Entry({"p": 1.0}, {"p": [0.0, 0.25], **INPLACE}, (normal(100, 100, 2, 2),)),
    "ReLU": Entry({}, INPLACE, IMAGE),
    "Sigmoid": Entry({}, {}, IMAGE),
    "Tanh": Entry({}, {}, IMAGE),
    "LeakyReLU": Entry({}, {"negative_slope": [0.25], **INPLACE}, IMAGE),
    "ELU": Entry({}, {"alpha": [0.5], **INPLACE}, IMAGE),
    "GELU": Entry({}, {"approximate": ["tanh"]}, IMAGE),
    "SiLU": Entry({}, INPLACE, IMAGE),
    "ReLU6": Entry({}, INPLACE, (5 * IMAGE[0],)),
    "Hardtanh": Entry(
        {},
        {"min_val": [-0.25], "max_val": [0.5], **INPLACE, "min_value": RETIRED_NAME, "max_value": RETIRED_NAME},
        IMAGE,
    ),
    # torch multiplies by a sixth that it has rounded to float32.
    "Hardsigmoid": Entry({}, INPLACE, (3 * IMAGE[0],), tolerance=1e-7),
    "Hardswish": Entry({}, INPLACE, (3 * IMAGE[0],)),
    "Softplus": Entry({}, {"beta": [2.5], "threshold": [0.5]}, IMAGE),
    "Softmax": Entry({"dim": 2}, {"dim": [0, 1, -1]}, SIGNAL),
    "LogSoftmax": Entry({"dim": 2}, {"dim": [0, 1, -1]}, SIGNAL),
    "CrossEntropyLoss": Entry({}, {**CROSS_ENTROPY, "label_smoothing": [0.2]}, CLASSES),
    "NLLLoss": Entry({}, CROSS_ENTROPY, CLASSES),
    "BCEWithLogitsLoss": Entry({}, {**LOSS, "weight": [positive(5)], "pos_weight": [positive(5, seed=3)]}, PAIR),
    "MSELoss": Entry({}, LOSS, PAIR),
    "L1Loss": Entry({}, LOSS, PAIR),
    "HuberLoss": Entry({}, {"reduction": LOSS["reduction"], "delta": [2.5]}, PAIR),
    "SmoothL1Loss": Entry({}, {**LOSS, "beta": [2.5]}, PAIR),
}
