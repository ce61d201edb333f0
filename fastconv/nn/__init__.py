"""Layers, containers and losses with PyTorch's names, and an explicit ``backward``."""

from . import init
from .avg_pool2d import AvgPool2d
from .bce_with_logits_loss import BCEWithLogitsLoss
from .conv2d import Conv2d
from .cross_entropy_loss import CrossEntropyLoss
from .flatten import Flatten
from .linear import Linear
from .max_pool2d import MaxPool2d
from .module import Module
from .padding import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .parameter import Parameter
from .relu import ReLU
from .sequential import Sequential
from .sigmoid import Sigmoid
from .tanh import Tanh

__all__ = [
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Linear",
    "MaxPool2d",
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
