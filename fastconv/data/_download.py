"""Files fetched from mirrors, and known by their checksums."""

from pathlib import Path

from .._extras import require
from ._sources import Source

TIMEOUT = 30
"""Seconds without a byte after which a mirror is given up."""


def download(source: Source, name: str, folder: Path) -> Path:
    """Put a file into a folder, unless it is there with the right checksum; return its path.

    The file has its name only once it is complete and its checksum is right.

    Raises
    ------
    ImportError
        Pooch is not installed.
    ConnectionError
        No mirror has given the right file; the text says of each why.
    OSError
        The file cannot be written.
    """
    pooch = require("pooch", "fastconv.data with download=True", "data")
    attempts = []
    for mirror in source.mirrors:
        try:
            return Path(
                pooch.retrieve(
                    mirror + name,
                    known_hash="md5:" + source.md5[name],
                    fname=name,
                    path=folder,
                    downloader=pooch.HTTPDownloader(timeout=TIMEOUT),
                )
            )
        except (OSError, ValueError) as error:  # ValueError: another checksum
            if isinstance(error, OSError) and error.errno is not None:
                raise  # of the disk; those of the network have no number
            attempts.append(f"{mirror}{name}: {error}")
    lines = [f"{name} could not be downloaded from any of {len(attempts)} mirrors:", *attempts]
    raise ConnectionError("\n  ".join(lines))
