"""Layers, containers and losses with PyTorch's names, and an explicit ``backward``."""

from . import init
from .adaptive_pool2d import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from .avg_pool1d import AvgPool1d
from .avg_pool2d import AvgPool2d
from .bce_with_logits_loss import BCEWithLogitsLoss
from .conv1d import Conv1d
from .conv2d import Conv2d
from .conv_transpose1d import ConvTranspose1d
from .conv_transpose2d import ConvTranspose2d
from .cross_entropy_loss import CrossEntropyLoss
from .flatten import Flatten
from .linear import Linear
from .max_pool1d import MaxPool1d
from .max_pool2d import MaxPool2d
from .max_unpool2d import MaxUnpool2d
from .module import Module
from .padding import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .parameter import Parameter
from .relu import ReLU
from .sequential import Sequential
from .sigmoid import Sigmoid
from .tanh import Tanh

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MaxUnpool2d",
    "Module",
    "Parameter",
    "ReLU",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "ZeroPad2d",
    "init",
]
