"""How far a training run is: one line per epoch, and a tqdm bar within the epoch where tqdm is installed."""

import importlib
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .callback import Callback

if TYPE_CHECKING:
    from .trainer import Trainer


class Progress(Callback):
    """Prints a line after every epoch, to standard output.

    While an epoch runs on a terminal, tqdm shows its steps on standard error, if it is installed.
    """

    def __init__(self) -> None:
        self._bar: Any = None

    def on_epoch_begin(self, trainer: "Trainer", epoch: int, epochs: int, steps: int | None) -> None:
        """Start the bar of this epoch."""
        # Asked before tqdm is imported: a log file needs no bar, and then not its import time either.
        if not sys.stderr.isatty():
            return
        try:
            tqdm = importlib.import_module("tqdm")
        except ImportError:
            return
        self._bar = tqdm.tqdm(total=steps, desc=f"epoch {epoch}/{epochs}", leave=False, unit="step")

    def on_step_end(self, trainer: "Trainer", step: int, loss: float) -> None:
        """Move the bar."""
        if self._bar is not None:
            self._bar.update()

    def on_epoch_end(self, trainer: "Trainer", epoch: int, epochs: int, metrics: Mapping[str, float]) -> None:
        """Replace the bar with a line."""
        self.on_end(trainer)
        line = f"epoch {epoch:{len(str(epochs))}}/{epochs}"
        for key, value in metrics.items():
            shown = f"{100 * value:6.2f} %" if key.endswith("accuracy") else f"{value:.4f}"
            line += f"  {key.replace('_', ' ')} {shown}"
        print(line, flush=True)

    def on_end(self, trainer: "Trainer") -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None
