"""What a run is to be: from the command line, from a TOML file, or from the run that is to go on."""

import argparse
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from ..._geometry import Shape, shown
from ...report.run import CONFIG, read_config
from .. import datasets, network
from ..arguments import UsageError, name_and_value, positive_integer, positive_number, seed, thread_count
from ..layers import read_layers, read_toml
from . import augmentation, schedule
from .optimizer import RATES

DIGITS_EPOCHS, EPOCHS = 20, 5


@dataclass
class Settings:
    """Everything that decides the numbers of a run, and where they go; None is for `complete` to find out."""

    data: str = datasets.DIGITS
    size: int | None = None
    grayscale: bool = False
    model: str = "lenet5"
    model_args: dict[str, Any] = field(default_factory=dict)
    layers: list[Any] | None = None
    optimizer: str = "adam"
    optimizer_args: dict[str, Any] = field(default_factory=dict)
    lr: float | None = None
    schedule: str = schedule.ONE_CYCLE
    augment: str | None = None
    epochs: int | None = None
    minutes: float | None = None
    batch_size: int = 32
    patience: int | None = None
    clip_norm: float | None = None
    seed: int = 0
    threads: int | None = None
    out: str = "fastconv-run"

    def as_config(self) -> dict[str, Any]:
        """What decides the numbers, without what is not set. Threads do not, nor does where the files go."""
        return {
            name: value
            for name, value in asdict(self).items()
            if name not in NOT_IN_CONFIG and value not in (None, {}) and value is not False
        }


NOT_IN_CONFIG = ("threads", "out")
# What may be something else when a run goes on, besides those: the data may have moved.
FREE = (*NOT_IN_CONFIG, "data")
# With these the rates of the first epochs do not depend on how many there will be.
ENDLESS = (schedule.CONSTANT, schedule.PLATEAU)


def model_name(text: str) -> str:
    """A name of a network, or a TOML file."""
    if text not in network.NAMES and not text.endswith(".toml"):
        raise argparse.ArgumentTypeError(f"must be a .toml file or one of {', '.join(network.NAMES)}, got {text!r}")
    return text


# Options by the names that they have in files, and what argparse is told about them. None has a default there, so that
# what was given is known.
OPTIONS: dict[str, dict[str, Any]] = {
    "model": {
        "type": model_name,
        "metavar": "NAME",
        "help": f"{', '.join(network.NAMES)}, or a .toml file with [[layers]] (default: {Settings.model})",
    },
    "model_args": {
        "type": name_and_value,
        "nargs": "+",
        "metavar": "NAME=VALUE",
        "help": "arguments of the function of fastconv.models, such as width_mult=0.5",
    },
    "epochs": {
        "type": positive_integer,
        "metavar": "N",
        "help": f"default: {EPOCHS}, for the digits {DIGITS_EPOCHS}; with --minutes as many as there is time for",
    },
    "minutes": {
        "type": positive_number,
        "metavar": "M",
        "help": "train for so long, with one cycle of the learning rate that goes by the clock: two such runs differ",
    },
    "batch_size": {"type": positive_integer, "metavar": "N", "help": f"default: {Settings.batch_size}"},
    "lr": {
        "type": positive_number,
        "metavar": "RATE",
        "help": f"highest learning rate (default: depends on the optimizer, {RATES['adam']} for adam)",
    },
    "optimizer": {"choices": tuple(RATES), "help": f"default: {Settings.optimizer}"},
    "optimizer_args": {
        "type": name_and_value,
        "nargs": "+",
        "metavar": "NAME=VALUE",
        "help": "arguments of the class of fastconv.optim, such as weight_decay=0.01",
    },
    "schedule": {"choices": schedule.SCHEDULES, "help": f"{schedule.HELP} (default: {Settings.schedule})"},
    "augment": {
        "type": augmentation.changes,
        "metavar": "CHANGES",
        "help": f"{augmentation.HELP} (default: for grey images shift=2, for others crop=4,flip)",
    },
    "patience": {
        "type": positive_integer,
        "metavar": "EPOCHS",
        "help": "end when the loss of the test images has not fallen for so long, with the weights of the best epoch",
    },
    "clip_norm": {"type": positive_number, "metavar": "NORM", "help": "make longer gradients so long"},
    "seed": {"type": seed, "metavar": "N", "help": f"of weights, orders and augmentation (default: {Settings.seed})"},
    "threads": {
        "type": thread_count,
        "metavar": "N",
        "help": "threads that compute; results do not depend on it (default: the CPUs that the process may use)",
    },
    "out": {
        "metavar": "DIR",
        "help": f"folder of the run, made if it is missing; a run in it is replaced (default: {Settings.out})",
    },
}


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add them all."""
    parser.add_argument(
        "--config", metavar="FILE.toml", help="settings, under the names of the options; those given here come first"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="go on with the run in --out where it was stopped, with the same bits as if it had not been",
    )
    datasets.add_data(parser)
    datasets.add_size(parser)
    for name, how in OPTIONS.items():
        parser.add_argument(f"--{name.replace('_', '-')}", **how)


def gather(args: argparse.Namespace) -> Settings:
    """The settings that the arguments, the file that they name and the run that is to go on give together.

    Raises
    ------
    UsageError
        Options do not go together.
    OSError, ValueError
        A file cannot be read, or has something else; the text has its path. Or what is given is not what the run was
        started with; the text lists all differences.
    """
    given = {} if args.config is None else _read(args.config)
    typed = {name: value for name in _names() if (value := getattr(args, name, None)) is not None}
    for name in ("model_args", "optimizer_args"):
        if name in typed:
            typed[name] = dict(typed[name])
    if "model" in typed:
        given = {name: value for name, value in given.items() if name not in ("model_args", "layers")}
    given |= typed
    if "layers" not in given and str(given.get("model", "")).endswith(".toml"):
        given |= {"layers": read_layers(given["model"]), "model": os.path.basename(given["model"])}
    if args.resume:
        given = _resumed(given)
    settings = Settings(**given)
    _check_together(settings)
    return settings


def complete(settings: Settings, shape: Shape) -> float:
    """Fill in what depends on other settings and on the shape of the images; return the highest learning rate."""
    if settings.augment is None:
        settings.augment = augmentation.usual(shape)
    if settings.epochs is None and settings.minutes is None:
        settings.epochs = DIGITS_EPOCHS if settings.data == datasets.DIGITS else EPOCHS
    settings.lr = settings.lr or RATES[settings.optimizer]
    return settings.lr


def _names() -> list[str]:
    return [one.name for one in fields(Settings)]


def _read(path: str) -> dict[str, Any]:
    """The settings in a TOML file; layers in it are a model that has the name of the file."""
    content = _checked(path, read_toml(path))
    if "layers" in content:
        if content.keys() & {"model", "model_args"}:
            raise ValueError(f"{path}: has layers and a model as well")
        content["model"] = f"{os.path.splitext(os.path.basename(path))[0]}.toml"
    return content


def _checked(path: str, content: Mapping[str, Any]) -> dict[str, Any]:
    """Values of a file, checked as those of the command line are."""
    checked = {}
    for name, value in content.items():
        if name not in _names():
            raise ValueError(f"{path}: there is no setting {shown(name)}; there are {', '.join(_names())}")
        try:
            checked[name] = _value(name, value)
        except argparse.ArgumentTypeError as error:
            raise ValueError(f"{path}: {name} {error}") from None
    return checked


def _value(name: str, value: Any) -> Any:
    kinds = {"model_args": dict, "optimizer_args": dict, "layers": list, "grayscale": bool}
    if name in kinds:
        if not isinstance(value, kinds[name]):
            raise argparse.ArgumentTypeError(f"must be a {kinds[name].__name__}, got {shown(value)}")
        return value
    if name == "augment" and isinstance(value, list):
        value = ",".join(map(str, value)) or augmentation.NONE
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise argparse.ArgumentTypeError(f"must be a number or a text, got {shown(value)}")
    how = {"size": {"type": positive_integer}, **OPTIONS}.get(name, {})
    if "choices" in how and value not in how["choices"]:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(how['choices'])}, got {shown(value)}")
    return how.get("type", str)(str(value))


def _resumed(given: dict[str, Any]) -> dict[str, Any]:
    """The settings of the run in the folder, if what is given does not contradict them."""
    path = os.path.join(given.get("out", Settings.out), CONFIG)
    before = _checked(path, {name: value for name, value in read_config(path).items() if name in _names()})
    usual = asdict(Settings(**before))
    free = (*FREE, "epochs") if usual["schedule"] in ENDLESS else FREE
    differences = [
        f"{name} is {shown(usual[name])}, not {shown(value)}"
        for name, value in given.items()
        if name not in free and value != usual[name]
    ]
    if differences:
        raise ValueError(f"{path}: the run cannot go on with other settings: {'; '.join(differences)}")
    return before | {name: value for name, value in given.items() if name in free}


def _check_together(settings: Settings) -> None:
    if settings.minutes is not None and settings.schedule != schedule.ONE_CYCLE:
        raise UsageError(f"--minutes goes with the schedule {schedule.ONE_CYCLE} only, got {settings.schedule}")
    if settings.layers is not None and settings.model_args:
        raise UsageError("--model-args does not go with layers")
    taken = {"num_classes", "in_channels", "rng", "dtype"} & settings.model_args.keys()
    if taken:
        raise UsageError(f"--model-args must not have {min(taken)}: the data and --seed decide it")
