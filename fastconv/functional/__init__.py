"""Operations on NumPy arrays: arrays in, arrays out, nothing kept between calls.

Names, argument order and meaning are PyTorch's. Beside each forward function stands ``<name>_backward`` with
the same options; it takes the gradient of a scalar with respect to the forward result and returns the
gradients with respect to the forward arguments.

Every function takes float32 or float64 arrays (all of one call share the dtype) of any memory layout, never
changes them, and returns new C-contiguous arrays. It raises ``TypeError`` for an argument of the wrong kind
and ``ValueError`` for an impossible value or shape; the text names function and argument.
"""

from fastconv.functional.activation import relu, relu_backward, sigmoid, sigmoid_backward, tanh, tanh_backward
from fastconv.functional.adaptive_pool import (
    adaptive_avg_pool2d,
    adaptive_avg_pool2d_backward,
    adaptive_max_pool2d,
    adaptive_max_pool2d_backward,
)
from fastconv.functional.batch_norm import batch_norm, batch_norm_backward
from fastconv.functional.binary_cross_entropy import (
    binary_cross_entropy_with_logits,
    binary_cross_entropy_with_logits_backward,
)
from fastconv.functional.conv import conv2d, conv2d_backward
from fastconv.functional.conv1d import conv1d, conv1d_backward
from fastconv.functional.conv_transpose import (
    conv_transpose1d,
    conv_transpose1d_backward,
    conv_transpose2d,
    conv_transpose2d_backward,
)
from fastconv.functional.cross_entropy import cross_entropy, cross_entropy_backward, softmax_cross_entropy
from fastconv.functional.difference_loss import (
    huber_loss,
    huber_loss_backward,
    l1_loss,
    l1_loss_backward,
    mse_loss,
    mse_loss_backward,
    smooth_l1_loss,
    smooth_l1_loss_backward,
)
from fastconv.functional.dropout import dropout, dropout2d, dropout_backward
from fastconv.functional.elu import elu, elu_backward
from fastconv.functional.gelu import gelu, gelu_backward
from fastconv.functional.group_norm import group_norm, group_norm_backward
from fastconv.functional.hardswish import hardsigmoid, hardsigmoid_backward, hardswish, hardswish_backward
from fastconv.functional.hardtanh import hardtanh, hardtanh_backward, relu6, relu6_backward
from fastconv.functional.layer_norm import layer_norm, layer_norm_backward
from fastconv.functional.leaky_relu import leaky_relu, leaky_relu_backward
from fastconv.functional.linear import linear, linear_backward
from fastconv.functional.nll_loss import nll_loss, nll_loss_backward
from fastconv.functional.pad import pad, pad2d, pad2d_backward
from fastconv.functional.pool import avg_pool2d, avg_pool2d_backward, max_pool2d, max_pool2d_backward
from fastconv.functional.pool1d import avg_pool1d, avg_pool1d_backward, max_pool1d, max_pool1d_backward
from fastconv.functional.silu import silu, silu_backward
from fastconv.functional.softmax import log_softmax, log_softmax_backward, softmax, softmax_backward
from fastconv.functional.softplus import softplus, softplus_backward
from fastconv.functional.unpool import max_unpool2d, max_unpool2d_backward

__all__ = [
    "adaptive_avg_pool2d",
    "adaptive_avg_pool2d_backward",
    "adaptive_max_pool2d",
    "adaptive_max_pool2d_backward",
    "avg_pool1d",
    "avg_pool1d_backward",
    "avg_pool2d",
    "avg_pool2d_backward",
    "batch_norm",
    "batch_norm_backward",
    "binary_cross_entropy_with_logits",
    "binary_cross_entropy_with_logits_backward",
    "conv1d",
    "conv1d_backward",
    "conv2d",
    "conv2d_backward",
    "conv_transpose1d",
    "conv_transpose1d_backward",
    "conv_transpose2d",
    "conv_transpose2d_backward",
    "cross_entropy",
    "cross_entropy_backward",
    "dropout",
    "dropout2d",
    "dropout_backward",
    "elu",
    "elu_backward",
    "gelu",
    "gelu_backward",
    "group_norm",
    "group_norm_backward",
    "hardsigmoid",
    "hardsigmoid_backward",
    "hardswish",
    "hardswish_backward",
    "hardtanh",
    "hardtanh_backward",
    "huber_loss",
    "huber_loss_backward",
    "l1_loss",
    "l1_loss_backward",
    "layer_norm",
    "layer_norm_backward",
    "leaky_relu",
    "leaky_relu_backward",
    "linear",
    "linear_backward",
    "log_softmax",
    "log_softmax_backward",
    "max_pool1d",
    "max_pool1d_backward",
    "max_pool2d",
    "max_pool2d_backward",
    "max_unpool2d",
    "max_unpool2d_backward",
    "mse_loss",
    "mse_loss_backward",
    "nll_loss",
    "nll_loss_backward",
    "pad",
    "pad2d",
    "pad2d_backward",
    "relu",
    "relu6",
    "relu6_backward",
    "relu_backward",
    "sigmoid",
    "sigmoid_backward",
    "silu",
    "silu_backward",
    "smooth_l1_loss",
    "smooth_l1_loss_backward",
    "softmax",
    "softmax_backward",
    "softmax_cross_entropy",
    "softplus",
    "softplus_backward",
    "tanh",
    "tanh_backward",
]
