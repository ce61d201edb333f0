"""Batch normalisation layers."""

from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from fastconv._arrays import FLOAT64, INT64, Array, real, real_dtype
from fastconv._geometry import Shape, integer
from fastconv.functional._normalization import epsilon
from fastconv.functional._options import flag, number
from fastconv.functional.batch_norm import SHORT, Across, Statistics, evaluation_table, forward, gradients

from . import _tape
from .module import Module
from .parameter import Parameter


class _BatchNorm(Module):
    """Base: `axes` are the numbers of axes that an input may have, `shapes` their names for an error."""

    axes: tuple[int, ...]
    shapes: str
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Array | None
    running_var: Array | None
    num_batches_tracked: Array | None
    _across: Across | None = None
    """Where other processes compute parts of a batch: see `fastconv.distributed.convert_sync_batchnorm`."""

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        *,
        bias: bool = True,
        dtype: npt.DTypeLike = np.float32,
    ) -> None:
        name = type(self).__name__
        self.num_features = integer(name, "num_features", num_features, 1)
        epsilon(name, eps)
        self.eps = eps
        if momentum is not None:
            number(name, "momentum", momentum, FLOAT64)
        self.momentum = momentum
        self.affine = flag(name, "affine", affine)
        self.track_running_stats = flag(name, "track_running_stats", track_running_stats)
        real_type, shape = real_dtype(name, dtype), (self.num_features,)
        self.weight = Parameter(np.ones(shape, real_type)) if self.affine else None
        self.bias = Parameter(np.zeros(shape, real_type)) if flag(name, "bias", bias) and self.affine else None
        tracked = self.track_running_stats
        self.register_buffer("running_mean", np.zeros(shape, real_type) if tracked else None)
        self.register_buffer("running_var", np.ones(shape, real_type) if tracked else None)
        self.register_buffer("num_batches_tracked", np.zeros((), INT64) if tracked else None)

    def reset_running_stats(self) -> None:
        """Set running mean, variance and number of batches to 0, 1 and 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean[...], self.running_var[...], self.num_batches_tracked[...] = 0, 1, 0

    def forward(self, input: Array) -> Array:
        """Normalise; in training mode with the batch's statistics, which enter the running ones."""
        x = real(type(self).__name__, "input", input)
        output, statistics = self._normalise(x)
        self.save_for_backward(x, statistics)
        return output

    def _normalise(self, x: Array, out: Array | None = None) -> tuple[Array, Statistics]:
        name = type(self).__name__
        if x.ndim not in self.axes:
            raise ValueError(f"{name}: input must be {self.shapes}, got {x.ndim}-D of shape {x.shape}")
        if x.shape[1] != self.num_features:
            raise ValueError(f"{name}: input must have {self.num_features} channels, got shape {x.shape}")
        mean, var, momentum = self.running_mean, self.running_var, self.momentum
        of_batch = self.training or mean is None or var is None
        if not self.training and of_batch:
            mean = var = None
        if momentum is None:  # the mean over all batches so far
            momentum = 0.0 if self.num_batches_tracked is None else 1 / (int(self.num_batches_tracked) + 1)
        result = forward(
            name, x, mean, var, _data(self.weight), _data(self.bias), of_batch, momentum, self.eps, out, self._across
        )
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked += 1
        return result

    def backward(self, grad_output: Array, *, input_grad: bool = True) -> Array | None:
        """Add to the gradients of weight and bias; return the gradient of the input."""
        x, statistics = self.saved_for_backward()
        weight, bias = self.weight, self.bias
        mask = (input_grad, weight is not None and weight.requires_grad, bias is not None and bias.requires_grad)
        grad_input, grad_weight, grad_bias = gradients(
            f"{type(self).__name__}.backward", grad_output, x, _data(weight), statistics, mask, across=self._across
        )
        if weight is not None and grad_weight is not None:
            weight.accumulate(grad_weight)
        if bias is not None and grad_bias is not None:
            bias.accumulate(grad_bias)
        return grad_input

    def _record(self, tape: _tape.Tape, input: _tape.Value) -> _tape.Value:
        weight, _ = tape.data(self.weight), tape.data(self.bias)
        if len(input.shape) not in self.axes or input.shape[1] != self.num_features:
            raise _tape.Unrecordable
        length = prod(input.shape[2:])
        if not (tape.keeps or self.running_mean is None or self.running_var is None) and length >= SHORT:
            return self._record_evaluation(tape, input, (input.shape[0] * self.num_features, length))
        output, statistics = tape.new(input.shape), _tape.Box()
        tape.call(self._normalise_into, input, statistics, output)
        tape.save(self, input, statistics)

        def pull(back: _tape.Pull, grad: _tape.Value) -> None:
            grads = [back.grad(x) for x in (input, self.weight, self.bias)]
            back.call(self._pull_into, grad, input, weight, statistics, *grads)

        tape.on_backward(output, [input, self.weight, self.bias], pull)
        return output

    def _record_evaluation(self, tape: _tape.Tape, input: _tape.Value, rows: Shape) -> _tape.Value:
        """Record the kernel alone; what it normalises with is made anew when a value in it has changed."""
        output, made = tape.new(input.shape), _tape.Box()
        made.content = None, None
        normalize, dtype = tape.ops.normalize_rows, tape.dtype

        def evaluate(x: Array, y: Array) -> None:
            arrays = (self.running_mean, self.running_var, _data(self.weight), _data(self.bias))
            values = [array if array is None else array.tobytes() for array in arrays]
            known, table = made.content
            if known != values:
                table = evaluation_table(type(self).__name__, self.num_features, dtype, *arrays, self.eps)
                made.content = values, table
            normalize(x, table, None, None, y)

        tape.call(evaluate, tape.view(input, rows), tape.view(output, rows))
        return output

    def _normalise_into(self, x: Array, statistics: _tape.Box, output: Array) -> None:
        _, statistics.content = self._normalise(x, output)

    def _pull_into(
        self, grad: Array, x: Array, weight: Array | None, statistics: _tape.Box, *grads: Array | None
    ) -> None:
        wanted, name = tuple(array is not None for array in grads), f"{type(self).__name__}.backward"
        results = gradients(name, grad, x, weight, statistics.content, wanted, grads[0], self._across)
        for array, result in zip(grads[1:], results[1:], strict=True):
            if array is not None and result is not None:
                np.copyto(array, result)

    def extra_repr(self) -> str:
        """The arguments that ``repr`` shows."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


def _data(parameter: Parameter | None) -> Any:
    return None if parameter is None else parameter.data


class BatchNorm1d(_BatchNorm):
    r"""Batch normalisation of features, or of channels of sequences, as ``torch.nn.BatchNorm1d``.

    As `BatchNorm2d`, on inputs (N, C) and (N, C, L).

    Parameters
    ----------
    num_features, eps, momentum, affine, track_running_stats, bias, dtype
        As for `BatchNorm2d`.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> norm = nn.BatchNorm1d(1)
    >>> norm(np.array([[1.0], [3.0]], np.float32)).round(3)
    array([[-1.],
           [ 1.]], dtype=float32)
    """

    axes = (2, 3)
    shapes = "2-D or 3-D, (N, C) or (N, C, L)"


class BatchNorm2d(_BatchNorm):
    r"""Batch normalisation of images, as ``torch.nn.BatchNorm2d``.

    .. math:: y = w_c \frac{x - \mu_c}{\sqrt{\sigma_c^2 + \epsilon}} + b_c

    In training mode with mean and variance of the batch, in eval mode with the running ones. Ioffe and Szegedy, "Batch
    normalization: accelerating deep network training by reducing internal covariate shift" (2015).

    Parameters
    ----------
    num_features : int
        Channels.
    eps : float
        Added to the variance.
    momentum : float or None
        Share of a new batch in the running statistics; None: their mean over all batches.
    affine : bool
        Whether there are weight and bias.
    track_running_stats : bool
        With False, the batch's statistics are used in eval mode too.
    bias : bool
        With False, there is a weight only.
    dtype : float32 or float64

    Attributes
    ----------
    weight, bias : Parameter, shape (num_features,), or None
        Ones and zeros at first.
    running_mean, running_var : ndarray, shape (num_features,), or None
        Buffers: zeros and ones at first. The variance is the unbiased one.
    num_batches_tracked : ndarray, shape (), int64, or None
        Buffer: the number of training batches.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> import numpy as np
    >>> from fastconv import nn
    >>> norm = nn.BatchNorm2d(3)
    >>> norm
    BatchNorm2d(3, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)
    >>> norm(np.full((2, 3, 4, 4), 5, np.float32)).any(), norm.running_mean
    (np.False_, array([0.5, 0.5, 0.5], dtype=float32))
    """

    axes = (4,)
    shapes = "4-D, (N, C, H, W)"
