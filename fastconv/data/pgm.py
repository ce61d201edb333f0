"""Portable graymaps: the simplest image format that every image program can write.

A file is ``P2`` (numbers as text) or ``P5`` (bytes), width, height and the largest value, separated by white
space in which ``#`` starts a comment, and then the pixels. Values up to 255 take one byte, larger ones two,
high byte first.
"""

import os
import re

import numpy as np
from numpy.typing import NDArray

from .._files import open_regular

# One field of the header: white space and comments, then the number.
FIELD = re.compile(rb"(?:[ \t\r\n\v\f]|#[^\r\n]*[\r\n])+([0-9]+)")
COMMENT = re.compile(rb"#[^\r\n]*")


def read_pgm(path: str | os.PathLike[str]) -> NDArray[np.float32]:
    """Read a PGM file, text (P2) or binary (P5).

    Parameters
    ----------
    path : str or path-like

    Returns
    -------
    ndarray of float32, shape (height, width)
        Gray values divided by the file's largest value: 0 is black, 1 is white.

    Raises
    ------
    FileNotFoundError
        There is no such file.
    ValueError
        It is not a PGM file, or its claimed size does not match its pixels. The text starts with the path.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     name = os.path.join(folder, "image.pgm")
    ...     with open(name, "w") as file:
    ...         _ = file.write("P2 3 1 4  0 1 4")
    ...     read_pgm(name)
    array([[0.  , 0.25, 1.  ]], dtype=float32)
    """
    name = os.fsdecode(path)
    with open_regular(name) as file:
        content = file.read()
    if content[:2] not in (b"P2", b"P5"):
        raise ValueError(f"{name}: not a PGM file, it does not start with P2 or P5")
    position, numbers = 2, []
    for word in ("width", "height", "largest value"):
        field = FIELD.match(content, position)
        if field is None:
            raise ValueError(f"{name}: damaged PGM header, {word} is missing")
        if len(field[1]) > 10:
            raise ValueError(f"{name}: damaged PGM header, {word} has {len(field[1])} digits")
        numbers.append(int(field[1]))
        position = field.end()
    width, height, largest = numbers
    if width < 1 or height < 1 or not 1 <= largest <= 65535:
        raise ValueError(f"{name}: the PGM header claims {width} x {height} pixels up to {largest}")
    if not content[position : position + 1].isspace():
        raise ValueError(f"{name}: damaged PGM header, no white space before the pixels")
    read_pixels = _text_pixels if content[:2] == b"P2" else _binary_pixels
    pixels = read_pixels(content, position, name, width * height, largest)
    if pixels.max() > largest:
        raise ValueError(f"{name}: a pixel has value {pixels.max()}, the header allows {largest}")
    return (pixels.astype(np.float32) / np.float32(largest)).reshape(height, width)


def _binary_pixels(content: bytes, position: int, name: str, count: int, largest: int) -> NDArray[np.uint16]:
    kind = np.dtype(np.uint8 if largest < 256 else ">u2")
    start = position + 1
    if len(content) - start != count * kind.itemsize:
        claimed, stored = count * kind.itemsize, len(content) - start
        raise ValueError(f"{name}: the header claims {claimed} bytes of pixels, the file has {stored}")
    return np.frombuffer(content, kind, count, start).astype(np.uint16)


def _text_pixels(content: bytes, position: int, name: str, count: int, largest: int) -> NDArray[np.int64]:
    words = COMMENT.sub(b"", content[position:]).split()
    if len(words) != count:
        raise ValueError(f"{name}: the header claims {count} pixels, the file has {len(words)}")
    if not all(word.isdigit() and len(word) <= 10 for word in words):
        raise ValueError(f"{name}: a pixel is not a whole number")
    return np.array([int(word) for word in words], np.int64)
