"""Which pixels decide."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from fastconv._arrays import Array
from fastconv._geometry import integer
from fastconv._summary.observation import evaluating
from fastconv.nn import Module, Sequential

from ._arguments import class_names, one_image
from ._canvas import Axes, axes_or_new, check_axes, unframed
from ._images import visible
from ._layers import check_model


def saliency(
    model: Module,
    image: Any,
    target: int | None = None,
    *,
    display_labels: Sequence[str] | None = None,
    ax: Axes | None = None,
) -> Axes:
    r"""Draw how much each pixel of an image matters for a class.

    That is the gradient of the class's output in the input, of which the largest absolute value over the channels is
    drawn over the grey image:

    .. math:: s_{ij} = \max_c |\partial z_{target} / \partial x_{cij}|

    Parameters
    ----------
    model : Module
        A classifier; it is run in eval mode, and left as it was, gradients of parameters included.
    image : array, shape (C, H, W) or (1, C, H, W)
        What the model takes, float32 or float64; uint8 becomes float32 in [0, 1].
    target : int, optional
        Id of the class; by default that with the highest output.
    display_labels : sequence of str, optional
        Names of the classes, by default their ids.
    ax : Axes, optional
        By default those of a new figure of pyplot.

    Returns
    -------
    Axes

    Raises
    ------
    ImportError
        matplotlib is not installed.
    TypeError, ValueError
        An argument is impossible; the text names it.

    References
    ----------
    K. Simonyan, A. Vedaldi and A. Zisserman, *Deep Inside Convolutional Networks: Visualising Image Classification
    Models and Saliency Maps*, 2013, https://arxiv.org/abs/1312.6034.

    Examples
    --------
    >>> import fastconv as fc
    >>> _, (x_test, y_test) = fc.data.digits(size=32)
    >>> ax = fc.plot.saliency(fc.models.lenet5(rng=0), x_test[0], target=7)
    >>> ax.get_title().partition(" (")[0]
    'what speaks for or against 7'
    """
    check_model("saliency", model)
    batch = one_image("saliency", image)
    if target is not None:
        integer("saliency", "target", target, 0)
    check_axes("saliency", ax)
    logits, gradient = input_gradient(model, batch, target)
    chosen = int(logits.argmax()) if target is None else int(target)
    names = class_names("saliency", display_labels, len(logits))
    weight = np.abs(gradient).max(axis=0)
    ax = axes_or_new(ax, 5.2, 4.5)
    ax.imshow(visible(batch[0].mean(axis=0, keepdims=True)), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    limit = float(weight.max()) or 1.0
    heat = ax.imshow(
        weight, cmap="inferno", vmin=0, vmax=limit, alpha=0.25 + 0.75 * weight / limit, interpolation="nearest"
    )
    unframed(ax)
    ax.figure.colorbar(heat, ax=ax, label="|gradient|", shrink=0.8).solids.set_alpha(1)
    powers = np.exp((logits - logits.max()).astype(np.float64))
    ax.set_title(f"what speaks for or against {names[chosen]} ({100 * powers[chosen] / powers.sum():.1f} %)")
    return ax


def input_gradient(model: Module, image: Array, target: int | None) -> tuple[Array, Array]:
    """Outputs ``(classes,)`` for one image, and the gradient ``(C, H, W)`` of one of them, by default the highest."""
    # The outermost module decides whether layers keep what `backward` needs; all others stay in eval mode.
    outer = Sequential(model)
    trained = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    with evaluating(model):
        try:
            for parameter, _ in trained:
                parameter.requires_grad = False
            logits = outer(image)
            if logits.ndim != 2:
                raise ValueError(f"saliency: model must give outputs (N, classes), got shape {logits.shape}")
            chosen = int(logits.argmax()) if target is None else target
            integer("saliency", "target", chosen, 0, logits.shape[1] - 1)
            one_hot = np.zeros_like(logits)
            one_hot[0, chosen] = 1
            gradient = np.asarray(outer.backward(one_hot))
        finally:
            for parameter, requires_grad in trained:
                parameter.requires_grad = requires_grad
    return logits[0], gradient[0]
