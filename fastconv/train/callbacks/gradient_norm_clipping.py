"""Gradients that are not longer than they may be."""

from ...nn.utils import clip_grad_norm_
from ..run import Run
from .callback import Callback


class GradientNormClipping(Callback):
    """Scale the gradients of every step, so that together they are not longer than `max_norm`.

    See `nn.utils.clip_grad_norm_`. As in skorch, a callback that looks at gradients sees them before or after this
    one according to their order.

    Parameters
    ----------
    max_norm : float
    norm_type : float
        The exponent p of the norm; infinity for the largest absolute value.

    Attributes
    ----------
    norm : float
        The norm of the latest step, before it was scaled.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it.

    Examples
    --------
    >>> GradientNormClipping(1.0).max_norm
    1.0
    """

    def __init__(self, max_norm: float, norm_type: float = 2.0) -> None:
        try:
            clip_grad_norm_([], max_norm, norm_type)
        except (TypeError, ValueError) as error:
            raise type(error)(str(error).replace("clip_grad_norm_", "GradientNormClipping", 1)) from None
        self.max_norm, self.norm_type = max_norm, norm_type
        self.norm = 0.0

    def on_grad_computed(self, run: Run) -> None:
        """Scale the gradients."""
        self.norm = clip_grad_norm_(run.model.parameters(), self.max_norm, self.norm_type)
