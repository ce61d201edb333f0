"""Checkpoints of a training loop of one's own; `Trainer` writes the same files."""

from typing import Any

from .._files import Path, file_path
from .._geometry import shown
from ..nn import Module
from . import file
from .generators import Generators
from .parts import Stateful, load_all


def save_checkpoint(
    path: Path,
    model: Module,
    optimizer: Stateful | None = None,
    scheduler: Stateful | None = None,
    loader: Stateful | None = None,
    **extra: Any,
) -> None:
    """Write everything that training goes on from into one file.

    Besides the states that are named below, that of every random generator in the model's modules is kept. The file
    is replaced as a whole: whatever happens, the path has the old content or the new. ``numpy.load`` reads the
    arrays, under names such as ``"model/0.weight"``.

    Parameters
    ----------
    path : str or path-like
        Used as it is; the usual ending is ``.npz``.
    model : Module
    optimizer : Optimizer, optional
    scheduler : LRScheduler, optional
    loader : DataLoader, optional
        Its state says how far its latest iteration is, so that the next one goes on from there.
    **extra
        Whatever else is to be kept: arrays, numbers, texts, and dicts, lists and tuples of them.

    Raises
    ------
    TypeError
        An argument is something else, or a value cannot be stored. The old file is untouched.
    ValueError
        A name or a text cannot be stored, or a name of `extra` is taken. The old file is untouched.
    OSError
        The file cannot be written. The old file is untouched.

    Examples
    --------
    A loop that goes on where it was stopped, with the same bits as if it had not been:

    >>> import os, tempfile
    >>> import fastconv as fc
    >>> from fastconv import nn, optim
    >>> path = os.path.join(tempfile.mkdtemp(), "checkpoint.npz")
    >>> (X, y), _ = fc.data.digits()
    >>> model, criterion = nn.Sequential(nn.Flatten(), nn.Linear(64, 10, rng=0)), nn.CrossEntropyLoss()
    >>> optimizer = optim.Adam(model.parameters())
    >>> loader = fc.data.DataLoader(X, y, 500, shuffle=True, rng=0)
    >>> epoch = 0
    >>> if os.path.exists(path):
    ...     epoch = fc.load_checkpoint(path, model, optimizer, loader=loader)["epoch"]
    >>> while epoch < 2:
    ...     for x, targets in loader:
    ...         loss = criterion(model(x), targets)
    ...         optimizer.zero_grad()
    ...         model.backward(criterion.backward(), input_grad=False)
    ...         optimizer.step()
    ...         fc.save_checkpoint(path, model, optimizer, loader=loader, epoch=epoch)
    ...     epoch += 1
    >>> sorted(fc.load_checkpoint(path))
    ['epoch', 'loader', 'model', 'optimizer', 'rng']
    """
    function = "save_checkpoint"
    target = file_path(function, path)
    parts = _parts(function, model, optimizer, scheduler, loader)
    taken = sorted(extra.keys() & {"rng"})
    if taken:
        raise ValueError(f"{function}: extra must not have the name {taken[0]!r}: it has a meaning of its own")
    file.write(target, function, parts, extra)


def load_checkpoint(
    path: Path,
    model: Module | None = None,
    optimizer: Stateful | None = None,
    scheduler: Stateful | None = None,
    loader: Stateful | None = None,
) -> dict[str, Any]:
    """Read a checkpoint, and put what is given back into the state that it was saved in: all of it, or nothing.

    Parameters
    ----------
    path : str or path-like
        Of a file of `save_checkpoint` or `Trainer`.
    model : Module, optional
        Its random generators are put back as well.
    optimizer : Optimizer, optional
    scheduler : LRScheduler, optional
    loader : DataLoader, optional

    Returns
    -------
    dict
        Everything in the file: the states by the names of the arguments, ``"rng"`` for those of the model's random
        generators, and what else was saved. Arrays are read-only.

    Raises
    ------
    TypeError
        An argument is something else.
    ValueError
        The file is not a checkpoint, damaged or of a newer version, or it does not fit what was given; the text has
        the path and lists everything that does not fit. Nothing was changed.
    OSError
        The file cannot be read.

    Examples
    --------
    >>> import os, tempfile
    >>> import fastconv as fc
    >>> from fastconv import nn
    >>> path = os.path.join(tempfile.mkdtemp(), "checkpoint.npz")
    >>> fc.save_checkpoint(path, nn.Linear(3, 2), note="untrained")
    >>> fc.load_checkpoint(path, nn.Linear(3, 2))["note"]
    'untrained'
    """
    function = "load_checkpoint"
    source = file_path(function, path)
    parts = _parts(function, model, optimizer, scheduler, loader) if model is not None else {}
    parts |= _others(function, optimizer, scheduler, loader)
    contents = file.read(source)
    load_all(source, parts, *contents)
    return contents.states


def _parts(function: str, model: Any, optimizer: Any, scheduler: Any, loader: Any) -> dict[str, Stateful]:
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {type(model).__name__}")
    return {"model": model, "rng": Generators(model), **_others(function, optimizer, scheduler, loader)}


def _others(function: str, optimizer: Any, scheduler: Any, loader: Any) -> dict[str, Stateful]:
    given = {"optimizer": optimizer, "scheduler": scheduler, "loader": loader}
    for name, part in given.items():
        if part is not None and not (hasattr(part, "state_dict") and hasattr(part, "load_state_dict")):
            raise TypeError(f"{function}: {name} must have state_dict and load_state_dict, got {shown(part)}")
    return {name: part for name, part in given.items() if part is not None}
