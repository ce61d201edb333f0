"""A small convolutional autoencoder."""

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._geometry import integer

from ._arguments import first_values


def autoencoder_small(
    in_channels: int = 1,
    code_channels: int = 4,
    *,
    width: int = 16,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """Images through a bottleneck and back: two convolutions of stride 2, and two transposed ones.

    The encoder makes `code_channels` maps of a quarter of the height and width; with the defaults an image of 8 by 8
    becomes 16 numbers. The decoder makes of them an image of logits, whose sigmoid is the picture; they are trained by
    `nn.BCEWithLogitsLoss` against the image itself. With the defaults there are 9,861 parameters.

    Parameters
    ----------
    in_channels, code_channels : int
    width : int
        Channels at half the height and width; twice as many at a quarter.
    rng : int or numpy.random.Generator, optional
        Where the first weights come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits of the same shape, if H and W are multiples of 4. Its parts
        ``encoder`` and ``decoder`` can be used alone.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    J. Masci, U. Meier, D. Cireşan and J. Schmidhuber, *Stacked Convolutional Auto-Encoders for Hierarchical Feature
    Extraction*, 2011.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.autoencoder_small(rng=0)
    >>> images = np.zeros((2, 1, 8, 8), np.float32)
    >>> net.encoder(images).shape, net(images).shape
    ((2, 4, 2, 2), (2, 1, 8, 8))
    >>> sum(p.size for p in net.parameters())
    9861
    """
    function = "autoencoder_small"
    in_channels = integer(function, "in_channels", in_channels, 1)
    code_channels = integer(function, "code_channels", code_channels, 1)
    width = integer(function, "width", width, 1)
    first = first_values(function, rng, dtype)
    encoder = nn.Sequential(
        nn.Conv2d(in_channels, width, 3, 2, 1, **first), nn.ReLU(),
        nn.Conv2d(width, 2 * width, 3, 2, 1, **first), nn.ReLU(),
        nn.Conv2d(2 * width, code_channels, 1, **first),
    )  # fmt: skip
    decoder = nn.Sequential(
        nn.Conv2d(code_channels, 2 * width, 1, **first), nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 3, 2, 1, 1, **first), nn.ReLU(),
        nn.ConvTranspose2d(width, in_channels, 3, 2, 1, 1, **first),
    )  # fmt: skip
    return nn.Sequential({"encoder": encoder, "decoder": decoder})
