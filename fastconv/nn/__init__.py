"""Layers, containers and losses with PyTorch's names, and an explicit ``backward``."""

from . import init
from .avg_pool2d import AvgPool2d
from .bce_with_logits_loss import BCEWithLogitsLoss
from .conv2d import Conv2d
from .cross_entropy_loss import CrossEntropyLoss
from .elu import ELU
from .flatten import Flatten
from .gelu import GELU
from .hardsigmoid import Hardsigmoid
from .hardswish import Hardswish
from .hardtanh import Hardtanh
from .huber_loss import HuberLoss
from .l1_loss import L1Loss
from .leaky_relu import LeakyReLU
from .linear import Linear
from .log_softmax import LogSoftmax
from .max_pool2d import MaxPool2d
from .module import Module
from .mse_loss import MSELoss
from .nll_loss import NLLLoss
from .padding import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from .parameter import Parameter
from .relu import ReLU
from .relu6 import ReLU6
from .sequential import Sequential
from .sigmoid import Sigmoid
from .silu import SiLU
from .smooth_l1_loss import SmoothL1Loss
from .softmax import Softmax
from .softplus import Softplus
from .tanh import Tanh

__all__ = [
    "ELU",
    "GELU",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv2d",
    "CrossEntropyLoss",
    "Flatten",
    "Hardsigmoid",
    "Hardswish",
    "Hardtanh",
    "HuberLoss",
    "L1Loss",
    "LeakyReLU",
    "Linear",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "Module",
    "NLLLoss",
    "Parameter",
    "ReLU",
    "ReLU6",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Tanh",
    "ZeroPad2d",
    "init",
]
