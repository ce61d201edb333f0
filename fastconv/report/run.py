"""What is known of a run: its files, read one by one, and why one is not there."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from fastconv._files import open_regular
from fastconv._geometry import Shape
from fastconv.nn import Module
from fastconv.train import History

from .tested import Tested

Part = TypeVar("Part")

HISTORY, CONFIG, MODEL, TEST = "history.csv", "config.json", "model.npz", "test images"
MOST_BYTES = 2**24


@dataclass
class Run:
    """A run, of which every part may be missing.

    Attributes
    ----------
    folder : str
    history : History or None
    config : dict or None
        JSON values.
    model : Module or None
        Trained.
    input_shape : tuple of int or None
        Of a batch of one image for the model.
    tested : Tested or None
        The model and the test images.
    missing : dict of str to str
        What there is not, and why.
    """

    folder: str
    history: History | None = None
    config: dict[str, Any] | None = None
    model: Module | None = None
    input_shape: Shape | None = None
    tested: Tested | None = None
    missing: dict[str, str] = field(default_factory=dict)

    def part(self, name: str, read: Callable[[], Part]) -> Part | None:
        """What `read` gives; None if it fails, and then the reason is kept under `name`."""
        try:
            return read()
        except FileNotFoundError as error:
            self.missing[name] = f"there is no {error.filename or name}"
        except (OSError, ValueError) as error:
            self.missing[name] = str(error)
        return None

    def why_not(self, *names: str) -> str:
        """The reason for the first of these that is missing."""
        return next((self.missing[name] for name in names if name in self.missing), "it is not there")


def read_run(folder: str) -> Run:
    """Read history and configuration; the model and its test images are for the caller to add.

    Raises
    ------
    OSError
        There is no such folder.
    ValueError
        It has no file of a run.
    """
    if not {HISTORY, CONFIG, MODEL} & set(os.listdir(folder)):
        raise ValueError(f"{folder}: has no {HISTORY}, {CONFIG} or {MODEL}; fastconv train writes them")
    run = Run(folder)
    run.history = run.part(HISTORY, lambda: read_history(os.path.join(folder, HISTORY)))
    run.config = run.part(CONFIG, lambda: read_config(os.path.join(folder, CONFIG)))
    return run


def read_history(path: str) -> History:
    """The history of at least one epoch.

    Raises
    ------
    ValueError
        The file is something else.
    """
    history = History.from_csv(path)
    if not history.epochs:
        raise ValueError(f"{path}: has no epoch")
    return history


def read_config(path: str) -> dict[str, Any]:
    """A JSON object.

    Raises
    ------
    ValueError
        The file is something else.
    """
    with open_regular(path) as file:
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"{path}: is larger than {MOST_BYTES} bytes")
    try:
        config = json.loads(content.decode())
    except RecursionError:
        raise ValueError(f"{path}: is nested too deeply") from None
    except ValueError as error:  # not JSON, or not even text
        raise ValueError(f"{path}: is not JSON: {error}") from None
    if not isinstance(config, dict):
        raise ValueError(f"{path}: must be a JSON object")
    return config
