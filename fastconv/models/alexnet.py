"""AlexNet."""

import numpy as np
import numpy.typing as npt

from fastconv import nn

from ._arguments import Width, classes_and_channels, first_values, probability


def alexnet(
    num_classes: int = 1000,
    dropout: float = 0.5,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    r"""AlexNet in its form for one device: five convolutions, three of them with pooling, three linear layers.

    Images of 224 by 224 become 64 maps of 55 by 55, pooled to 27 by 27, then 192, pooled to 13 by 13, then 384, 256
    and 256, pooled to 6 by 6, then vectors of 4096, 4096 and `num_classes`. Other sizes are pooled to 6 by 6 all the
    same; the smallest is 63. The network has

    .. math:: 11^2 \cdot 3 \cdot 64 + 5^2 \cdot 64 \cdot 192 + 3^2 (192 \cdot 384 + 384 \cdot 256 + 256^2)
        + 6^2 \cdot 256 \cdot 4096 + 4096^2 + 4096 \cdot 1000

    weights and 10,344 biases, 61,100,840 parameters in all, with the names of ``torchvision.models.alexnet``.

    Parameters
    ----------
    num_classes : int
    dropout : float in [0, 1]
        Probability that an input of the first two linear layers is dropped.
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
    A. Krizhevsky, I. Sutskever and G. Hinton, *ImageNet Classification with Deep Convolutional Neural Networks*, 2012;
    A. Krizhevsky, *One weird trick for parallelizing convolutional neural networks*, 2014,
    https://arxiv.org/abs/1404.5997, which has these numbers of channels.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.alexnet(10, in_channels=1, width_mult=0.125, rng=0)
    >>> net(np.zeros((2, 1, 64, 64), np.float32)).shape
    (2, 10)
    >>> list(net.state_dict())[:2], net.classifier[6]
    (['features.0.weight', 'features.0.bias'], Linear(in_features=512, out_features=10, bias=True))
    """
    num_classes, in_channels = classes_and_channels("alexnet", num_classes, in_channels)
    dropout = probability("alexnet", "dropout", dropout)
    width = Width("alexnet", width_mult)
    first = first_values("alexnet", rng, dtype)
    c1, c2, c3, c4, c5, hidden = map(width, (64, 192, 384, 256, 256, 4096))
    features = nn.Sequential(
        nn.Conv2d(in_channels, c1, 11, 4, 2, **first), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(c1, c2, 5, padding=2, **first), nn.ReLU(), nn.MaxPool2d(3, 2),
        nn.Conv2d(c2, c3, 3, padding=1, **first), nn.ReLU(),
        nn.Conv2d(c3, c4, 3, padding=1, **first), nn.ReLU(),
        nn.Conv2d(c4, c5, 3, padding=1, **first), nn.ReLU(), nn.MaxPool2d(3, 2),
    )  # fmt: skip
    classifier = nn.Sequential(
        nn.Dropout(dropout, rng=first["rng"]), nn.Linear(c5 * 6 * 6, hidden, **first), nn.ReLU(),
        nn.Dropout(dropout, rng=first["rng"]), nn.Linear(hidden, hidden, **first), nn.ReLU(),
        nn.Linear(hidden, num_classes, **first),
    )  # fmt: skip
    return nn.Sequential(
        {
            "features": features,
            "avgpool": nn.AdaptiveAvgPool2d((6, 6)),
            "flatten": nn.Flatten(),
            "classifier": classifier,
        }
    )
