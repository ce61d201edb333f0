"""Residual networks: for photographs, and for small images."""

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from fastconv import nn
from fastconv._arrays import Array, check_shape, real
from fastconv._geometry import Shape, integer
from fastconv.nn import _chain, _tape

from ._arguments import Width, classes_and_channels, first_values
from ._initial import he_normal


class BasicBlock(nn.Module):
    """Two convolutions of 3 by 3 with batch normalisation and a way around them; the sum is rectified.

    Parameters
    ----------
    in_channels, out_channels, stride : int
    downsample : Module, optional
        The way around; the input itself if left out.
    **first
        `rng` and `dtype` of the layers.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.resnet import BasicBlock, Subsample
    >>> block = BasicBlock(4, 8, 2, Subsample(8, 2), rng=0)
    >>> block(np.zeros((2, 4, 7, 7), np.float32)).shape
    (2, 8, 4, 4)
    """

    fusible: ClassVar[tuple[tuple[str, ...], ...]] = (("conv1", "bn1", "relu1", "conv2", "bn2"),)
    downsample: nn.Module | None

    def __init__(
        self, in_channels: int, out_channels: int, stride: int = 1, downsample: nn.Module | None = None, **first: Any
    ) -> None:
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride, 1, bias=False, **first)
        self.bn1 = nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32))
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False, **first)
        self.bn2 = nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32))
        self.downsample = downsample
        self.relu2 = nn.ReLU()

    def _body(self) -> tuple[nn.Module, ...]:
        return self.conv1, self.bn1, self.relu1, self.conv2, self.bn2

    def _around(self) -> tuple[nn.Module, ...]:
        return () if self.downsample is None else (self.downsample,)

    def forward(self, input: Array) -> Array:
        """``(N, in_channels, H, W)`` to ``(N, out_channels, H / stride, W / stride)``, rounded up."""
        body = _chain.forward(self._body(), input)
        output: Array = self.relu2(np.add(body, _chain.forward(self._around(), input)))
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of the parts; return the sum of the gradients of the two ways."""
        grad_sum = _chain.backward((self.relu2,), grad_output, True)
        if not input_grad:
            _chain.backward(self._around(), grad_sum, False)
            return _chain.backward(self._body(), grad_sum, False)
        around = _chain.backward(self._around(), grad_sum, True)
        return np.add(around, _chain.backward(self._body(), grad_sum, True))

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        body = _tape.record(self._body(), tape, input)
        return self.relu2._record(tape, _tape.add(tape, body, _tape.record(self._around(), tape, input)))


class Subsample(nn.Module):
    """Every `stride`-th pixel, and channels of zeros up to a number of them: a way around without parameters.

    "Option A" of He et al. for a block whose result is smaller and has more channels than its input.

    Parameters
    ----------
    out_channels, stride : int

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv.models.resnet import Subsample
    >>> Subsample(2, 2)(np.arange(9.0).reshape(1, 1, 3, 3)).tolist()
    [[[[0.0, 2.0], [6.0, 8.0]], [[0.0, 0.0], [0.0, 0.0]]]]
    """

    def __init__(self, out_channels: int, stride: int) -> None:
        self.out_channels = integer("Subsample", "out_channels", out_channels, 1)
        self.stride = integer("Subsample", "stride", stride, 1)

    def forward(self, input: Array) -> Array:
        """``(N, C, H, W)`` to ``(N, out_channels, H / stride, W / stride)``, rounded up.

        Raises
        ------
        ValueError
            `input` has another number of axes, or more channels than the output.
        """
        x = real("Subsample", "input", input)
        if x.ndim != 4 or x.shape[1] > self.out_channels:
            raise ValueError(
                f"Subsample: input must be (N, C, H, W) with C <= {self.out_channels}, got shape {x.shape}"
            )
        output = np.empty(self._shape(x.shape), x.dtype)
        self._subsample(x, output)
        self.save_for_backward(x.shape, output.shape)
        return output

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Return the gradient of the input: 0 for pixels that were passed over."""
        shape, output_shape = self.saved_for_backward()
        grad = real("Subsample.backward", "grad_output", grad_output)
        check_shape("Subsample.backward", "grad_output", grad, output_shape, "that of the output")
        if not input_grad:
            return None
        grad_input = np.empty(shape, grad.dtype)
        self._spread(grad, grad_input)
        return grad_input

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        if len(input.shape) != 4 or input.shape[1] > self.out_channels:
            raise _tape.Unrecordable
        output = tape.new(self._shape(input.shape))
        tape.call(self._subsample, input, output)
        tape.save(self, input.shape, output.shape)
        tape.on_backward(output, [input], lambda back, grad: back.call(self._spread, grad, back.grad(input)))
        return output

    def _shape(self, shape: Shape) -> Shape:
        """The shape of the output."""
        return (shape[0], self.out_channels, *(-(-size // self.stride) for size in shape[2:]))

    def _subsample(self, x: Array, output: Array) -> None:
        output[:, : x.shape[1]] = x[:, :, :: self.stride, :: self.stride]
        output[:, x.shape[1] :] = 0

    def _spread(self, grad: Array, grad_input: Array) -> None:
        grad_input[...] = 0
        grad_input[:, :, :: self.stride, :: self.stride] = grad[:, : grad_input.shape[1]]

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return f"{self.out_channels}, stride={self.stride}"


def _projection(in_channels: int, out_channels: int, stride: int, **first: Any) -> nn.Module:
    """The way around with a convolution of 1 by 1, "option B"."""
    return nn.Sequential(
        nn.Conv2d(in_channels, out_channels, 1, stride, bias=False, **first),
        nn.BatchNorm2d(out_channels, dtype=first.get("dtype", np.float32)),
    )


def _stage(in_channels: int, out_channels: int, blocks: int, stride: int, projected: bool, **first: Any) -> nn.Module:
    """Blocks of one size of maps; the first one comes to that size."""
    around: nn.Module | None = None
    if stride != 1 or in_channels != out_channels:
        if projected:
            around = _projection(in_channels, out_channels, stride, **first)
        else:
            around = Subsample(out_channels, stride)
    return nn.Sequential(
        BasicBlock(in_channels, out_channels, stride, around, **first),
        *(BasicBlock(out_channels, out_channels, **first) for _ in range(blocks - 1)),
    )


def resnet18(
    num_classes: int = 1000,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    """ResNet-18: a convolution of 7 by 7 and pooling, four stages of two residual blocks, the mean, a linear layer.

    Images of 224 by 224 become 64 maps of 112 by 112, pooled to 56 by 56, then 64, 128, 256 and 512 maps of 56, 28,
    14 and 7 pixels a side. Any size will do. With 1000 classes there are 11,689,512 parameters, with the names of
    ``torchvision.models.resnet18``.

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
        From ``(N, in_channels, H, W)`` to logits ``(N, num_classes)``; its blocks are `BasicBlock`.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, *Deep Residual Learning for Image Recognition*, 2015,
    https://arxiv.org/abs/1512.03385, table 1 with the shortcuts of option B.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.resnet18(10, width_mult=0.25, rng=0)
    >>> net(np.zeros((2, 3, 64, 64), np.float32)).shape
    (2, 10)
    >>> [name for name in net.state_dict() if name.startswith("layer2.0.downsample")][:2]
    ['layer2.0.downsample.0.weight', 'layer2.0.downsample.1.weight']
    """
    num_classes, in_channels = classes_and_channels("resnet18", num_classes, in_channels)
    c1, c2, c3, c4 = map(Width("resnet18", width_mult), (64, 128, 256, 512))
    first = first_values("resnet18", rng, dtype)
    model = nn.Sequential(
        {
            "conv1": nn.Conv2d(in_channels, c1, 7, 2, 3, bias=False, **first),
            "bn1": nn.BatchNorm2d(c1, dtype=first["dtype"]),
            "relu": nn.ReLU(),
            "maxpool": nn.MaxPool2d(3, 2, 1),
            "layer1": _stage(c1, c1, 2, 1, True, **first),
            "layer2": _stage(c1, c2, 2, 2, True, **first),
            "layer3": _stage(c2, c3, 2, 2, True, **first),
            "layer4": _stage(c3, c4, 2, 2, True, **first),
            "avgpool": nn.AdaptiveAvgPool2d((1, 1)),
            "flatten": nn.Flatten(),
            "fc": nn.Linear(c4, num_classes, **first),
        }
    )
    he_normal(model, first["rng"])
    return model


def resnet20(
    num_classes: int = 10,
    *,
    in_channels: int = 3,
    width_mult: float = 1.0,
    rng: int | np.random.Generator | None = None,
    dtype: npt.DTypeLike = np.float32,
) -> nn.Sequential:
    r"""ResNet-20 for images as small as those of CIFAR: a convolution, three stages of three blocks, a linear layer.

    Images of 32 by 32 become 16, 32 and 64 maps of 32, 16 and 8 pixels a side. Any size will do. The depth is
    :math:`6 n + 2` with :math:`n = 3` blocks a stage; ways around that change the size have no parameters. With 10
    classes there are 269,722 parameters.

    Arguments, result and errors as `resnet18`.

    References
    ----------
    K. He, X. Zhang, S. Ren and J. Sun, *Deep Residual Learning for Image Recognition*, 2015,
    https://arxiv.org/abs/1512.03385, section 4.2.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> net = fc.models.resnet20(rng=0)
    >>> net(np.zeros((2, 3, 32, 32), np.float32)).shape
    (2, 10)
    >>> sum(p.size for p in net.parameters())
    269722
    """
    num_classes, in_channels = classes_and_channels("resnet20", num_classes, in_channels)
    c1, c2, c3 = map(Width("resnet20", width_mult), (16, 32, 64))
    first = first_values("resnet20", rng, dtype)
    model = nn.Sequential(
        {
            "conv1": nn.Conv2d(in_channels, c1, 3, padding=1, bias=False, **first),
            "bn1": nn.BatchNorm2d(c1, dtype=first["dtype"]),
            "relu": nn.ReLU(),
            "layer1": _stage(c1, c1, 3, 1, False, **first),
            "layer2": _stage(c1, c2, 3, 2, False, **first),
            "layer3": _stage(c2, c3, 3, 2, False, **first),
            "avgpool": nn.AdaptiveAvgPool2d((1, 1)),
            "flatten": nn.Flatten(),
            "fc": nn.Linear(c3, num_classes, **first),
        }
    )
    he_normal(model, first["rng"])
    return model
