"""An end to runs that compute with NaN."""

import numpy as np

from ..non_finite import where
from ..run import Run
from .callback import Callback


class TerminateOnNaN(Callback):
    """Raise FloatingPointError before a gradient that is not finite reaches the parameters; the text names the layer.

    A loss that is not finite ends the training in any case. This callback looks at the gradients of every step, too,
    which costs one pass over them.

    Raises
    ------
    FloatingPointError
        While training: a gradient is NaN or infinite. The parameters are those of the step before.

    Examples
    --------
    >>> import numpy as np
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> model[1].weight.data[3, 5] = np.inf
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), [TerminateOnNaN()])
    >>> train, test = fc.data.digits()
    >>> trainer.fit(train, rng=0)
    Traceback (most recent call last):
        ...
    FloatingPointError: Trainer.fit: the loss is nan at step 1 (epoch 1): the weight of 1 (Linear) is not finite; ...
    """

    def on_grad_computed(self, run: Run) -> None:
        """Look at the gradients."""
        for name, parameter in run.model.named_parameters():
            if parameter.grad is not None and not np.isfinite(parameter.grad).all():
                raise FloatingPointError(
                    f"Trainer.fit: the gradient of {name} is not finite at step {run.step} (epoch {run.epoch}): "
                    f"{where(run)}"
                )
