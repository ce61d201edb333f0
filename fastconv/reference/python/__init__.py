"""Plain-loop twins of the kernels: lists and Python floats, no array arithmetic.

Arrays become lists on entry and are written back at the end, so that a float32 sum is rounded once.
Every
loop is the formula of the operation as it stands in a textbook; nothing is slower than it needs to be.
"""

from .activation import (
    activation,
    activation_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from .bins import adaptive_avg_pool2d, adaptive_avg_pool2d_backward, adaptive_max_pool2d
from .conv2d import conv2d, conv2d_grad_bias, conv2d_grad_input, conv2d_grad_weight
from .linear import linear, linear_grad_bias, linear_grad_input, linear_grad_weight
from .loss import (
    binary_cross_entropy_with_logits,
    difference_loss,
    softmax,
    softmax_backward,
    softmax_cross_entropy,
)
from .norm import column_products, normalize_rows, normalize_rows_backward, row_moments, row_products
from .optim import adagrad, adam, rmsprop, sgd
from .pad2d import pad2d, pad2d_backward
from .places import max_unpool2d, max_unpool2d_backward
from .pool2d import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward

__all__ = [
    "activation",
    "activation_backward",
    "adagrad",
    "adam",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "avg_pool2d",
    "avg_pool2d_backward",
    "binary_cross_entropy_with_logits",
    "column_products",
    "conv2d",
    "conv2d_grad_bias",
    "conv2d_grad_input",
    "conv2d_grad_weight",
    "difference_loss",
    "linear",
    "linear_grad_bias",
    "linear_grad_input",
    "linear_grad_weight",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "normalize_rows",
    "normalize_rows_backward",
    "pad2d",
    "pad2d_backward",
    "relu",
    "relu_backward",
    "rmsprop",
    "row_moments",
    "row_products",
    "sgd",
    "sigmoid",
    "sigmoid_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "tanh",
    "tanh_backward",
]
