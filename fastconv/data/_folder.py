"""Folders that data sets are read from."""

from pathlib import Path
from typing import Any

from .._files import file_path


def existing_folder(function: str, path: Any, name: str = "root") -> Path:
    """Return the folder that an argument names, or raise the OSError that says why there is none."""
    folder = Path(file_path(function, path, name))
    if not folder.exists():
        raise FileNotFoundError(2, "No such directory", str(folder))
    if not folder.is_dir():
        raise NotADirectoryError(20, "Not a directory", str(folder))
    return folder
