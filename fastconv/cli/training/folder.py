"""The folder of a run."""

import json
import os
from contextlib import suppress
from typing import Any

from ..._files import atomic_write, check_writable
from ...report.run import CONFIG, HISTORY, MODEL

BEST, CHECKPOINT, CURVE = "best.npz", "checkpoint.npz", "curve.png"
FILES = (MODEL, BEST, CHECKPOINT, HISTORY, CONFIG, CURVE)


class RunFolder:
    """Paths of the files of a run."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.model, self.best, self.checkpoint, self.history, self.config, self.curve = (
            os.path.join(path, name) for name in FILES
        )

    def prepare(self) -> None:
        """Make the folder, and fail now rather than after the training if its files cannot be written."""
        os.makedirs(self.path, exist_ok=True)
        for name in FILES:
            try:
                check_writable(os.path.join(self.path, name))
            except IsADirectoryError:
                raise
            except OSError as error:
                told = f"cannot write into the folder ({error.strerror})"
                raise type(error)(error.errno, told, self.path) from None

    def clear(self) -> None:
        """Remove what an older run has left: its files say nothing about this one."""
        for name in FILES:
            with suppress(FileNotFoundError):
                os.unlink(os.path.join(self.path, name))

    def write_config(self, config: dict[str, Any]) -> None:
        """Write the configuration."""
        with atomic_write(self.config) as file:
            file.write((json.dumps(config, indent=2) + "\n").encode())

    def check_resumable(self) -> None:
        """See that there is something to go on from.

        Raises
        ------
        FileNotFoundError
            There is not.
        """
        if not os.path.exists(self.checkpoint):
            raise FileNotFoundError(2, "There is no checkpoint to go on from; start without --resume", self.checkpoint)
