"""Composite modules that fastconv has and torch has not, as torch modules: what they do with their parts.

Parts and settings have the names that they have in fastconv; `fastconv.nn.Module.to_torch` sets them.
"""

from typing import Any

import torch


class Residual(torch.nn.Module):
    """As `fastconv.nn.Residual`."""

    settings = ("shortcut",)

    def forward(self, input: Any) -> Any:
        """The sum of body and shortcut."""
        return self.body(input) + (input if self.shortcut is None else self.shortcut(input))


class Concat(torch.nn.Module):
    """As `fastconv.nn.Concat`."""

    settings = ()

    def forward(self, input: Any) -> Any:
        """The outputs of the branches, joined along the channels."""
        return torch.cat([branch(input) for branch in self.children()], dim=1)


class BasicBlock(torch.nn.Module):
    """As `fastconv.models.resnet.BasicBlock`."""

    settings = ("downsample",)

    def forward(self, input: Any) -> Any:
        """The rectified sum of the body and the way around it."""
        body = self.bn2(self.conv2(self.relu1(self.bn1(self.conv1(input)))))
        return self.relu2(body + (input if self.downsample is None else self.downsample(input)))


class Subsample(torch.nn.Module):
    """As `fastconv.models.resnet.Subsample`."""

    settings = ("out_channels", "stride")

    def forward(self, input: Any) -> Any:
        """Some of the pixels, and channels of zeros."""
        kept = input[:, :, :: self.stride, :: self.stride]
        return torch.nn.functional.pad(kept, (0, 0, 0, 0, 0, self.out_channels - kept.shape[1]))


class InvertedResidual(torch.nn.Module):
    """As `fastconv.models.mobilenet.InvertedResidual`."""

    settings = ("use_res_connect",)

    def forward(self, input: Any) -> Any:
        """The convolutions, and the input added where it fits."""
        return input + self.conv(input) if self.use_res_connect else self.conv(input)


class DenseLayer(torch.nn.Module):
    """As `fastconv.models.densenet.DenseLayer`."""

    settings = ()

    def forward(self, input: Any) -> Any:
        """The input and the new channels."""
        inside = self.conv1(self.relu1(self.norm1(input)))
        return torch.cat([input, self.conv2(self.relu2(self.norm2(inside)))], dim=1)


class Level(torch.nn.Module):
    """As `fastconv.models.unet.Level`."""

    settings = ("depth", "channels")

    def forward(self, input: Any) -> Any:
        """Encoder, what is coarser beside the skip, decoder."""
        skip = self.encode(input)
        return self.decode(torch.cat([skip, self.up(self.inner(self.pool(skip)))], dim=1))
