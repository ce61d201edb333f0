"""The table of families, and how often each is drawn."""

from collections.abc import Callable, Iterable
from functools import partial

from functional.calls import DIFFERENCES, ELEMENTWISE, Maker

from . import convolution, elementwise, pooling
from .call import Pair

LINEAR: dict[str, Callable[[Maker], Pair]] = {
    **{
        name: getattr(convolution, name)
        for name in ("conv2d", "conv1d", "conv_transpose2d", "conv_transpose1d", "linear")
    },
    **{
        name: getattr(pooling, name)
        for name in (
            "avg_pool2d",
            "avg_pool1d",
            "adaptive_avg_pool2d",
            "max_pool2d",
            "max_pool1d",
            "adaptive_max_pool2d",
            "max_unpool2d",
            "pad2d",
        )
    },
}
"""Linear in the input, those of maxima for given places."""

EXACT: dict[str, Callable[[Maker], Pair]] = {
    **LINEAR,
    **{name: partial(elementwise.activation, name=name) for name in ("relu", "leaky_relu", "hardtanh", "relu6")},
    **{name: partial(elementwise.difference, name=name) for name in DIFFERENCES},
    "nll_loss": partial(elementwise.class_ids, name="nll_loss"),
}
"""Of small integers, every result is the nearest number to the exact one."""

FAMILIES: dict[str, Callable[[Maker], Pair]] = {
    **EXACT,
    **{name: partial(elementwise.activation, name=name) for name in ("sigmoid", "tanh", *ELEMENTWISE)},
    **{name: partial(elementwise.softmax, name=name) for name in ("softmax", "log_softmax")},
    "cross_entropy": partial(elementwise.class_ids, name="cross_entropy"),
    **{
        name: getattr(elementwise, name)
        for name in ("binary_cross_entropy_with_logits", "batch_norm", "group_norm", "layer_norm")
    },
}
"""Every family."""


def draw(families: Iterable[str], a: Maker) -> Pair:
    """A pair of one of the families; convolutions of images come as often as a third of the rest."""
    names = list(families)
    names += ["conv2d"] * (len(names) // 3) if "conv2d" in names else []
    return FAMILIES[names[int(a.rng.integers(len(names)))]](a)
