"""Weights of a model in a file."""

from collections.abc import Mapping
from typing import Any

from . import _archive, _safetensors
from ._files import Path, atomic_write, file_path
from ._geometry import shown
from .functional._options import flag
from .nn.module import IncompatibleKeys, Module

FORMAT = "fastconv weights"
VERSION = 1


def save_weights(path: Path, model: Module, meta: Mapping[str, Any] | None = None) -> None:
    """Write a model's ``state_dict`` into an .npz file, or one of safetensors.

    ``numpy.load`` or ``safetensors`` read it as well; the arrays have their names of the ``state_dict``, which are
    those of PyTorch. The file is replaced as a whole: whatever happens, the path has the old content or the new.

    Parameters
    ----------
    path : str or path-like
        Used as it is. The ending ``.safetensors`` makes a file of that format
        (https://huggingface.co/docs/safetensors), any other an .npz file, whose usual ending is ``.npz``.
    model : Module
    meta : dict, optional
        JSON values to keep beside the weights, for instance how the model was made.

    Raises
    ------
    TypeError
        `model` is not a Module, or `meta` not a dictionary of JSON values.
    ValueError
        A name or number cannot be stored.
    ImportError
        `path` ends in ``.safetensors``, and that package is not installed.
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
    target = file_path("save_weights", path)
    arrays = _module("save_weights", model).state_dict()
    if meta is not None and not isinstance(meta, Mapping):
        raise TypeError(f"save_weights: meta must be a dict, got {shown(meta)}")
    info = {"format": FORMAT, "version": VERSION, "meta": dict(meta or {})}
    text = _archive.encode("save_weights", "meta", info)
    if _is_safetensors(target):
        content = _safetensors.serialized("save_weights", arrays, text)
        with atomic_write(target) as file:
            file.write(content)
        return
    with atomic_write(target) as file:
        _archive.write(file, "save_weights", arrays, text)


def load_weights(path: Path, model: Module, strict: bool = True) -> IncompatibleKeys:
    """Read a file of `save_weights`, ``numpy.savez`` or ``safetensors`` into a model.

    What ``safetensors.torch.save_file`` wrote of a PyTorch model with the same layers loads as it is. Unlike an .npz
    file, one of safetensors has no checksums: damage to the numbers themselves goes unnoticed.

    Parameters
    ----------
    path : str or path-like
        A file whose name ends in ``.safetensors`` is one of safetensors.
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
    ImportError
        `path` ends in ``.safetensors``, and that package is not installed.
    OSError
        The file cannot be read.
    """
    source = file_path("load_weights", path)
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
    return _read(file_path("read_meta", path))[1]


def _read(source: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Arrays and meta."""
    read = _safetensors.read if _is_safetensors(source) else _archive.read
    arrays, info = read(source, "weights file")
    _archive.check_format(info, source, "weights file", FORMAT, VERSION)
    if not info:
        return arrays, {}
    meta = info.get("meta")
    if not isinstance(meta, dict):
        raise ValueError(f"{source}: corrupt weights file: its meta is {shown(meta)}")
    return arrays, meta


def _is_safetensors(path: str) -> bool:
    return path.lower().endswith(".safetensors")


def _module(function: str, model: Any) -> Module:
    if not isinstance(model, Module):
        raise TypeError(f"{function}: model must be a Module, got {type(model).__name__}")
    return model
