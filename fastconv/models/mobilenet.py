"""MobileNetV2."""

from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._arrays import Array
from fastconv.nn import _chain, _tape

from ._arguments import Width, classes_and_channels, first_values, probability
from ._initial import he_normal, normal_linear

SETTINGS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))
"""Of each stage: how many times as wide its blocks are inside, channels, blocks, stride of the first block."""


def _unit(
    in_channels: int, out_channels: int, kernel_size: int = 3, stride: int = 1, groups: int = 1, **first: Any
) -> nn.Sequential:
    """Convolution, batch normalisation, activation."""
    padding = kernel_size // 2
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False, **first),
        nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32)),
        nn.ReLU6(),
    )


class InvertedResidual(nn.Module):
    """A block that is wide inside: to more channels, a depthwise convolution, back to few, and a way around.

    Between its ends, which have few channels, it computes with few products: those of 1 by 1 do not look around, and
    the depthwise one does not mix channels. The end has no activation, which would lose what few channels hold.

    Parameters
    ----------
    in_channels, out_channels, stride : int
        Where the ends have the same shape, the input is added to the result.
    expand_ratio : int
        How many times as many channels there are inside; with 1 the first convolution is left out.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.mobilenet import InvertedResidual
    >>> block = InvertedResidual(4, 4, stride=1, expand_ratio=6, rng=0)
    >>> block(np.zeros((2, 4, 7, 7), np.float32)).shape, block.conv[1][0].weight.shape
    ((2, 4, 7, 7), (24, 1, 3, 3))
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, expand_ratio: int, **first: Any) -> None:
        inside = in_channels * expand_ratio
        parts: list[nn.Module] = [] if expand_ratio == 1 else [_unit(in_channels, inside, 1, **first)]
        parts += [
            _unit(inside, inside, 3, stride, inside, **first),
            nn.Conv2d(inside, out_channels, 1, bias=False, **first),
            nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32)),
        ]
        self.conv = nn.Sequential(*parts)
        self.use_res_connect = stride == 1 and in_channels == out_channels

    def forward(self, input: Array) -> Array:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, H / stride, W / stride)``, rounded up."""
        output: Array = self.conv(input)
        return np.add(input, output) if self.use_res_connect else output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of the parts; return the gradient of the input."""
        grad_input = _chain.backward((self.conv,), grad_output, input_grad)
        return np.add(grad_output, grad_input) if grad_input is not None and self.use_res_connect else grad_input

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        output = self.conv._record(tape, input)
        return _tape.add(tape, input, output) if self.use_res_connect else output

    def extra_repr(self) -> str:
        """What ``repr`` shows beside the parts."""
        return f"use_res_connect={self.use_res_connect}"


def mobilenet_v2(
    num_classes: int = 1000,
    width_mult: float = 1.0,
    dropout: float = 0.2,
    *,
    in_channels: int = 3,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """MobileNetV2: seventeen blocks with depthwise convolutions between a convolution at either end; a linear layer.

    Images of 224 by 224 become 32 maps of 112 by 112 and, block by block, 320 of 7 by 7, then 1280, whose means the
    linear layer takes. Any size will do. With 1000 classes there are 3,504,872 parameters, with the names of
    ``torchvision.models.mobilenet_v2``.

    Weights of convolutions start normal with variance 2 / fan_out, those of the linear layer with a standard deviation
    of 0.01, all biases at 0.

    Parameters
    ----------
    num_classes : int
    width_mult : float
        Factor of the numbers of channels, which are rounded to multiples of 8; the 1280 do not become fewer.
    dropout : float in [0, 1]
        Probability that an input of the linear layer is dropped.
    in_channels : int
    rng : int or numpy.random.Generator, optional
        Where the first weights and the masks of dropout come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes)``; its blocks are `InvertedResidual`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    M. Sandler, A. Howard, M. Zhu, A. Zhmoginov and L.-C. Chen, *MobileNetV2: Inverted Residuals and Linear
    Bottlenecks*, 2018, https://arxiv.org/abs/1801.04381, table 2.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.mobilenet_v2(10, width_mult=0.25, rng=0)
    >>> net(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    >>> list(net.state_dict())[6], net.features[2].conv[1][0].groups
    ('features.1.conv.0.0.weight', 48)
    """
    num_classes, in_channels = classes_and_channels("mobilenet_v2", num_classes, in_channels)
    dropout = probability("mobilenet_v2", "dropout", dropout)
    width = Width("mobilenet_v2", width_mult, 8)
    first = first_values("mobilenet_v2", rng, dtype)
    channels, last = width(32), max(width(1280), 1280)
    features: list[nn.Module] = [_unit(in_channels, channels, stride=2, **first)]
    for expand_ratio, exact, blocks, stride in SETTINGS:
        for block in range(blocks):
            wider = width(exact)
            features.append(InvertedResidual(channels, wider, 1 if block else stride, expand_ratio, **first))
            channels = wider
    features.append(_unit(channels, last, 1, **first))
    model = nn.Sequential(
        {
            "features": nn.Sequential(*features),
            "avgpool": nn.AdaptiveAvgPool2d((1, 1)),
            "flatten": nn.Flatten(),
            "classifier": nn.Sequential(nn.Dropout(dropout, rng=first["rng"]), nn.Linear(last, num_classes, **first)),
        }
    )
    he_normal(model, first["rng"])
    normal_linear(model, first["rng"])
    return model
