"""Curves for TensorBoard."""

from typing import Any, ClassVar

from ..._extras import require
from ..._files import Path, file_path
from ..run import Run
from .callback import Callback


class TensorBoard(Callback):
    """Write the metrics and the learning rate of every epoch as events that TensorBoard shows, through tensorboardX.

    Parameters
    ----------
    folder : str or path-like
        Made if it is missing. A run that is resumed adds a file to it, in which its epochs go on.

    Raises
    ------
    TypeError
        `folder` is not a path.
    ImportError
        tensorboardX is not installed: ``pip install 'fastconv[tensorboard]'``.
    OSError
        While training begins: nothing can be written there.

    Examples
    --------
    >>> callbacks = [TensorBoard("runs/first")]  # doctest: +SKIP
    """

    rank_zero_only: ClassVar[bool] = True

    def __init__(self, folder: Path) -> None:
        self.folder = file_path("TensorBoard", folder, "folder")
        self._events = require("tensorboardX", "TensorBoard", "tensorboard")
        self._writer: Any = None

    def on_train_begin(self, run: Run) -> None:
        """Open a file of events."""
        self._writer = self._events.SummaryWriter(self.folder, write_to_disk=True)

    def on_epoch_end(self, run: Run) -> None:
        """Write the numbers of the epoch."""
        for name, values in run.history.items():
            # One chart for a metric in training and validation.
            kind, metric = ("validation", name[4:]) if name.startswith("val_") else ("train", name)
            self._writer.add_scalar(f"{metric}/{kind}", values[-1], run.epoch)
        for i, group in enumerate(run.optimizer.param_groups):
            self._writer.add_scalar(f"learning_rate/group_{i}", group["lr"], run.epoch)
        self._writer.flush()

    def on_exit(self, run: Run) -> None:
        """Close the file."""
        if self._writer is not None:
            self._writer.close()
            self._writer = None
