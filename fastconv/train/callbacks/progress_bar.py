"""How far a training run is: one line per epoch, and a bar within the epoch."""

import importlib
import sys
from typing import Any, ClassVar

from ..run import Run
from .callback import Callback


class ProgressBar(Callback):
    """Print a line after every epoch, to standard output; on a terminal, show the steps of the epoch as well.

    The bar is that of tqdm, on standard error; without tqdm (``pip install 'fastconv[progress]'``) there is none.
    ``Trainer.fit`` adds this callback unless it is told ``progress=False``.

    Examples
    --------
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> train, test = fc.data.digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters(), lr=0.01))
    >>> history = trainer.fit(train, epochs=2, rng=0)
    epoch 1/2  loss ...  accuracy  ... %
    epoch 2/2  loss ...  accuracy  ... %
    """

    rank_zero_only: ClassVar[bool] = True

    def __init__(self) -> None:
        self._bar: Any = None

    def on_epoch_begin(self, run: Run) -> None:
        """Start the bar of this epoch."""
        # Asked before tqdm is imported: a log file needs no bar, and then not its import time either.
        if not sys.stderr.isatty():
            return
        try:
            tqdm = importlib.import_module("tqdm")
        except ImportError:
            return
        title = f"epoch {_of(run)}"
        self._bar = tqdm.tqdm(total=run.steps, initial=run.batch, desc=title, leave=False, unit="step")

    def on_batch_end(self, run: Run) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_epoch_end(self, run: Run) -> None:
        """Replace the bar with a line."""
        self.on_exit(run)
        line = f"epoch {_of(run)}"
        for key, values in run.history.items():
            value = values[-1]
            shown = f"{100 * value:6.2f} %" if key.endswith("accuracy") else f"{value:.4f}"
            line += f"  {key.replace('_', ' ')} {shown}"
        print(line, flush=True)

    def on_exit(self, run: Run) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


def _of(run: Run) -> str:
    """Such as `` 3/20``, or ``3`` if nobody knows of how many."""
    return str(run.epoch) if run.epochs is None else f"{run.epoch:{len(str(run.epochs))}}/{run.epochs}"
