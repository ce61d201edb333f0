"""A small densely connected network."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import integer, is_sequence, shown
from fastconv.nn import _chain

from ._arguments import classes_and_channels, first_values
from ._initial import he_normal


class DenseLayer(nn.Module):
    """Add `growth_rate` new channels to those that are there: normalised and rectified, 1 by 1, then 3 by 3.

    Parameters
    ----------
    in_channels, growth_rate : int
    bn_size : int
        Between the two convolutions there are ``bn_size * growth_rate`` channels.
    **first
        `rng` and `dtype` of the layers.
    """

    fusible: ClassVar[tuple[tuple[str, ...], ...]] = (("norm1", "relu1", "conv1", "norm2", "relu2", "conv2"),)

    def __init__(self, in_channels: int, growth_rate: int, bn_size: int = 4, **first: Any) -> None:
        inside, dtype = bn_size * growth_rate, first.get("dtype", np.float32)
        self.norm1 = nn.BatchNorm2d(in_channels, dtype=dtype)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(in_channels, inside, 1, bias=False, **first)
        self.norm2 = nn.BatchNorm2d(inside, dtype=dtype)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(inside, growth_rate, 3, padding=1, bias=False, **first)

    def _body(self) -> tuple[nn.Module, ...]:
        return self.norm1, self.relu1, self.conv1, self.norm2, self.relu2, self.conv2

    def forward(self, input: Array) -> Array:
        """``(N, in_channels, H, W)`` to ``(N, in_channels + growth_rate, H, W)``: the input comes first."""
        x = real("DenseLayer", "input", input)
        output = np.concatenate([x, _chain.forward(self._body(), x)], axis=1)
        self.save_for_backward(output.shape, x.shape[1])
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of the parts; return the gradient of the input, which goes both ways."""
        shape, channels = self.saved_for_backward()
        grad = real("DenseLayer.backward", "grad_output", grad_output)
        check_shape("DenseLayer.backward", "grad_output", grad, shape, "that of the output")
        grad_body = _chain.backward(self._body(), np.array(grad[:, channels:], order="C"), input_grad)
        return None if grad_body is None else np.add(grad[:, :channels], grad_body)


class DenseBlock(nn.Sequential):
    """Layers each of which sees the channels of all layers before it.

    Parameters
    ----------
    layers, in_channels, growth_rate : int
        The result has ``in_channels + layers * growth_rate`` channels.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.densenet import DenseBlock
    >>> block = DenseBlock(3, 4, 2, rng=0)
    >>> block(np.zeros((2, 4, 7, 7), np.float32)).shape, block.denselayer3.conv1.weight.shape
    ((2, 10, 7, 7), (8, 8, 1, 1))
    """

    def __init__(self, layers: int, in_channels: int, growth_rate: int, **first: Any) -> None:
        super().__init__(
            {
                f"denselayer{i + 1}": DenseLayer(in_channels + i * growth_rate, growth_rate, **first)
                for i in range(layers)
            }
        )


def _transition(in_channels: int, out_channels: int, **first: Any) -> nn.Sequential:
    """Fewer channels, and half the height and width."""
    return nn.Sequential(
        {
            "norm": nn.BatchNorm2d(in_channels, dtype=first.get("dtype", np.float32)),
            "relu": nn.ReLU(),
            "conv": nn.Conv2d(in_channels, out_channels, 1, bias=False, **first),
            "pool": nn.AvgPool2d(2),
        }
    )


def densenet_small(
    num_classes: int = 10,
    growth_rate: int = 12,
    block_config: Sequence[int] = (6, 6, 6),
    *,
    in_channels: int = 3,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    r"""DenseNet-BC for images as small as those of CIFAR, of depth 40 with the default of six layers a block.

    A convolution of 3 by 3 to :math:`2 k` channels, where :math:`k` is the growth rate; blocks whose layers add
    :math:`k` channels each, by way of :math:`4 k`; between blocks half of the channels, height and width; the mean; a
    linear layer. With 10 classes and images of three channels there are 176,122 parameters. Names are those that
    ``torchvision.models.DenseNet`` gives the same layers.

    Weights of convolutions start normal with variance 2 / fan_in, the bias of the linear layer at 0.

    Parameters
    ----------
    num_classes, growth_rate : int
    block_config : sequence of int
        The number of layers of each block.
    in_channels : int
    rng : int or numpy.random.Generator, optional
        Where the first weights come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes)``; its blocks are `DenseBlock`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    G. Huang, Z. Liu, L. van der Maaten and K. Q. Weinberger, *Densely Connected Convolutional Networks*, 2017,
    https://arxiv.org/abs/1608.06993, section 3 and "Implementation details".

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.densenet_small(rng=0)
    >>> net(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    >>> sum(p.size for p in net.parameters())
    176122
    """
    num_classes, in_channels = classes_and_channels("densenet_small", num_classes, in_channels)
    growth_rate = integer("densenet_small", "growth_rate", growth_rate, 1)
    if not is_sequence(block_config):
        raise TypeError(f"densenet_small: block_config must be a sequence of int, got {shown(block_config)}")
    if not block_config:
        raise ValueError("densenet_small: block_config must have an entry for each block, got none")
    blocks = [integer("densenet_small", "block_config", layers, 1) for layers in block_config]
    first = first_values("densenet_small", rng, dtype)
    channels = 2 * growth_rate
    features: dict[str, nn.Module] = {"conv0": nn.Conv2d(in_channels, channels, 3, padding=1, bias=False, **first)}
    for number, layers in enumerate(blocks, 1):
        features[f"denseblock{number}"] = DenseBlock(layers, channels, growth_rate, **first)
        channels += layers * growth_rate
        if number < len(blocks):
            features[f"transition{number}"] = _transition(channels, channels // 2, **first)
            channels //= 2
    features["norm5"] = nn.BatchNorm2d(channels, dtype=first["dtype"])
    model = nn.Sequential(
        {
            "features": nn.Sequential(features),
            "relu": nn.ReLU(),
            "avgpool": nn.AdaptiveAvgPool2d((1, 1)),
            "flatten": nn.Flatten(),
            "classifier": nn.Linear(channels, num_classes, **first),
        }
    )
    he_normal(model, first["rng"], "fan_in")
    nn.init.zeros_(model.get_parameter("classifier.bias"))
    return model
