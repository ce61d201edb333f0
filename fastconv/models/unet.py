"""A small U-Net."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._arrays import Array, real
from fastconv._geometry import integer
from fastconv.nn import _chain

from ._arguments import classes_and_channels, first_values
from ._initial import he_normal


def _double(in_channels: int, out_channels: int, **first: Any) -> nn.Sequential:
    """Twice convolution of 3 by 3, batch normalisation, rectifier."""
    parts: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        parts += [
            nn.Conv2d(channels, out_channels, 3, padding=1, bias=False, **first),
            nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32)),
            nn.ReLU(),
        ]
    return nn.Sequential(*parts)


class Level(nn.Module):
    """One resolution of a U-Net, and within it all that are coarser.

    ::

        input -- encode --+------------ skip ------------+-- decode -- output
                          |                              |
                          +-- pool -- inner level -- up --+      side by side, the skip first

    Parameters
    ----------
    in_channels, out_channels : int
        Of this level. The inner one has twice as many.
    depth : int
        How often maps are halved from here on; the height and width of images are multiples of ``2**depth``.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.unet import Level
    >>> Level(1, 4, 2, rng=0)(np.zeros((2, 1, 8, 12), np.float32)).shape
    (2, 4, 8, 12)
    """

    def __init__(self, in_channels: int, out_channels: int, depth: int, **first: Any) -> None:
        self.depth, self.channels = depth, out_channels
        inside = 2 * out_channels
        self.encode = _double(in_channels, out_channels, **first)
        self.pool = nn.MaxPool2d(2)
        self.inner: nn.Module = (
            Level(out_channels, inside, depth - 1, **first) if depth > 1 else _double(out_channels, inside, **first)
        )
        self.up = nn.ConvTranspose2d(inside, out_channels, 2, 2, **first)
        self.decode = _double(inside, out_channels, **first)

    def _below(self) -> tuple[nn.Module, ...]:
        return self.pool, self.inner, self.up

    def forward(self, input: Array) -> Array:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, H, W)``.

        Raises
        ------
        ValueError
            H or W is not a multiple of ``2**depth``.
        """
        x = real("unet_small", "input", input)
        multiple = 2**self.depth
        if x.ndim != 4 or x.shape[2] % multiple or x.shape[3] % multiple:
            raise ValueError(
                f"unet_small: input must be (N, C, H, W) with H and W multiples of {multiple}, got shape {x.shape}"
            )
        skip = self.encode(x)
        output: Array = self.decode(np.concatenate([skip, _chain.forward(self._below(), skip)], axis=1))
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of the parts; return the gradient of the input."""
        skip_wanted = input_grad or self.encode._is_trained()
        if not (skip_wanted or any(part._is_trained() for part in self._below())):
            return _chain.backward((self.decode,), grad_output, False)
        grad_joined = _chain.backward((self.decode,), grad_output, True)
        grad_skip, grad_up = np.split(grad_joined, [self.channels], axis=1)
        grad_pool = _chain.backward(self._below(), np.array(grad_up, order="C"), skip_wanted)
        return None if grad_pool is None else self.encode.backward(np.add(grad_skip, grad_pool), input_grad=input_grad)


def unet_small(
    num_classes: int = 2,
    *,
    in_channels: int = 1,
    width: int = 16,
    depth: int = 3,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    r"""A U-Net: a class for every pixel, from what is around it at several resolutions.

    On the way down, maps are halved `depth` times and their channels doubled; on the way up, transposed convolutions
    double them again, and what was there before is put beside. At every resolution there are two convolutions of 3 by 3
    with batch normalisation each way, here with padding, so that the result has the size of the image. With the
    defaults there are 482,466 parameters.

    Weights of convolutions start normal with variance 2 / fan_out.

    Parameters
    ----------
    num_classes, in_channels : int
    width : int
        Channels at the full resolution.
    depth : int
        Height and width of images are multiples of ``2**depth``.
    rng : int or numpy.random.Generator, optional
        Where the first weights come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes, H, W)``; its resolutions are `Level`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    O. Ronneberger, P. Fischer and T. Brox, *U-Net: Convolutional Networks for Biomedical Image Segmentation*, 2015,
    https://arxiv.org/abs/1505.04597.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.unet_small(rng=0)
    >>> net(np.zeros((2, 1, 32, 24), np.float32)).shape
    (2, 2, 32, 24)
    >>> sum(p.size for p in net.parameters())
    482466
    """
    num_classes, in_channels = classes_and_channels("unet_small", num_classes, in_channels)
    width = integer("unet_small", "width", width, 1)
    depth = integer("unet_small", "depth", depth, 1, 16)
    first = first_values("unet_small", rng, dtype)
    model = nn.Sequential(
        {"level": Level(in_channels, width, depth, **first), "head": nn.Conv2d(width, num_classes, 1, **first)}
    )
    he_normal(model, first["rng"])
    return model
