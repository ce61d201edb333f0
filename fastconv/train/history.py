"""The numbers of a training run, epoch by epoch."""

import os
from collections.abc import Iterator, Mapping

from .._files import atomic_write


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

    def to_csv(self, path: str | os.PathLike[str]) -> None:
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
        # repr gives the shortest decimal that reads back as the same number.
        rows = [
            [str(epoch), *map(repr, values)]
            for epoch, values in enumerate(zip(*self._columns.values(), strict=True), 1)
        ]
        text = "".join(",".join(row) + "\n" for row in [["epoch", *self._columns], *rows])
        with atomic_write(path) as file:
            file.write(text.encode())

    def __repr__(self) -> str:
        last = ", ".join(f"{key}={values[-1]:.4g}" for key, values in self._columns.items())
        return f"History({self.epochs} epochs{': ' if last else ''}{last})"
