"""`fastconv.nn.init` and `fastconv.nn.utils`: what they do to parameters in both libraries."""

from .entry import IMPLEMENTATION, Entry, No, With, normal

SEED = No("`rng`: a seed or a numpy.random.Generator; numbers are NumPy's")
RANDOM = {"generator": SEED}
WEIGHT = {"tensor": (64, 32, 3, 3)}
KAIMING = {
    "a": [With(a=2.0)],
    "mode": ["fan_out"],
    "nonlinearity": ["relu", "tanh", "selu"],
    **RANDOM,
}

INIT = {
    "calculate_gain": Entry(
        {"nonlinearity": "leaky_relu"},
        {"nonlinearity": ["linear", "conv2d", "sigmoid", "tanh", "relu", "selu"], "param": [0.5]},
    ),
    "constant_": Entry({"tensor": (3, 4), "val": 2.5}),
    "ones_": Entry({"tensor": (3, 4)}),
    "zeros_": Entry({"tensor": (3, 4)}),
    "eye_": Entry({"tensor": (3, 4)}),
    "dirac_": Entry({"tensor": (6, 2, 3, 5)}, {"groups": [3]}),
    "uniform_": Entry(WEIGHT, {"a": [-1.0], "b": [3.0], **RANDOM}),
    "normal_": Entry(WEIGHT, {"mean": [2.0], "std": [0.25], **RANDOM}),
    "trunc_normal_": Entry(WEIGHT, {"mean": [1.0], "std": [2.0], "a": [-0.5], "b": [0.5], **RANDOM}),
    "xavier_uniform_": Entry(WEIGHT, {"gain": [3.0], **RANDOM}),
    "xavier_normal_": Entry(WEIGHT, {"gain": [3.0], **RANDOM}),
    "kaiming_uniform_": Entry(WEIGHT, KAIMING),
    "kaiming_normal_": Entry(WEIGHT, KAIMING),
    "orthogonal_": Entry({"tensor": (30, 50)}, {"gain": [3.0], **RANDOM}),
    "sparse_": Entry({"tensor": (200, 90), "sparsity": 0.3}, {"sparsity": [0.75], "std": [0.5], **RANDOM}),
}

UTILS = {
    "clip_grad_norm_": Entry(
        {"parameters": True, "max_norm": 1.5},
        {
            "max_norm": [0.25],
            "norm_type": [1.0, 3.5, float("inf")],
            "error_if_nonfinite": [True],
            "foreach": IMPLEMENTATION,
        },
    ),
    "clip_grad_value_": Entry({"parameters": True, "clip_value": 0.5}, {"foreach": IMPLEMENTATION}),
    "parameters_to_vector": Entry({"parameters": True}),
    "vector_to_parameters": Entry({"vec": normal(18), "parameters": True}),
}
