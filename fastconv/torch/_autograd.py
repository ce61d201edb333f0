"""The operations as nodes of torch's graph.

Tensors that ``backward`` reads are kept with ``save_for_backward``, so that torch notices if one of them was changed in
between. A gradient that nobody asks for is not computed.
"""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import torch
from torch.autograd import Function

from fastconv import functional as F

from ._tensors import array, arrays


class _Once(Function):
    """A gradient that cannot be differentiated again, with what it depends on."""

    @staticmethod
    def forward(ctx: Any, name: str, gradient: Any, *origins: Any) -> Any:
        ctx.name = name
        return gradient

    @staticmethod
    def backward(ctx: Any, _: Any) -> Any:
        raise RuntimeError(
            f"{ctx.name}: a gradient that fastconv computes cannot be differentiated again: use torch's own layer for "
            "second derivatives"
        )


def once(backward: Callable[..., Any]) -> Callable[..., Any]:
    """For a ``backward`` whose results refuse to be differentiated.

    torch's ``once_differentiable`` cuts them off from what they depend on: ``torch.autograd.grad`` then passes by
    without an error, and a second derivative lacks a term.
    """

    @wraps(backward)
    def recorded(ctx: Any, *grad_outputs: Any) -> Any:
        with torch.no_grad():
            gradients = backward(ctx, *grad_outputs)
        if not torch.is_grad_enabled():
            return gradients
        name, origins = ctx.name(), (*grad_outputs, *ctx.saved_tensors)
        return tuple(_Once.apply(name, g, *origins) if isinstance(g, torch.Tensor) else g for g in gradients)

    return recorded


class _Weighted(Function):
    """A function of input, weight and bias, by its name in `fastconv.functional`."""

    @staticmethod
    def forward(ctx: Any, function: str, options: Mapping[str, Any], input: Any, weight: Any, bias: Any) -> Any:
        views = arrays(function, input=input, weight=weight, bias=bias)
        ctx.function, ctx.options = function, options
        ctx.save_for_backward(input, weight)
        return torch.from_numpy(getattr(F, function)(*views, **options))

    @staticmethod
    @once
    def backward(ctx: Any, grad_output: Any) -> Any:
        gradients = getattr(F, f"{ctx.function}_backward")(
            array(grad_output), *map(array, ctx.saved_tensors), output_mask=ctx.needs_input_grad[2:], **ctx.options
        )
        return None, None, *(None if gradient is None else torch.from_numpy(gradient) for gradient in gradients)


class Conv2d(_Weighted):
    """Shown as ``Conv2dBackward``."""


class ConvTranspose2d(_Weighted):
    """Shown as ``ConvTranspose2dBackward``."""


class Linear(_Weighted):
    """Shown as ``LinearBackward``."""


class MaxPool2d(Function):
    """Largest pixels; with their places where ``backward`` will need them."""

    @staticmethod
    def forward(ctx: Any, input: Any, options: Mapping[str, Any], with_places: bool) -> Any:
        (view,) = arrays("max_pool2d", input=input)
        ctx.shape = input.shape
        if not with_places:
            return torch.from_numpy(F.max_pool2d(view, **options)), None  # type: ignore[arg-type]
        output, places = F.max_pool2d(view, **options, return_indices=True)  # type: ignore[call-overload]
        indices = torch.from_numpy(places)
        ctx.save_for_backward(indices)
        ctx.mark_non_differentiable(indices)
        return torch.from_numpy(output), indices

    @staticmethod
    @once
    def backward(ctx: Any, grad_output: Any, _: Any) -> Any:
        (indices,) = ctx.saved_tensors
        gradient = F.max_pool2d_backward(array(grad_output), array(indices), ctx.shape)
        return torch.from_numpy(gradient), None, None


class AvgPool2d(Function):
    """Means of windows."""

    @staticmethod
    def forward(ctx: Any, input: Any, options: Mapping[str, Any]) -> Any:
        (view,) = arrays("avg_pool2d", input=input)
        ctx.shape, ctx.options = input.shape, options
        return torch.from_numpy(F.avg_pool2d(view, **options))  # type: ignore[arg-type]

    @staticmethod
    @once
    def backward(ctx: Any, grad_output: Any) -> Any:
        gradient = F.avg_pool2d_backward(array(grad_output), ctx.shape, **ctx.options)
        return torch.from_numpy(gradient), None
