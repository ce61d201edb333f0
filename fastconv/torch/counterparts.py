"""Which class of torch is which class of fastconv: by name, which is the same on both sides."""

import torch

from fastconv import models, nn

from . import blocks, layers

LAYERS = (
    *("Conv1d", "Conv2d", "ConvTranspose1d", "ConvTranspose2d", "Linear"),
    *("BatchNorm1d", "BatchNorm2d", "GroupNorm", "LayerNorm", "Dropout", "Dropout2d"),
    *("MaxPool1d", "MaxPool2d", "MaxUnpool2d", "AvgPool1d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"),
    *("ZeroPad2d", "ConstantPad2d", "ReflectionPad2d", "ReplicationPad2d", "CircularPad2d", "Upsample"),
    *("ReLU", "ReLU6", "LeakyReLU", "ELU", "GELU", "SiLU", "Sigmoid", "Tanh", "Softplus", "Softmax", "LogSoftmax"),
    *("Hardtanh", "Hardsigmoid", "Hardswish", "Identity", "Flatten", "Unflatten"),
)
CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
OURS: dict[type, type] = {
    **{getattr(nn, name): getattr(torch.nn, name) for name in (*LAYERS, *CONTAINERS)},
    **{getattr(nn, name): getattr(blocks, name) for name in ("Residual", "Concat")},
    **{getattr(models.resnet, name): getattr(blocks, name) for name in ("BasicBlock", "Subsample")},
    models.mobilenet.InvertedResidual: blocks.InvertedResidual,
    models.densenet.DenseLayer: blocks.DenseLayer,
    models.unet.Level: blocks.Level,
}
"""Classes of fastconv, and their counterparts."""
THEIRS: dict[type, type] = {theirs: ours for ours, theirs in OURS.items()}
THEIRS |= {getattr(layers, name): getattr(nn, name) for name in ("Conv2d", "ConvTranspose2d", "Linear")}
THEIRS |= {getattr(layers, name): getattr(nn, name) for name in ("MaxPool2d", "AvgPool2d")}
"""Classes of torch, and their counterparts."""
