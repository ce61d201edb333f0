"""Saving a run while it goes on."""

from collections.abc import Mapping
from typing import Any, ClassVar

from ..._files import Path, check_writable, file_path
from ..._geometry import integer
from ..run import Run
from .callback import Callback
from .monitored import Monitored


class Checkpoint(Callback):
    """Write a checkpoint after epochs or steps, and before Ctrl-C or SIGTERM ends the run.

    ``Trainer.fit(..., resume=path)`` goes on from it with the same bits as if it had not been stopped. Each file is
    replaced as a whole: whatever happens, the path has the old checkpoint or the new.

    With this callback, the first Ctrl-C or SIGTERM lets the step that is under way finish, or drops it if it may take
    longer than a moment, and acts once the checkpoint is written; a second one acts at once.

    Parameters
    ----------
    path : str or path-like
        The latest checkpoint; its folder is made if it is missing.
    best : str or path-like, optional
        Another file, for the checkpoint of the best epoch so far.
    monitor : str
        The metric that says which epoch is the best, by its key in `History`.
    mode : {"min", "max"}, optional
        Which values are better. None: the larger, if the name ends in ``accuracy``, else the smaller.
    every_epochs : int
        Epochs from one checkpoint to the next; the last epoch of a run is always saved.
    every_steps : int, optional
        Also save after this many steps within an epoch, counted from the start of the run.

    Raises
    ------
    TypeError, ValueError
        An argument is impossible; the text names it. While training: the metric was not measured.
    OSError
        A file cannot be written; before training starts, if that can be told by then. The old file is untouched.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> train, test = fc.data.digits()
    >>> path = os.path.join(tempfile.mkdtemp(), "checkpoint.npz")
    >>> def fit(epochs, **options):
    ...     model = nn.Sequential(nn.Flatten(), nn.Dropout(rng=0), nn.Linear(64, 10, rng=0))
    ...     trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), [Checkpoint(path)])
    ...     return trainer.fit(train, epochs=epochs, rng=0, progress=False, **options)
    >>> whole = fit(4)
    >>> part = fit(2)
    >>> fit(4, resume=path)["loss"] == whole["loss"]
    True
    """

    saves: ClassVar[bool] = True

    def __init__(
        self,
        path: Path,
        best: Path | None = None,
        monitor: str = "val_loss",
        mode: str | None = None,
        every_epochs: int = 1,
        every_steps: int | None = None,
    ) -> None:
        name = "Checkpoint"
        self.path = file_path(name, path)
        self.best = None if best is None else file_path(name, best, "best")
        if self.best == self.path:
            raise ValueError(f"{name}: best must be another file than path, got {self.best!r} for both")
        self._monitored = Monitored(name, monitor, mode)
        self.every_epochs = integer(name, "every_epochs", every_epochs, 1)
        self.every_steps = None if every_steps is None else integer(name, "every_steps", every_steps, 1)

    def on_train_begin(self, run: Run) -> None:
        """See that the files can be written."""
        self._monitored.reset()
        for path in (self.path, self.best):
            if path is not None:
                check_writable(path)

    def on_batch_end(self, run: Run) -> None:
        """Save, if it is time."""
        if self.every_steps is not None and run.step % self.every_steps == 0:
            run.save(self.path)

    def on_epoch_end(self, run: Run) -> None:
        """Save, if it is time."""
        if self.best is not None and self._monitored.improves(self._monitored.value(run)):
            run.save(self.best)
        # Last, so that a run that goes on from here has its best epoch in the other file.
        if run.epoch % self.every_epochs == 0 or run.complete:
            run.save(self.path)

    def on_interrupt(self, run: Run) -> None:
        """Save."""
        run.save(self.path)

    def state_dict(self) -> dict[str, Any]:
        """The best value so far; nothing if nobody asks for it."""
        return {} if self.best is None else self._monitored.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state_dict`."""
        self._monitored.load_state_dict(state)
