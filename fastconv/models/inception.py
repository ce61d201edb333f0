"""A small Inception network."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import nn

from ._arguments import Width, classes_and_channels, first_values
from ._initial import he_normal

BLOCKS: tuple[tuple[int, ...], ...] = (
    (32, 32), (32, 48), (80,), (112, 48), (96, 64), (80, 80), (48, 96), (96,), (176, 160), (176, 160)
)  # fmt: skip
"""Channels of the branches: of 1 by 1 and 3 by 3 in an `Inception`, of 3 by 3 alone in a `Reduction`."""


def _unit(in_channels: int, out_channels: int, kernel_size: int, stride: int = 1, **first: Any) -> nn.Sequential:
    """Convolution, batch normalisation, rectifier; of stride 2 without padding, as the pooling beside it."""
    padding = kernel_size // 2 if stride == 1 else 0
    return nn.Sequential(
        {
            "conv": nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, bias=False, **first),
            "bn": nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32)),
            "relu": nn.ReLU(),
        }
    )


class Inception(nn.Concat):
    """Two views of the same maps side by side: convolutions of 1 by 1 and of 3 by 3.

    Parameters
    ----------
    in_channels : int
    branch1, branch3 : int
        Channels that the two give.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.inception import Inception
    >>> Inception(4, 2, 3, rng=0)(np.zeros((2, 4, 7, 7), np.float32)).shape
    (2, 5, 7, 7)
    """

    def __init__(self, in_channels: int, branch1: int, branch3: int, **first: Any) -> None:
        super().__init__(
            {"branch1": _unit(in_channels, branch1, 1, **first), "branch3": _unit(in_channels, branch3, 3, **first)}
        )


class Reduction(nn.Concat):
    """Half the height and width: a convolution of 3 by 3 beside the largest of 3 by 3, both with stride 2.

    Parameters
    ----------
    in_channels : int
    branch3 : int
        Channels that the convolution gives; the pooling gives `in_channels`.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.inception import Reduction
    >>> Reduction(4, 3, rng=0)(np.zeros((2, 4, 7, 7), np.float32)).shape
    (2, 7, 3, 3)
    """

    def __init__(self, in_channels: int, branch3: int, **first: Any) -> None:
        super().__init__({"branch3": _unit(in_channels, branch3, 3, 2, **first), "pool": nn.MaxPool2d(3, 2)})


def inception_small(
    num_classes: int = 10,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """An Inception network for images as small as those of CIFAR.

    A convolution of 3 by 3 to 96 channels, then eight blocks of two branches and two that halve the maps, the mean, a
    linear layer. Images of 28 by 28 become maps of 28, 13 and 6 pixels a side, of 336 channels in the end; any size
    from 7 on will do. With 10 classes there are 1,651,114 parameters: the 1,649,402 of the paper, which shifts
    normalised maps but does not scale them, and a scale for each of 1,712 channels.

    Weights of convolutions start normal with variance 2 / fan_out.

    Parameters
    ----------
    num_classes, in_channels : int
    width_mult : float
        Factor of the numbers of channels.
    rng : int or numpy.random.Generator, optional
        Where the first weights come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes)``; its blocks are `Inception` and `Reduction`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    C. Zhang, S. Bengio, M. Hardt, B. Recht and O. Vinyals, *Understanding Deep Learning Requires Rethinking
    Generalization*, 2017, https://arxiv.org/abs/1611.03530, figure 3, "small Inception"; after C. Szegedy et al.,
    *Going Deeper with Convolutions*, 2015.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.inception_small(width_mult=0.25, rng=0)
    >>> net(np.zeros((2, 3, 28, 28), np.float32)).shape
    (2, 10)
    >>> list(net.block1.state_dict())[0]
    'branch1.conv.weight'
    """
    num_classes, in_channels = classes_and_channels("inception_small", num_classes, in_channels)
    width = Width("inception_small", width_mult)
    first = first_values("inception_small", rng, dtype)
    channels = width(96)
    parts: dict[str, nn.Module] = {"stem": _unit(in_channels, channels, 3, **first)}
    for number, branches in enumerate(BLOCKS, 1):
        wider = [width(branch) for branch in branches]
        parts[f"block{number}"] = (Inception if len(wider) == 2 else Reduction)(channels, *wider, **first)
        channels = sum(wider) + (channels if len(wider) == 1 else 0)
    parts |= {
        "avgpool": nn.AdaptiveAvgPool2d((1, 1)),
        "flatten": nn.Flatten(),
        "fc": nn.Linear(channels, num_classes, **first),
    }
    model = nn.Sequential(parts)
    he_normal(model, first["rng"])
    return model
