"""Arrays in NumPy's own format, read without pickle and without trust in their headers."""

import math
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray


def read_npy(file: IO[bytes], size: int) -> NDArray[Any]:
    """Read the array that takes all `size` bytes of an open file.

    Raises
    ------
    ValueError
        It is no array of numbers, or the header claims another size. The text does not name the file.
    """
    try:
        version = npy.read_magic(file)
        header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, fortran_order, dtype = header(file)
    except (ValueError, TypeError, SyntaxError, EOFError, MemoryError, RecursionError) as error:
        # NumPy's texts about damaged headers run over several lines; the first one says it.
        reason = str(error).partition("\n")[0]
        raise ValueError(f"not a readable .npy file ({reason})") from None
    if dtype.kind not in "fiubc" or dtype.itemsize == 0:
        raise ValueError(f"an array must hold numbers, the file has {dtype}")
    claimed, stored = math.prod(shape) * dtype.itemsize, size - file.tell()
    if min(shape, default=1) < 0 or claimed != stored:
        raise ValueError(f"the header claims {claimed} bytes for {shape}, the file has {stored}")
    # One byte more than there are, so that a compressed file comes to its end and compares checksums.
    data = bytearray(file.read(claimed + 1))
    if len(data) != claimed:
        raise ValueError(f"the header claims {claimed} bytes for {shape}, the file has {len(data)}")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran_order else "C")
