"""fastconv's operations on torch tensors, recorded by torch's autograd.

Names, arguments and defaults are those of ``torch.nn.functional``. Tensors are on the CPU, float32 or float64, of any
memory layout; their memory is read where it is, without a copy if they are contiguous. Results are contiguous. They can
be differentiated once; a second derivative, and transforms of ``torch.func``, are refused by torch.
"""

from typing import Any

import torch

from . import _autograd

__all__ = ["avg_pool2d", "conv2d", "conv_transpose2d", "linear", "max_pool2d"]

Size = int | tuple[int, int]


def conv2d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Size = 1,
    padding: Any = 0,
    dilation: Size = 1,
    groups: int = 1,
    *,
    padding_mode: str = "zeros",
    algorithm: str = "auto",
) -> torch.Tensor:
    """`fastconv.functional.conv2d` of tensors, as ``torch.nn.functional.conv2d``.

    Parameters
    ----------
    input : tensor (N, C, H, W) or (C, H, W)
        float32 or float64, on the CPU.
    weight : tensor (K, C / groups, R, S)
        Of the input's dtype.
    bias : tensor (K,), optional
    stride, padding, dilation, groups, padding_mode, algorithm
        As for `fastconv.functional.conv2d`.

    Returns
    -------
    tensor (N, K, P, Q) or (K, P, Q)

    Raises
    ------
    TypeError
        A tensor on another device, of another dtype or layout; an option of the wrong kind.
    ValueError
        Shapes or options that do not fit; the text names the argument.

    Examples
    --------
    >>> import torch
    >>> from fastconv.torch import functional as F
    >>> w = torch.ones(1, 1, 2, 2, requires_grad=True)
    >>> y = F.conv2d(torch.ones(1, 1, 3, 3), w)
    >>> y.sum().backward()
    >>> y.tolist(), w.grad.tolist()
    ([[[[4.0, 4.0], [4.0, 4.0]]]], [[[[4.0, 4.0], [4.0, 4.0]]]])
    """
    options = {
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "groups": groups,
        "padding_mode": padding_mode,
        "algorithm": algorithm,
    }
    return _autograd.Conv2d.apply("conv2d", options, input, weight, bias)


def conv_transpose2d(
    input: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    groups: int = 1,
    dilation: Size = 1,
    *,
    algorithm: str = "auto",
) -> torch.Tensor:
    """`fastconv.functional.conv_transpose2d` of tensors, as ``torch.nn.functional.conv_transpose2d``.

    Parameters
    ----------
    input : tensor (N, C, H, W) or (C, H, W)
        float32 or float64, on the CPU.
    weight : tensor (C, K / groups, R, S)
        Of the input's dtype.
    bias : tensor (K,), optional
    stride, padding, output_padding, groups, dilation, algorithm
        As for `fastconv.functional.conv_transpose2d`.

    Returns
    -------
    tensor (N, K, P, Q) or (K, P, Q)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> import torch
    >>> from fastconv.torch import functional as F
    >>> F.conv_transpose2d(torch.tensor([[[1.0, 2.0]]]), torch.ones(1, 1, 1, 2), stride=2).tolist()
    [[[1.0, 1.0, 2.0, 2.0]]]
    """
    options = {
        "stride": stride,
        "padding": padding,
        "output_padding": output_padding,
        "groups": groups,
        "dilation": dilation,
        "algorithm": algorithm,
    }
    return _autograd.ConvTranspose2d.apply("conv_transpose2d", options, input, weight, bias)


def linear(input: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
    """`fastconv.functional.linear` of tensors, as ``torch.nn.functional.linear``.

    Parameters
    ----------
    input : tensor (..., in_features)
        float32 or float64, on the CPU.
    weight : tensor (out_features, in_features)
        Of the input's dtype.
    bias : tensor (out_features,), optional

    Returns
    -------
    tensor (..., out_features)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> import torch
    >>> from fastconv.torch import functional as F
    >>> F.linear(torch.tensor([[1.0, 2.0]]), torch.tensor([[3.0, 4.0]]), torch.tensor([0.5]))
    tensor([[11.5000]])
    """
    return _autograd.Linear.apply("linear", {}, input, weight, bias)


def max_pool2d(
    input: torch.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    dilation: Size = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> torch.Tensor | tuple[torch.Tensor, torch.Tensor]:
    """`fastconv.functional.max_pool2d` of a tensor, as ``torch.nn.functional.max_pool2d``.

    Parameters
    ----------
    input : tensor (N, C, H, W) or (C, H, W)
        float32 or float64, on the CPU.
    kernel_size, stride, padding, dilation, ceil_mode, return_indices
        As for `fastconv.functional.max_pool2d`.

    Returns
    -------
    tensor (N, C, P, Q) or (C, P, Q)
        With ``return_indices=True``, a pair of it and the int64 places of its elements in each plane.

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> import torch
    >>> from fastconv.torch import functional as F
    >>> F.max_pool2d(torch.arange(4.0).reshape(1, 2, 2), 2, return_indices=True)
    (tensor([[[3.]]]), tensor([[[3]]]))
    """
    options = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
        "ceil_mode": ceil_mode,
    }
    trained = torch.is_grad_enabled() and isinstance(input, torch.Tensor) and input.requires_grad
    output, indices = _autograd.MaxPool2d.apply(input, options, trained or return_indices)
    return (output, indices) if return_indices else output


def avg_pool2d(
    input: torch.Tensor,
    kernel_size: Size,
    stride: Size | None = None,
    padding: Size = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> torch.Tensor:
    """`fastconv.functional.avg_pool2d` of a tensor, as ``torch.nn.functional.avg_pool2d``.

    Parameters
    ----------
    input : tensor (N, C, H, W) or (C, H, W)
        float32 or float64, on the CPU.
    kernel_size, stride, padding, ceil_mode, count_include_pad, divisor_override
        As for `fastconv.functional.avg_pool2d`.

    Returns
    -------
    tensor (N, C, P, Q) or (C, P, Q)

    Raises
    ------
    TypeError, ValueError
        As `conv2d`.

    Examples
    --------
    >>> import torch
    >>> from fastconv.torch import functional as F
    >>> F.avg_pool2d(torch.arange(4.0).reshape(1, 2, 2), 2)
    tensor([[[1.5000]]])
    """
    options = {
        "kernel_size": kernel_size,
        "stride": stride,
        "padding": padding,
        "ceil_mode": ceil_mode,
        "count_include_pad": count_include_pad,
        "divisor_override": divisor_override,
    }
    return _autograd.AvgPool2d.apply(input, options)
