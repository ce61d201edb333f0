"""`fastconv.functional`, and what to call both libraries with."""

from .entry import DTYPES, INTERNAL, LOSS, PURE, Entry, No, With, ids, normal, places, positive

IMAGE, SIGNAL = normal(2, 4, 10, 9), normal(2, 4, 11)
LOGITS, CLASSES = normal(6, 5), ids(5, 6)


def _grouped(*kernel: int) -> With:
    return With(groups=2, weight=normal(6, 2, *kernel))


POOL2D = {"stride": [2, (1, 3)], "padding": [1, (0, 1)], "ceil_mode": [True]}
POOL1D = {"stride": [2, (3,)], "padding": [1], "ceil_mode": [True]}
COUNT = {"count_include_pad": [With(count_include_pad=False, padding=1)]}
CONV = {"bias": [normal(6)], "groups": [_grouped(3, 2)]}
WEIGHTED = No('a weight of every element: multiply the loss of `reduction="none"`')
INPLACE = {"inplace": PURE}
SOFTMAX = {"dim": [0, 1, -1], "_stacklevel": INTERNAL, "dtype": DTYPES}
NORM = {"weight": [normal(4)], "bias": [normal(4, seed=1)], "eps": [0.1]}
CROSS_ENTROPY = {**LOSS, "weight": [positive(5)], "ignore_index": [2]}
PICTURE = {"input": IMAGE}
PAIR = {"input": 3 * normal(6, 5, seed=1), "target": normal(6, 5, seed=2)}
MASKED = {"p": [0.0, 0.25], "training": [False], **INPLACE}

FUNCTIONAL = {
    "conv2d": Entry(
        {"input": IMAGE, "weight": normal(6, 4, 3, 2)},
        {
            **CONV,
            "stride": [2, (1, 2)],
            "padding": [1, (2, 1), "valid", "same"],
            "dilation": [2, (1, 2)],
        },
    ),
    "conv1d": Entry(
        {"input": SIGNAL, "weight": normal(6, 4, 3)},
        {
            **CONV,
            "groups": [_grouped(3)],
            "stride": [2, (3,)],
            "padding": [1, (2,), "valid", "same"],
            "dilation": [2, (3,)],
        },
    ),
    "conv_transpose2d": Entry(
        {"input": IMAGE, "weight": normal(4, 3, 3, 2)},
        {
            "bias": [normal(3)],
            "stride": [2, (1, 3)],
            "padding": [1, (0, 1)],
            "output_padding": [With(output_padding=1, stride=2), With(output_padding=(0, 2), stride=(1, 3))],
            "groups": [With(groups=2, weight=normal(4, 3, 3, 2, seed=1)), 4],
            "dilation": [2, (1, 3)],
        },
    ),
    "conv_transpose1d": Entry(
        {"input": SIGNAL, "weight": normal(4, 3, 3)},
        {
            "bias": [normal(3)],
            "stride": [2, (3,)],
            "padding": [1],
            "output_padding": [With(output_padding=1, stride=2), With(output_padding=(2,), stride=3)],
            "groups": [With(groups=2, weight=normal(4, 3, 3, seed=1)), 4],
            "dilation": [2, (3,)],
        },
    ),
    "pad": Entry(
        {"input": IMAGE, "pad": (1, 2, 0, 3)},
        {"mode": ["reflect", "replicate", "circular"], "value": [3.5, -1]},
    ),
    "max_pool2d": Entry(
        {"input": IMAGE, "kernel_size": (3, 2)},
        {**POOL2D, "dilation": [2, (1, 2)], "return_indices": [True]},
    ),
    "max_pool1d": Entry(
        {"input": SIGNAL, "kernel_size": 3},
        {**POOL1D, "dilation": [2], "return_indices": [True]},
    ),
    "avg_pool2d": Entry({"input": IMAGE, "kernel_size": (3, 2)}, {**POOL2D, **COUNT, "divisor_override": [5]}),
    "avg_pool1d": Entry({"input": SIGNAL, "kernel_size": 3}, {**POOL1D, **COUNT}),
    "adaptive_avg_pool2d": Entry({**PICTURE, "output_size": (4, 3)}, {"output_size": [1, (None, 5), (4, None)]}),
    "adaptive_max_pool2d": Entry({**PICTURE, "output_size": (4, 3)}, {"return_indices": [True]}),
    "max_unpool2d": Entry(
        {"input": normal(2, 4, 2, 3), "indices": places(), "kernel_size": (4, 3)},
        {"stride": [(5, 3)], "padding": [With(padding=(0, 1), kernel_size=4)], "output_size": [(9, 10), (2, 4, 9, 10)]},
    ),
    "linear": Entry({"input": normal(2, 3, 5), "weight": normal(4, 5)}, {"bias": [normal(4)]}),
    "batch_norm": Entry(
        {"input": IMAGE, "running_mean": normal(4, seed=2), "running_var": positive(4)},
        {**NORM, "training": [True], "momentum": [With(momentum=0.5, training=True)]},
    ),
    "group_norm": Entry(
        {"input": IMAGE, "num_groups": 2},
        {**NORM, "bias": [With(bias=normal(4, seed=1), weight=normal(4))]},  # torch takes no bias alone
    ),
    "layer_norm": Entry(
        {"input": IMAGE, "normalized_shape": (10, 9)},
        {"weight": [normal(10, 9)], "bias": [normal(10, 9, seed=1)], "eps": [0.1]},
    ),
    "dropout": Entry({"input": normal(100, 100, 2, 2), "p": 1.0}, MASKED),
    "dropout2d": Entry({"input": normal(100, 100, 2, 2), "p": 1.0}, MASKED),
    "relu": Entry(PICTURE, INPLACE),
    "sigmoid": Entry(PICTURE),
    "tanh": Entry(PICTURE),
    "leaky_relu": Entry(PICTURE, {"negative_slope": [0.25, -1.5], **INPLACE}),
    "elu": Entry(PICTURE, {"alpha": [0.5], **INPLACE}),
    "gelu": Entry(PICTURE, {"approximate": ["tanh"]}),
    "silu": Entry(PICTURE, INPLACE),
    "softplus": Entry(PICTURE, {"beta": [2.5], "threshold": [0.5]}),
    "hardtanh": Entry(PICTURE, {"min_val": [-0.25], "max_val": [0.5], **INPLACE}),
    "relu6": Entry({"input": 5 * IMAGE}, INPLACE),
    # torch multiplies by a sixth that it has rounded to float32.
    "hardsigmoid": Entry({"input": 3 * IMAGE}, INPLACE, tolerance=1e-7),
    "hardswish": Entry({"input": 3 * IMAGE}, INPLACE),
    "softmax": Entry({"input": SIGNAL, "dim": 2}, SOFTMAX),
    "log_softmax": Entry({"input": SIGNAL, "dim": 2}, SOFTMAX),
    "cross_entropy": Entry(
        {"input": LOGITS, "target": CLASSES},
        {**CROSS_ENTROPY, "label_smoothing": [0.2], "target": [positive(6, 5)]},
    ),
    "nll_loss": Entry({"input": LOGITS, "target": CLASSES}, CROSS_ENTROPY),
    "binary_cross_entropy_with_logits": Entry(
        PAIR, {**LOSS, "weight": [positive(6, 5), positive(5)], "pos_weight": [positive(5, seed=3)]}
    ),
    "mse_loss": Entry(PAIR, {**LOSS, "weight": WEIGHTED}),
    "l1_loss": Entry(PAIR, {**LOSS, "weight": WEIGHTED}),
    "huber_loss": Entry(PAIR, {"reduction": LOSS["reduction"], "delta": [2.5], "weight": WEIGHTED}),
    "smooth_l1_loss": Entry(PAIR, {**LOSS, "beta": [2.5]}),
}
