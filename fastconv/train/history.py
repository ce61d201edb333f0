"""The numbers of a training run, epoch by epoch."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from .._files import Path, atomic_write, file_path, open_regular
from .._geometry import shown


class History(Mapping[str, list[float]]):
    """Maps ``"loss"``, ``"accuracy"`` and, after training with validation data, ``"val_loss"`` and
    ``"val_accuracy"`` to one number per epoch.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 0.5, "accuracy": 0.75})
    >>> history.append({"loss": 0.25, "accuracy": 1.0})
    >>> history["loss"], history.epochs
    ([0.5, 0.25], 2)
    """

    def __init__(self) -> None:
        self._columns: dict[str, list[float]] = {}

    def __getitem__(self, key: str) -> list[float]:
        return self._columns[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def epochs(self) -> int:
        """Number of epochs recorded."""
        return len(next(iter(self._columns.values()), []))

    def append(self, metrics: Mapping[str, float]) -> None:
        """Record one epoch.

        Parameters
        ----------
        metrics : mapping of str to float
            The same keys in every epoch.

        Raises
        ------
        ValueError
            The keys differ from those of the epochs before.
        """
        if self._columns and metrics.keys() != self._columns.keys():
            raise ValueError(f"History: keys must be {list(self._columns)} as before, got {list(metrics)}")
        for key, value in metrics.items():
            self._columns.setdefault(key, []).append(float(value))

    def plot(self, metrics: Sequence[str] | None = None, *, axes: Any = None) -> Any:
        """Draw the curves: see `fastconv.plot.learning_curve`.

        Raises
        ------
        ImportError
            matplotlib is not installed.
        """
        from .. import plot

        return plot.learning_curve(self, metrics, axes=axes)

    def to_csv(self, path: Path) -> None:
        """Write one line per epoch: its number, counted from 1, then one column per key.

        Parameters
        ----------
        path : str or path-like
            An older file is replaced in one piece: it never holds half a table.

        Raises
        ------
        OSError
            The file cannot be written.
        """
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerow(["epoch", *self._columns])
        # A float is written as the shortest decimal that reads back as the same number.
        rows.writerows(zip(range(1, self.epochs + 1), *self._columns.values(), strict=True))
        with atomic_write(path) as file:
            file.write(text.getvalue().encode())

    @classmethod
    def from_csv(cls, path: Path) -> "History":
        """Read what `to_csv` wrote: the same numbers, bit for bit.

        Parameters
        ----------
        path : str or path-like

        Raises
        ------
        TypeError
            `path` is not a path.
        ValueError
            The file is no such table; the text has the path and the line.
        OSError
            The file cannot be read.
        """
        source = file_path("History.from_csv", path)
        with open_regular(source) as file:
            content = file.read()
        history = cls()
        rows = csv.reader(content.decode(errors="replace").splitlines(), strict=True)
        try:
            head = next(rows, [])
            if head[:1] != ["epoch"] or len(set(head)) < len(head):
                raise ValueError("it must name the columns, 'epoch' first")
            for epoch, row in enumerate(rows, 1):
                if row[:1] != [str(epoch)] or len(row) != len(head):
                    raise ValueError(f"it must be epoch {epoch} with {len(head) - 1} numbers, got {shown(row)}")
                history.append(dict(zip(head[1:], map(float, row[1:]), strict=True)))
        except (ValueError, csv.Error) as error:
            raise ValueError(f"{source}: not a history: line {max(rows.line_num, 1)}: {error}") from error
        return history

    def state_dict(self) -> dict[str, Any]:
        """The names, and the numbers as an array of shape (epochs, names)."""
        values = np.array(list(self._columns.values()), np.float64).reshape(len(self), self.epochs)
        return {"names": list(self), "values": values.T}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave.

        Raises
        ------
        ValueError
            It is something else. Nothing was changed.
        """
        names, values = state["names"], np.asarray(state["values"])
        if values.ndim != 2 or values.shape[1] != len(names) or values.dtype != np.float64:
            raise ValueError(f"History: values must be float64, one column for each of {len(names)} names")
        columns = [[float(value) for value in column] for column in values.T]
        self._columns = dict(zip(map(str, names), columns, strict=True))

    def __repr__(self) -> str:
        last = ", ".join(f"{key}={values[-1]:.4g}" for key, values in self._columns.items())
        return f"History({self.epochs} epochs{': ' if last else ''}{last})"
