"""A valid call of every public class and function outside `functional`, and the kinds of their arguments."""

import inspect
from collections.abc import Callable
from functools import partial, wraps
from typing import Any, NamedTuple

import numpy as np
from features.layers import LAYERS

import fastconv as fc
from fastconv import nn, optim, train
from fastconv.optim import lr_scheduler

from .kinds import (
    ARRAY,
    DTYPE,
    FINITE,
    FLAG,
    FRACTION,
    FUNCTION,
    HUGE,
    INTEGER,
    NATURAL,
    NOT_NEGATIVE,
    NUMBER,
    OBJECT,
    PAIR,
    PARAMETERS,
    PATH,
    POSITIVE,
    POSITIVE_PAIR,
    SEED,
    SHAPE,
    WORD,
    Kind,
)  # fmt: skip


def _of(kind: Kind, *names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, kind)


KINDS = {
    **_of(POSITIVE_PAIR, "kernel_size", "stride", "dilation"),
    **_of(PAIR, "padding", "output_padding"),
    **_of(POSITIVE, "groups", "in_channels", "out_channels", "num_features", "num_groups", "num_channels"),
    **_of(POSITIVE, "max_filters", "max_maps", "interval", "every"),
    **_of(POSITIVE, "divisor_override", "step_size", "T_max", "T_0", "T_mult", "batch_size", "n"),
    **_of(NATURAL, "in_features", "out_features", "total_iters", "patience", "cooldown", "max_shift", "prefetch"),
    **_of(INTEGER, "ignore_index", "start_dim", "end_dim", "dim"),
    **_of(FLAG, "bias", "ceil_mode", "return_indices", "count_include_pad", "inplace", "affine", "maximize"),
    **_of(FLAG, "elementwise_affine", "track_running_stats", "nesterov", "centered", "amsgrad", "cycle_momentum"),
    **_of(FLAG, "decoupled_weight_decay", "eps_inside_sqrt", "three_phase", "shuffle", "drop_last", "strict"),
    **_of(FLAG, "timing", "grayscale", "download", "error_if_nonfinite", "on", "requires_grad"),
    **_of(WORD, "padding_mode", "mode", "reduction", "nonlinearity", "approximate", "anneal_strategy"),
    **_of(WORD, "split", "labels", "threshold_mode", "name", "precision", "algorithm"),
    **_of(ARRAY, "weight", "pos_weight", "tensor", "vec"),
    **_of(NUMBER, "negative_slope", "alpha", "threshold", "value", "min_val", "max_val", "param"),
    **_of(NOT_NEGATIVE, "lr", "weight_decay", "lr_decay", "initial_accumulator_value", "eps", "std", "max_norm"),
    **_of(NOT_NEGATIVE, "clip_value", "gamma", "factor", "eta_min", "power", "momentum", "delta", "beta"),
    **_of(NOT_NEGATIVE, "max_lr", "base_momentum", "max_momentum", "min_lr"),
    **_of(FRACTION, "p", "label_smoothing", "dampening", "start_factor", "end_factor", "sparsity", "pct_start"),
    **_of(FINITE, "a", "b", "mean", "val", "gain", "div_factor", "final_div_factor", "norm_type"),
    **_of(SHAPE, "shape", "normalized_shape", "unflattened_size", "input_shape", "weight_shape"),
    **_of(PARAMETERS, "params", "parameters"),
    **_of(OBJECT, "optimizer", "model", "body", "shortcut", "communicator", "sampler"),
    "dtype": DTYPE,
    "rng": SEED,
    "last_epoch": INTEGER + Kind((), (-2,)),
    "lr_lambda": FUNCTION,
    "path": PATH,
    "root": PATH,
}
"""What arguments of this name are everywhere, but for what a call says."""


class Call(NamedTuple):
    """What to call, its arguments made anew each time, other kinds than `KINDS`, and what an error says for a name."""

    function: Any
    arguments: Callable[[], dict[str, Any]]
    kinds: dict[str, Kind] = {}  # noqa: RUF012
    says: dict[str, str] = {}  # noqa: RUF012

    def kind(self, name: str) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        """What the argument refuses with TypeError and with ValueError; None is neither where it is the default."""
        kind = self.kinds[name] if name in self.kinds else KINDS[name]
        default = inspect.signature(self.function).parameters[name].default
        kind = kind.but(None) if default is None else kind
        return kind.types, kind.values


def parameter() -> nn.Parameter:
    p = nn.Parameter(np.ones(3))
    p.grad = np.full(3, 2.0)
    return p


def optimizer() -> optim.SGD:
    return optim.SGD([parameter()], lr=0.1, momentum=0.5)


def _on_an_optimizer(given: dict[str, Any]) -> dict[str, Any]:
    return {"optimizer": optimizer(), **given}


def _first_values(scheme: str, argument: str) -> dict[str, Any]:
    shape = SHAPES.get(scheme, (3, 4))
    return {argument: np.ones(shape) if argument == "tensor" else shape, **REQUIRED.get(scheme, {})}


def _layer(name: str) -> Call:
    base = LAYERS[name].base
    return Call(
        getattr(nn, name), lambda: {key: value(nn) if callable(value) else value for key, value in base.items()}
    )


CALLS: dict[str, Call] = {name: _layer(name) for name in LAYERS}

# What is not what its name says elsewhere.
WORD_OR_PAIR = {"padding": PAIR.but("2") + Kind((), ("2", "SAME"))}
MODULES = Kind(([3], [None], [nn.ReLU], ["a"]))
PART = {"modules": "must be a Module"}

CALLS |= {
    name: CALLS[name]._replace(kinds=kinds)
    for name, kinds in {
        **dict.fromkeys(("Conv1d", "Conv2d"), WORD_OR_PAIR),
        **{key: {"padding": PAIR.but(-1)} for key in ("ZeroPad2d", "ConstantPad2d")},
        **{key: {"output_size": POSITIVE_PAIR} for key in ("AdaptiveAvgPool2d", "AdaptiveMaxPool2d")},
        **{key: {"momentum": NUMBER.but(None)} for key in ("BatchNorm1d", "BatchNorm2d")},
        "Upsample": {"scale_factor": Kind((1.5, "2", True, None, {}, 2j), (0, -1, (1, 2, 3), HUGE))},
        "HuberLoss": {"delta": NOT_NEGATIVE.but(float("inf"))},
    }.items()
}
CALLS |= {
    "Sequential": Call(
        lambda modules: nn.Sequential(*modules), lambda: {"modules": [nn.ReLU()]}, {"modules": MODULES}, PART
    ),
    "Concat": Call(lambda modules: nn.Concat(*modules), lambda: {"modules": [nn.ReLU()]}, {"modules": MODULES}, PART),
    "ModuleList": Call(nn.ModuleList, lambda: {"modules": [nn.ReLU()]}, {"modules": MODULES}, PART),
    "ModuleDict": Call(
        nn.ModuleDict,
        lambda: {"modules": {"a": nn.ReLU()}},
        {"modules": Kind(({"a": 3}, {"a": None}, {3: nn.ReLU()}, 3, "ab", [3]), ({"a.b": nn.ReLU()}, {"": nn.ReLU()}))},
        {"modules": ""},  # names the part instead
    ),
    "Residual": Call(nn.Residual, lambda: {"body": nn.ReLU()}),
    "fuse": Call(nn.fuse, lambda: {"model": nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2))}),
    "Parameter": Call(nn.Parameter, lambda: {"data": np.ones(3)}, {"data": ARRAY}),
}

BETAS = Kind((0.9, None, ("0.9", "0.9"), (True, 0.9)), ((1, 0.999), (-0.1, 0.9), (0.9,), (0.9, 0.9, 0.9)))
CALLS |= {
    name: Call(getattr(optim, name), lambda: {"params": [parameter()], "lr": 0.1}, {"alpha": FRACTION, "betas": BETAS})
    for name in ("SGD", "Momentum", "Adagrad", "RMSprop", "Adam", "AdamW")
}

SCHEDULERS: dict[str, dict[str, Any]] = {
    "StepLR": {"step_size": 3},
    "MultiStepLR": {"milestones": [2, 4]},
    "ConstantLR": {},
    "LinearLR": {},
    "ExponentialLR": {"gamma": 0.5},
    "PolynomialLR": {},
    "LambdaLR": {"lr_lambda": float},
    "MultiplicativeLR": {"lr_lambda": float},
    "CosineAnnealingLR": {"T_max": 5},
    "CosineAnnealingWarmRestarts": {"T_0": 5},
    "OneCycleLR": {"max_lr": 1.0, "total_steps": 12},
    "ReduceLROnPlateau": {},
}
EACH_GROUP = NOT_NEGATIVE.but([0.1])
OF_SCHEDULERS = {
    "milestones": Kind((3, "12", [1.5], None, [True]), ([-1],)),
    "factor": FRACTION,
    **dict.fromkeys(("max_lr", "base_momentum", "max_momentum", "min_lr"), EACH_GROUP),
    **dict.fromkeys(("total_steps", "epochs", "steps_per_epoch"), POSITIVE),
}
CALLS |= {
    name: Call(getattr(lr_scheduler, name), partial(_on_an_optimizer, given), OF_SCHEDULERS)
    for name, given in SCHEDULERS.items()
}

REQUIRED = {"constant": {"val": 1.0}, "sparse": {"sparsity": 0.5}}
SHAPES = {"dirac": (4, 2, 3)}
for scheme in (name for name in nn.init.__all__ if f"{name}_" in nn.init.__all__):
    CALLS[scheme] = Call(getattr(nn.init, scheme), partial(_first_values, scheme, "shape"))
    CALLS[f"{scheme}_"] = Call(getattr(nn.init, f"{scheme}_"), partial(_first_values, scheme, "tensor"))

FOLDERS = ("mnist", "fashion_mnist", "kmnist", "emnist", "cifar10", "cifar100")
INFINITE = float("inf")
TEXT = Kind((None, 3, b"loss", ["loss"]))
STATES = ("optimizer", "scheduler", "loader")
NAMES = Kind((3, "loss", [3]), ([], ["nonsense"]))
ON_AXES = {"ax": Kind((3, "ax", [3])), "display_labels": Kind((3, "ab", {}), ([], ["one"]))}
OF_AN_IMAGE = {
    "model": OBJECT,
    "image": ARRAY.but(np.ones(2)) + Kind((), (np.ones(2), np.ones((2, 1, 3, 3)), np.ones((0, 3, 3)))),
    "layers": NAMES,
}
IDS = dict.fromkeys(
    ("y_true", "y_pred"), Kind((None, 3, "ab", [0.0, 1.0], np.eye(2), ["a", "b"]), ([-1, 0], [[0, 1]], [0, 1, 1], []))
)


@wraps(fc.plot.animate_optimizer_paths)
def _rendered_animation(*args: Any, **given: Any) -> Any:
    """matplotlib warns of an animation that nobody looks at."""
    animation = fc.plot.animate_optimizer_paths(*args, **given)
    animation.to_jshtml()
    return animation


def _an_image() -> dict[str, Any]:
    return {"model": nn.Conv2d(1, 2, 2), "image": np.ones((1, 3, 3), np.float32)}


RANGE = Kind((0.5, None, "ab", ("a", "b"), (True, 1)), ((), (0.1, 0.2, 0.3), (0, 1), (0.5, 0.1), (0.1, INFINITE)))
EMPTY = Kind((), ((), []))
CALLS |= {
    "calculate_gain": Call(nn.init.calculate_gain, lambda: {"nonlinearity": "leaky_relu"}),
    "fan_in": Call(nn.init.fan_in, lambda: {"shape": (3, 4)}),
    "clip_grad_norm_": Call(
        nn.utils.clip_grad_norm_,
        lambda: {"parameters": [parameter()], "max_norm": 10.0},
        {"max_norm": NOT_NEGATIVE.but(INFINITE), "norm_type": FINITE.but(INFINITE) + Kind((), (0, -1))},
    ),
    "clip_grad_value_": Call(
        nn.utils.clip_grad_value_,
        lambda: {"parameters": [parameter()], "clip_value": 10.0},
        {"clip_value": NOT_NEGATIVE.but(INFINITE)},
    ),
    "parameters_to_vector": Call(nn.utils.parameters_to_vector, lambda: {"parameters": [parameter()]}),
    "vector_to_parameters": Call(
        nn.utils.vector_to_parameters, lambda: {"vec": np.ones(3), "parameters": [parameter()]}
    ),
    "DataLoader": Call(
        fc.data.DataLoader,
        lambda: {"X": np.ones((4, 1, 2, 2)), "y": np.arange(4)},
        {
            "X": Kind((None, 3, "X", [1.0], np.ones(4, int)), (np.ones(3), np.array(1.0))),
            "y": Kind((None, "y", list("abcd"), np.ones(4, bool)), (3, np.ones(3))),
            "transform": FUNCTION,
        },
    ),
    "DistributedOptimizer": Call(
        fc.distributed.DistributedOptimizer,
        lambda: {"optimizer": optim.SGD([parameter()], lr=0.1)},
        {"bucket_cap_mb": NOT_NEGATIVE + Kind((), (0,)), "compression": WORD},
    ),
    "DistributedSampler": Call(fc.distributed.DistributedSampler, lambda: {}),
    "broadcast_parameters": Call(
        fc.distributed.broadcast_parameters, lambda: {"model": nn.Linear(3, 2)}, {"root_rank": NATURAL + Kind((), (1,))}
    ),
    "convert_sync_batchnorm": Call(fc.distributed.convert_sync_batchnorm, lambda: {"model": nn.BatchNorm2d(3)}),
    "RandomShift": Call(fc.data.RandomShift, lambda: {"max_shift": 1}),
    "RandomCrop": Call(fc.data.RandomCrop, lambda: {"size": 3}, {"size": POSITIVE_PAIR}),
    "RandomHorizontalFlip": Call(fc.data.RandomHorizontalFlip, lambda: {}),
    "Cutout": Call(fc.data.Cutout, lambda: {"size": 3}, {"size": POSITIVE}),
    "RandomErasing": Call(
        fc.data.RandomErasing, lambda: {}, {"scale": RANGE + Kind((), ((0.5, 1.5),)), "ratio": RANGE, "value": FINITE}
    ),
    "Normalize": Call(
        fc.data.Normalize,
        lambda: {"mean": 0.5, "std": 0.5},
        {
            "mean": FINITE.but([0.1], np.ones(2)) + EMPTY,
            "std": NOT_NEGATIVE.but([0.1], np.ones(2)) + EMPTY + Kind((), (0, [0.5, 0])),
        },
    ),
    "Mixup": Call(
        fc.data.Mixup, lambda: {"num_classes": 3}, {"num_classes": POSITIVE, "alpha": NOT_NEGATIVE + Kind((), (0,))}
    ),
    "Compose": Call(
        fc.data.Compose, lambda: {"transforms": [abs]}, {"transforms": Kind((None, 3, abs, "abs", [abs, 3], [None]))}
    ),
    "digits": Call(fc.data.digits, lambda: {"size": 8}, {"size": POSITIVE}),
    "resize": Call(
        fc.data.resize,
        lambda: {"images": np.ones((1, 1, 2, 2)), "size": 3},
        {"images": ARRAY, "size": POSITIVE_PAIR},
    ),
    **{name: Call(getattr(fc.data, name), lambda: {"root": "nowhere"}) for name in FOLDERS},
    "image_folder": Call(
        fc.data.image_folder,
        lambda: {"path": "nowhere"},
        {"size": POSITIVE_PAIR, "classes": Kind((3, "ab", [3]), ([], ["a", "a"]))},
    ),
    "train_test_split": Call(
        fc.data.train_test_split,
        lambda: {"data": (np.ones((4, 1)), np.array([0, 0, 1, 1]))},
        {"data": Kind((None, 3, "ab", np.ones(3), [1, 2])), "test_size": NOT_NEGATIVE + Kind((), (0, 1, 3))},
    ),
    "read_npz": Call(fc.data.read_npz, lambda: {"path": "nowhere"}, dict.fromkeys("Xy", Kind((None, 3, b"X", ["X"])))),
    "read_idx": Call(fc.data.read_idx, lambda: {"path": "nowhere"}),
    "read_image": Call(fc.data.read_image, lambda: {"path": "nowhere.npy"}),
    "summary": Call(fc.summary, lambda: {"model": nn.ReLU(), "input_shape": (1, 2)}),
    "explain_conv2d": Call(
        fc.explain_conv2d, lambda: {"input_shape": (1, 4, 5, 5), "weight_shape": (4, 4, 3, 3)}, WORD_OR_PAIR
    ),
    "set_backend": Call(fc.set_backend, lambda: {"name": fc.get_backend()}),
    "use_backend": Call(lambda name: fc.use_backend(name).__enter__(), lambda: {"name": fc.get_backend()}),
    "set_num_threads": Call(fc.set_num_threads, lambda: {"n": 1}),
    "threads": Call(lambda n: fc.threads(n).__enter__(), lambda: {"n": 1}),
    "set_float32_conv_precision": Call(
        fc.set_float32_conv_precision, lambda: {"precision": fc.get_float32_conv_precision()}
    ),
    "set_flush_subnormals": Call(fc.set_flush_subnormals, lambda: {"on": False}),
    "show_config": Call(fc.show_config, lambda: {"mode": "dicts"}),
    "save_weights": Call(
        fc.save_weights, lambda: {"path": "nowhere/w.npz", "model": nn.ReLU()}, {"meta": Kind((3, "a", [1]))}
    ),
    "load_weights": Call(fc.load_weights, lambda: {"path": "nowhere.npz", "model": nn.ReLU()}),
    "save_checkpoint": Call(
        fc.save_checkpoint, lambda: {"path": "nowhere/c.npz", "model": nn.ReLU()}, dict.fromkeys(STATES, OBJECT)
    ),
    "load_checkpoint": Call(fc.load_checkpoint, lambda: {"path": "nowhere.npz"}, dict.fromkeys(STATES, OBJECT)),
    "Trainer": Call(
        fc.Trainer,
        lambda: {"model": nn.ReLU(), "loss": nn.MSELoss(), "optimizer": optimizer()},
        {
            "loss": Kind((None, 3, "mse", abs)),
            "callbacks": Kind((None, 3, "a", [3])),
            "metrics": Kind((3, "accuracy", [3]), (["nonsense"], ["loss", "loss"])),
        },
    ),
    "Accuracy": Call(train.Accuracy, lambda: {}, {"binary": FLAG}),
    "TopKAccuracy": Call(train.TopKAccuracy, lambda: {}, {"k": POSITIVE}),
    "ConfusionMatrix": Call(train.ConfusionMatrix, lambda: {}),
    "Checkpoint": Call(
        train.Checkpoint,
        lambda: {"path": "c.npz"},
        {"best": PATH, "monitor": TEXT, "every_epochs": POSITIVE, "every_steps": POSITIVE},
    ),
    "CSVLogger": Call(train.CSVLogger, lambda: {"path": "h.csv"}),
    "EarlyStopping": Call(
        train.EarlyStopping,
        lambda: {},
        {"monitor": TEXT, "patience": POSITIVE, "min_delta": NOT_NEGATIVE, "restore_best": FLAG},
    ),
    "GradientNormClipping": Call(
        train.GradientNormClipping,
        lambda: {"max_norm": 1.0},
        {"max_norm": NOT_NEGATIVE.but(INFINITE), "norm_type": FINITE.but(INFINITE) + Kind((), (0, -1))},
    ),
    "LRScheduler": Call(
        train.LRScheduler,
        lambda: {"scheduler": lr_scheduler.ReduceLROnPlateau(optimizer())},
        {"scheduler": OBJECT, "every": WORD, "monitor": TEXT},
    ),
    "TimeBudget": Call(train.TimeBudget, lambda: {"seconds": 1.0}, {"seconds": NOT_NEGATIVE + Kind((), (0,))}),
    "confusion_matrix": Call(
        fc.plot.confusion_matrix,
        lambda: {"y_true": [0, 1], "y_pred": np.array([1, 1])},
        {**IDS, **ON_AXES},
        {"y_true": ""},  # where it is too long, y_pred is too short
    ),
    "most_confused": Call(
        fc.plot.most_confused,
        lambda: {"X": np.ones((2, 1, 3, 3)), "y_true": [0, 1], "logits": np.eye(2)},
        {
            **IDS,
            **ON_AXES,
            "X": ARRAY.but(np.ones(2)) + Kind((), (np.ones(2), np.ones((3, 1, 3, 3)), np.ones((2, 0, 3, 3)))),
            "logits": ARRAY + Kind((), (np.ones(2), np.ones((3, 2)), np.ones((2, 1)))),
        },
        {"X": ""},  # where images are too many, y_true is too short
    ),
    "filters": Call(
        fc.plot.filters,
        lambda: {"layer": nn.Conv2d(1, 2, 3)},
        {**ON_AXES, "layer": ARRAY + Kind((nn.ReLU(),), (nn.Linear(2, 2), np.ones(3)))},
    ),
    "learning_curve": Call(
        fc.plot.learning_curve,
        lambda: {"history": {"loss": [1.0]}},
        {
            "history": Kind((None, 3, [1.0], {"loss": ["a"]}), ({}, {"loss": []}, {"loss": [[1.0]]})),
            "metrics": NAMES,
            "axes": Kind((3, "ax", [3], [None])),
        },
    ),
    "feature_maps": Call(fc.plot.feature_maps, _an_image, {**OF_AN_IMAGE, "fig": Kind((3, "fig"))}),
    "receptive_field": Call(fc.plot.receptive_field, _an_image, {**OF_AN_IMAGE, **ON_AXES}),
    "saliency": Call(
        fc.plot.saliency,
        lambda: _an_image() | {"model": nn.Sequential(nn.Flatten(), nn.Linear(9, 2))},
        {**OF_AN_IMAGE, **ON_AXES, "target": NATURAL + Kind((), (2,))},
    ),
    "trace_optimizer": Call(
        fc.plot.trace_optimizer,
        lambda: {"gradient": abs, "start": [1.0, 2.0], "optimizer": lambda params: optim.SGD(params, lr=0.1)},
        {
            "gradient": FUNCTION,
            "optimizer": FUNCTION,
            "start": Kind((None, "a", ["a"], {}), (1.0, [], [[1.0]], [float("nan")])),
            "steps": NATURAL,
        },
    ),
    **{
        name: Call(
            function,
            lambda: {"surface": np.hypot, "paths": {"a": [[0.0, 0.0], [1.0, 1.0]]}},
            {
                **ON_AXES,
                "surface": FUNCTION,
                "paths": Kind((None, 3, [[0.0, 0.0]], {"a": "b"}), ({}, {"a": []}, {"a": [0.0, 0.0]})),
                **dict.fromkeys(("xlim", "ylim", "minimum"), Kind(("ab", ("a", 1), {}), (3, (1,), (0, float("nan"))))),
            },
        )
        for name, function in (
            ("optimizer_paths", fc.plot.optimizer_paths),
            ("animate_optimizer_paths", _rendered_animation),
        )
    },
    "lenet5": Call(
        fc.models.lenet5,
        lambda: {},
        {"num_classes": POSITIVE, "input_size": POSITIVE, "activation": WORD, "pool": WORD},
    ),
}
NOWHERE = (
    *(*FOLDERS, "image_folder", "read_npz", "read_idx", "read_image"),
    *("save_weights", "load_weights", "save_checkpoint", "load_checkpoint"),
)
"""Calls whose file is not there."""
