"""Weights of a model in a file."""

from collections.abc import Mapping
from typing import Any

from . import _archive
from ._files import Path, atomic_write, file_path
from ._geometry import shown
from .functional._options import flag
from .nn.module import IncompatibleKeys, Module

FORMAT = "fastconv weights"
VERSION = 1


def save_weights(path: Path, model: Module, meta: Mapping[str, Any] | None = None) -> None:
    """Write a model's ``state_dict`` into an .npz file.

    ``numpy.load`` reads it as well; the arrays have their names of the ``state_dict``. The file is replaced as a
    whole: whatever happens, the path has the old content or the new.

    Parameters
    ----------
    path : str or path-like
        Used as it is; the usual ending is ``.npz``.
    model : Module
    meta : dict, optional
        JSON values to keep beside the weights, for instance how the model was made.

    Raises
    ------
    TypeError
        `model` is not a Module, or `meta` not a dictionary of JSON values.
    ValueError
        `path` ends in ``.safetensors``, or a name or number cannot be stored.
    OSError
        The file cannot be written.

    Examples
    --------
    >>> import fastconv as fc, os, tempfile
    >>> from fastconv import nn
    >>> path = os.path.join(tempfile.mkdtemp(), "linear.npz")
    >>> fc.save_weights(path, nn.Linear(3, 2), {"classes": 2})
    >>> fc.load_weights(path, nn.Linear(3, 2))
    IncompatibleKeys(missing_keys=[], unexpected_keys=[])
    """
    target = _npz_path("save_weights", path)
    arrays = _module("save_weights", model).state_dict()
    if meta is not None and not isinstance(meta, Mapping):
        raise TypeError(f"save_weights: meta must be a dict, got {shown(meta)}")
    info = {"format": FORMAT, "version": VERSION, "meta": dict(meta or {})}
    text = _archive.encode("save_weights", "meta", info)
    with atomic_write(target) as file:
        _archive.write(file, "save_weights", arrays, text)


def load_weights(path: Path, model: Module, strict: bool = True) -> IncompatibleKeys:
    """Read a file of `save_weights` (or ``numpy.savez``) into a model.

    Parameters
    ----------
    path : str or path-like
    model : Module
        Changed only after the whole file was read and checked.
    strict : bool
        With False, missing and unexpected names are skipped and returned.

    Returns
    -------
    IncompatibleKeys
        ``(missing_keys, unexpected_keys)``.

    Raises
    ------
    TypeError
        `path` is not a path, `model` not a Module or `strict` not a bool.
    ValueError
        The file is not a weights file, is corrupt, or does not fit the model; the text has the path and lists every
        missing, unexpected and mis-shaped entry.
    OSError
        The file cannot be read.
    """
    source = _npz_path("load_weights", path)
    _module("load_weights", model)
    flag("load_weights", "strict", strict)
    arrays, _ = _read(source)
    try:
        return model.load_state_dict(arrays, strict)
    except ValueError as error:
        raise ValueError(f"{source}: {error}") from error


def read_meta(path: Path) -> dict[str, Any]:
    """The `meta` that `save_weights` was given; the whole file is checked.

    Parameters
    ----------
    path : str or path-like

    Raises
    ------
    ValueError
        The file is not a weights file, or corrupt.
    OSError
        The file cannot be read.
    """
    return _read(_npz_path("read_meta", path))[1]


def _read(source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and meta."""
    arrays, info = _archive.read_as(source, "weights file", FORMAT, VERSION)
    if not info:
        return arrays, {}
    meta = info.get("meta")
    if not isinstance(meta, dict):
        raise ValueError(f"{source}: corrupt weights file: its meta is {shown(meta)}")
    return arrays, meta


def _npz_path(function: str, path: Any) -> str:
    target = file_path(function, path)
    if target.lower().endswith(".safetensors"):
        raise ValueError(f"{function}: path must not end in .safetensors, the format is .npz, got {target!r}")
    return target


def _module(function: str, model: Any) -> Module:
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {type(model).__name__}")
    return model
