"""Layers, containers and losses with PyTorch's names, and an explicit ``backward``."""

from . import init, utils
from .adaptive_pool2d import AdaptiveAvgPool2d, AdaptiveMaxPool2d
from .avg_pool1d import AvgPool1d
from .avg_pool2d import AvgPool2d
from .batch_norm import BatchNorm1d, BatchNorm2d
from .bce_with_logits_loss import BCEWithLogitsLoss
from .concat import Concat
from .conv1d import Conv1d
from .conv2d import Conv2d
from .conv_transpose1d import ConvTranspose1d
from .conv_transpose2d import ConvTranspose2d
from .cross_entropy_loss import CrossEntropyLoss
from .dropout import Dropout, Dropout2d
from .flatten import Flatten
from .fuse import fuse
from .group_norm import GroupNorm
from .hooks import RemovableHandle
from .identity import Identity
from .layer_norm import LayerNorm
from .linear import Linear
from .max_pool1d import MaxPool1d
from .max_pool2d import MaxPool2d
from .max_unpool2d import MaxUnpool2d
from .module import Module
from .module_dict import ModuleDict
from .module_list import ModuleList
from .padding import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .parameter import Parameter
from .relu import ReLU
from .residual import Residual
from .sequential import Sequential
from .sigmoid import Sigmoid
from .tanh import Tanh
from .unflatten import Unflatten
from .upsample import Upsample

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool1d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "CircularPad2d",
    "Concat",
    "ConstantPad2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "Flatten",
    "GroupNorm",
    "Identity",
    "LayerNorm",
    "Linear",
    "MaxPool1d",
    "MaxPool2d",
    "MaxUnpool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "Parameter",
    "ReLU",
    "ReflectionPad2d",
    "RemovableHandle",
    "ReplicationPad2d",
    "Residual",
    "Sequential",
    "Sigmoid",
    "Tanh",
    "Unflatten",
    "Upsample",
    "ZeroPad2d",
    "fuse",
    "init",
    "utils",
]
