"""LeNet-5."""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._arrays import real_dtype
from fastconv._generator import generator
from fastconv._geometry import integer, shown

Choice = TypeVar("Choice")

_ACTIVATIONS: dict[str, type[nn.Module]] = {"relu": nn.ReLU, "sigmoid": nn.Sigmoid, "tanh": nn.Tanh}
_POOLS: dict[str, type[nn.MaxPool2d] | type[nn.AvgPool2d]] = {"max": nn.MaxPool2d, "avg": nn.AvgPool2d}


def lenet5(
    num_classes: int = 10,
    in_channels: int = 1,
    input_size: int = 32,
    activation: str = "relu",
    pool: str = "max",
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """LeNet-5, the network that read cheques: two convolutions with pooling, three fully connected layers.

    Images of 32 by 32 become 6 maps of 28 by 28, halved to 14 by 14, then 16 maps of 10 by 10, halved to 5 by 5, then
    vectors of 120, 84 and `num_classes`. The 1998 network had trained pooling, sparse connections between the maps
    and radial basis functions at the end; ``activation="tanh", pool="avg"`` is the usual simplification.

    Parameters
    ----------
    num_classes, in_channels : int
    input_size : {32, 28}
        Side of the images. 28 is padded by 2 in the first convolution.
    activation : {"relu", "sigmoid", "tanh"}
    pool : {"max", "avg"}
    rng : int or numpy.random.Generator, optional
        Where the first weights come from.
    dtype : float32 or float64

    Returns
    -------
    Sequential
        From ``(N, in_channels, input_size, input_size)`` to logits ``(N, num_classes)``.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio and P. Haffner, *Gradient-Based Learning Applied to Document Recognition*,
    Proceedings of the IEEE 86(11), 1998.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.lenet5(rng=0)
    >>> net(np.zeros((4, 1, 32, 32), np.float32)).shape
    (4, 10)
    >>> sum(p.size for p in net.parameters())
    61706
    """
    integer("lenet5", "num_classes", num_classes, 1)
    integer("lenet5", "in_channels", in_channels, 1)
    if integer("lenet5", "input_size", input_size, 1) not in (28, 32):
        raise ValueError(f"lenet5: input_size must be 28 or 32, got {input_size}")
    activation_layer = _choice("activation", activation, _ACTIVATIONS)
    pool_layer = _choice("pool", pool, _POOLS)
    rng, dtype = generator("lenet5", rng), real_dtype("lenet5", dtype)
    return nn.Sequential(
        {
            "conv1": nn.Conv2d(in_channels, 6, 5, padding=2 if input_size == 28 else 0, rng=rng, dtype=dtype),
            "activation1": activation_layer(),
            "pool1": pool_layer(2),
            "conv2": nn.Conv2d(6, 16, 5, rng=rng, dtype=dtype),
            "activation2": activation_layer(),
            "pool2": pool_layer(2),
            "flatten": nn.Flatten(),
            "linear1": nn.Linear(400, 120, rng=rng, dtype=dtype),
            "activation3": activation_layer(),
            "linear2": nn.Linear(120, 84, rng=rng, dtype=dtype),
            "activation4": activation_layer(),
            "linear3": nn.Linear(84, num_classes, rng=rng, dtype=dtype),
        }
    )


def _choice(name: str, value: object, choices: dict[str, Choice]) -> Choice:
    if not isinstance(value, str):
        raise TypeError(f"lenet5: {name} must be a str, got {shown(value)}")
    if value not in choices:
        raise ValueError(f"lenet5: {name} must be one of {', '.join(choices)}, got {value!r}")
    return choices[value]
