"""Work that is undone where it is interrupted."""

from typing import Any

from .interruption import Interrupted
from .run import Run


class Retraced:
    """A block that changes neither parameters nor the optimizer; `Interrupted` in it puts back what it does change.

    That is the number of steps, the buffers of the model, random generators and the place in the data.

    Parameters
    ----------
    run : Run
    data : DataLoader or other batches
        What the block takes batches from.
    """

    def __init__(self, run: Run, data: Any) -> None:
        self._run, self._data = run, data

    def __enter__(self) -> None:
        run = self._run
        self._counts = run.step, run.batch
        self._buffers = {name: buffer.copy() for name, buffer in run.model.named_buffers()}
        self._generators = run.generators.state_dict()
        self._place = self._data.state_dict() if hasattr(self._data, "load_state_dict") else None

    def __exit__(self, kind: type[BaseException] | None, *error: object) -> None:
        if kind is None or not issubclass(kind, Interrupted):
            return
        run = self._run
        run.step, run.batch = self._counts
        for name, buffer in run.model.named_buffers():
            if name in self._buffers:
                buffer[...] = self._buffers[name]
        run.generators.load_state_dict(self._generators)
        if self._place is not None:
            self._data.load_state_dict(self._place)
