"""``--optimizer``: optimizers by name, and the learning rates that suit them."""

from typing import Any

from ... import optim
from ...nn import Module

# The highest learning rate of the schedule, where --lr does not give one.
RATES = {
    "sgd": 0.1,
    "momentum": 0.05,
    "adagrad": 0.02,
    "rmsprop": 0.002,
    "adam": 0.004,
    "adamw": 0.004,
}


def make_optimizer(name: str, model: Module, rate: float, options: dict[str, Any]) -> optim.Optimizer:
    """The optimizer of a model.

    Raises
    ------
    ValueError
        It has no such option, or the option is impossible.
    """
    kinds: dict[str, Any] = {
        "sgd": optim.SGD,
        "momentum": optim.Momentum,
        "adagrad": optim.Adagrad,
        "rmsprop": optim.RMSprop,
        "adam": optim.Adam,
        "adamw": optim.AdamW,
    }
    given = {key: tuple(value) if isinstance(value, list) else value for key, value in options.items()}
    try:
        optimizer: optim.Optimizer = kinds[name](model.parameters(), lr=rate, **given)
    except TypeError as error:
        raise ValueError(f"{name}: {error}") from None
    return optimizer
