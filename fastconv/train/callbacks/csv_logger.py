"""The history in a file, while it grows."""

from typing import ClassVar

from ..._files import Path, check_writable, file_path
from ..run import Run
from .callback import Callback


class CSVLogger(Callback):
    """Write the history of the run into a CSV file after every epoch, with the header ``epoch,loss,...``.

    A run that is resumed has all its epochs in the file.

    Parameters
    ----------
    path : str or path-like
        Its folder is made if it is missing. The file is replaced as a whole, so that it never holds half a line.

    Raises
    ------
    TypeError
        `path` is not a path.
    OSError
        The file cannot be written; before training starts, if that can be told by then.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> train, test = fc.data.digits()
    >>> model = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0))
    >>> path = os.path.join(tempfile.mkdtemp(), "history.csv")
    >>> trainer = fc.Trainer(model, nn.CrossEntropyLoss(), optim.Adam(model.parameters()), [CSVLogger(path)])
    >>> history = trainer.fit(train, epochs=2, rng=0, progress=False)
    >>> fc.History.from_csv(path) == history
    True
    """

    rank_zero_only: ClassVar[bool] = True

    def __init__(self, path: Path) -> None:
        self.path = file_path("CSVLogger", path)

    def on_train_begin(self, run: Run) -> None:
        """See that the file can be written."""
        check_writable(self.path)

    def on_epoch_end(self, run: Run) -> None:
        """Write the file."""
        run.history.to_csv(self.path)
