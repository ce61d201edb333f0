"""The same network in torch: layer by layer by the name of its class, with the same weights."""

from collections import OrderedDict
from typing import Any

import numpy as np

from fastconv import models, nn

ARGUMENTS: dict[str, tuple[str, ...]] = {
    "Conv2d": ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups"),
    "Linear": ("in_features", "out_features"),
    "BatchNorm2d": ("num_features", "eps", "momentum"),
    "MaxPool2d": ("kernel_size", "stride", "padding"),
    "AdaptiveAvgPool2d": ("output_size",),
    "Dropout": ("p",),
    "Flatten": (),
    "ReLU": (),
    "ReLU6": (),
}
"""Layers that can be translated, and those of their attributes that are arguments of torch's."""


def twin(torch: Any, model: nn.Module) -> Any:
    """A torch module that computes what the model does, from copies of its weights.

    Raises
    ------
    TypeError
        A part of the model is of a class that is not known here.
    """
    dtype = next(model.parameters()).dtype
    result = _translated(torch, model).to(getattr(torch, dtype.name))
    state = {name: torch.from_numpy(np.array(value)) for name, value in model.state_dict().items()}
    result.load_state_dict(state)
    return result


def _translated(torch: Any, module: nn.Module) -> Any:
    name = type(module).__name__
    parts = {key: _translated(torch, part) for key, part in module.named_children()}
    if isinstance(module, nn.Sequential):
        return torch.nn.Sequential(OrderedDict(parts))
    if name in BLOCKS:
        return _block(torch, parts, BLOCKS[name](torch, module))
    if name not in ARGUMENTS:
        raise TypeError(f"bench: {name} has no counterpart in torch that is known here")
    more = {} if getattr(module, "bias", True) is not None else {"bias": False}
    return getattr(torch.nn, name)(*(getattr(module, argument) for argument in ARGUMENTS[name]), **more)


def _block(torch: Any, parts: dict[str, Any], rule: Any) -> Any:
    """A torch module with these parts and this forward pass."""

    class Block(torch.nn.Module):  # type: ignore[misc]
        def forward(self, input: Any) -> Any:
            return rule(self, input)

    block = Block()
    for name, part in parts.items():
        block.add_module(name, part)
    return block


def _basic_block(torch: Any, module: models.resnet.BasicBlock) -> Any:
    def rule(block: Any, x: Any) -> Any:
        body = block.bn2(block.conv2(block.relu1(block.bn1(block.conv1(x)))))
        return block.relu2(body + (x if module.downsample is None else block.downsample(x)))

    return rule


def _inverted_residual(torch: Any, module: models.mobilenet.InvertedResidual) -> Any:
    return lambda block, x: x + block.conv(x) if module.use_res_connect else block.conv(x)


def _subsample(torch: Any, module: models.resnet.Subsample) -> Any:
    def rule(block: Any, x: Any) -> Any:
        more = module.out_channels - x.shape[1]
        return torch.nn.functional.pad(x[:, :, :: module.stride, :: module.stride], (0, 0, 0, 0, 0, more))

    return rule


BLOCKS: dict[str, Any] = {
    "BasicBlock": _basic_block,
    "InvertedResidual": _inverted_residual,
    "Subsample": _subsample,
}
"""What a block of `fastconv.models` does with its parts."""
