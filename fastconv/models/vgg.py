"""VGG networks of eleven layers."""

import numpy as np
import numpy.typing as npt

from fastconv import nn

from ._arguments import Width, classes_and_channels, first_values, probability
from ._initial import he_normal, normal_linear

STAGES = ((64,), (128,), (256, 256), (512, 512), (512, 512))
"""Channels of the convolutions between two poolings: configuration A of the paper."""


def vgg11(
    num_classes: int = 1000,
    dropout: float = 0.5,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """VGG-11: eight convolutions of 3 by 3 in five stages with pooling between, three linear layers.

    Images of 224 by 224 become 512 maps of 7 by 7, then vectors of 4096, 4096 and `num_classes`. Other sizes are
    pooled to 7 by 7 all the same; the smallest is 32. With 1000 classes there are 9,220,480 parameters in the
    convolutions and 123,642,856 in the linear layers, 132,863,336 in all, with the names of
    ``torchvision.models.vgg11``.

    Weights of convolutions start normal with variance 2 / fan_out, those of linear layers with a standard deviation of
    0.01, all biases at 0.

    Parameters
    ----------
    num_classes : int
    dropout : float in [0, 1]
        Probability that an input of the last two linear layers is dropped.
    in_channels : int
    width_mult : float
        Factor of the numbers of channels and hidden units.
    rng : int or numpy.random.Generator, optional
        Where the first weights and the masks of dropout come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes)``.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    K. Simonyan and A. Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition*, 2014,
    https://arxiv.org/abs/1409.1556, configuration A.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.vgg11(10, in_channels=1, width_mult=0.125, rng=0)
    >>> net(np.zeros((2, 1, 32, 32), np.float32)).shape
    (2, 10)
    >>> net.features[18]
    Conv2d(64, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """
    return _vgg("vgg11", False, num_classes, dropout, in_channels, width_mult, rng, dtype)


def vgg11_bn(
    num_classes: int = 1000,
    dropout: float = 0.5,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """VGG-11 with batch normalisation behind every convolution; 132,868,840 parameters.

    Arguments, errors and sources as `vgg11`; the names are those of ``torchvision.models.vgg11_bn``.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.vgg11_bn(10, width_mult=0.125, rng=0)
    >>> net(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    """
    return _vgg("vgg11_bn", True, num_classes, dropout, in_channels, width_mult, rng, dtype)


def _vgg(
    function: str,
    normalised: bool,
    num_classes: int,
    dropout: float,
    in_channels: int,
    width_mult: float,
    rng: int | np.random.Generator | None,
    dtype: npt.DTypeLike,
) -> nn.Sequential:
    num_classes, in_channels = classes_and_channels(function, num_classes, in_channels)
    dropout = probability(function, "dropout", dropout)
    width = Width(function, width_mult)
    first = first_values(function, rng, dtype)
    features: list[nn.Module] = []
    channels = in_channels
    for stage in STAGES:
        for wider in map(width, stage):
            features.append(nn.Conv2d(channels, wider, 3, padding=1, **first))
            if normalised:
                features.append(nn.BatchNorm2d(wider, dtype=first["dtype"]))
            features.append(nn.ReLU())
            channels = wider
        features.append(nn.MaxPool2d(2))
    hidden = width(4096)
    classifier = nn.Sequential(
        nn.Linear(channels * 7 * 7, hidden, **first), nn.ReLU(), nn.Dropout(dropout, rng=first["rng"]),
        nn.Linear(hidden, hidden, **first), nn.ReLU(), nn.Dropout(dropout, rng=first["rng"]),
        nn.Linear(hidden, num_classes, **first),
    )  # fmt: skip
    model = nn.Sequential(
        {
            "features": nn.Sequential(*features),
            "avgpool": nn.AdaptiveAvgPool2d((7, 7)),
            "flatten": nn.Flatten(),
            "classifier": classifier,
        }
    )
    he_normal(model, first["rng"])
    normal_linear(model, first["rng"])
    return model
