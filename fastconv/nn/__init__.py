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
from .elu import ELU
from .flatten import Flatten
from .fuse import fuse
from .gelu import GELU
from .group_norm import GroupNorm
from .hardsigmoid import Hardsigmoid
from .hardswish import Hardswish
from .hardtanh import Hardtanh
from .hooks import RemovableHandle
from .huber_loss import HuberLoss
from .identity import Identity
from .l1_loss import L1Loss
from .layer_norm import LayerNorm
from .leaky_relu import LeakyReLU
from .linear import Linear
from .log_softmax import LogSoftmax
from .max_pool1d import MaxPool1d
from .max_pool2d import MaxPool2d
from .max_unpool2d import MaxUnpool2d
from .module import Module
from .module_dict import ModuleDict
from .module_list import ModuleList
from .mse_loss import MSELoss
from .nll_loss import NLLLoss
from .padding import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .parameter import Parameter
from .relu import ReLU
from .relu6 import ReLU6
from .residual import Residual
from .sequential import Sequential
from .sigmoid import Sigmoid
from .silu import SiLU
from .smooth_l1_loss import SmoothL1Loss
from .softmax import Softmax
from .softplus import Softplus
from .tanh import Tanh
from .unflatten import Unflatten
from .upsample import Upsample

__all__ = [
    "ELU",
    "GELU",
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
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "L1Loss",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool1d",
    "MaxPool2d",
    "MaxUnpool2d",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "ReLU6",
    "ReflectionPad2d",
    "RemovableHandle",
    "ReplicationPad2d",
    "Residual",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Tanh",
    "Unflatten",
    "Upsample",
    "ZeroPad2d",
    "fuse",
    "init",
    "utils",
]
