"""Arrays: what counts as one, in which form kernels take it, and where results are written.

An array argument is a NumPy array, or an object that lends its memory through ``__array__``, the buffer
protocol or DLPack, if it is memory of the CPU. Lists are not (they hide a slow conversion and a choice of dtype),
and neither are masked arrays (a kernel would read what the mask hides) nor ``np.matrix`` (it has no third dimension).
"""

from collections.abc import Iterable
from math import prod
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from fastconv._geometry import Shape, shown

Array: TypeAlias = npt.NDArray[Any]
"""An array argument or result; float32 and float64 are told apart at run time."""

DType: TypeAlias = np.dtype[Any]

FLOAT32: DType = np.dtype(np.float32)
FLOAT64: DType = np.dtype(np.float64)
INT64: DType = np.dtype(np.int64)

HOST = (1, 3, 11)
"""DLPack's numbers of devices whose memory the CPU reads: its own, and pinned for CUDA or ROCm."""

DEVICES = {2: "CUDA", 4: "OpenCL", 7: "Vulkan", 8: "Metal", 9: "VPI", 10: "ROCm", 13: "CUDA (managed)", 14: "oneAPI"}
"""Names of others (``DLDeviceType`` in dlpack.h)."""

ADDRESS_LIMIT = 2**63 - 1
"""More bytes than this have no address."""


def real_dtype(function: str, dtype: Any) -> DType:
    """float32 or float64; None means float32."""
    if dtype is None:
        return FLOAT32
    try:
        scalar = np.dtype(dtype).type
    except TypeError:
        scalar = np.void
    if scalar is np.float32:
        return FLOAT32
    if scalar is np.float64:
        return FLOAT64
    raise TypeError(f"{function}: dtype must be np.float32 or np.float64, got {shown(dtype)}")


def as_array(function: str, name: str, value: Any) -> Array:
    """The value as a plain NumPy array of any dtype, sharing its memory where it can."""
    if type(value) is np.ndarray:
        return value
    if isinstance(value, np.ma.MaskedArray | np.matrix):
        raise TypeError(
            f"{function}: {name} is a {type(value).__name__}; a plain array is needed: use "
            f"np.asarray({name}) if its values are meant, masked ones included"
        )
    if isinstance(value, np.ndarray):
        return np.asarray(value)
    kind = type(value)
    try:
        if hasattr(kind, "__dlpack_device__") and value.__dlpack_device__()[0] not in HOST:
            raise BufferError("not in the memory of the CPU")
        if hasattr(kind, "__array__"):
            return np.asarray(value)
        if hasattr(kind, "__dlpack__"):
            return np.from_dlpack(value)
        return np.asarray(memoryview(value))
    except MemoryError:
        raise
    except Exception as error:
        raise TypeError(f"{function}: {name} {_unusable(value, error)}") from error


def _unusable(value: Any, error: Exception) -> str:
    """What an argument that gave no array but an error should have been, and what it is."""
    device = _device(value)
    if device is not None:
        return f"must be in the memory of the CPU, where fastconv computes, got one on {device}: copy it there first"
    if getattr(value, "requires_grad", False) is True:
        return "requires a gradient, which is not recorded here: use fastconv.torch, or .detach() for its values alone"
    kind = type(value).__name__
    if hasattr(value, "dtype") and hasattr(value, "shape"):
        return f"must be an array of float32 or float64, got dtype {value.dtype}, of type {kind}: {error}"
    return f"must be an array of float32 or float64, got {shown(value)}, of type {kind}"


def _device(value: Any) -> str | None:
    """Where the memory of a stranger is, in its own words or DLPack's; None on the CPU, or if it does not say."""
    try:
        number = value.__dlpack_device__()[0]
    except Exception:  # torch's meta tensors have no DLPack device, but a name for theirs
        number = None
    own = str(getattr(value, "device", ""))
    if number in HOST or (number is None and own in ("", "cpu")):
        return None
    return own or DEVICES.get(number, f"DLPack device {number}")


def real(function: str, name: str, value: Any, dtype: DType | None = None) -> Array:
    """A float32 or float64 array argument as kernels take it: C-contiguous, aligned and native.

    Copies only what is not so already. With ``dtype``, the dtype that the other arrays of the call have.
    """
    if type(value) is np.ndarray:
        actual = value.dtype
        if (actual is FLOAT32 or actual is FLOAT64) and (dtype is None or actual is dtype):
            flags = value.flags
            if flags.c_contiguous and flags.aligned:
                return value
    array = as_array(function, name, value)
    if array.dtype.type is np.float32:
        native = FLOAT32
    elif array.dtype.type is np.float64:
        native = FLOAT64
    else:
        advice = "np.float32" if dtype is None else f"np.{dtype}"
        raise TypeError(
            f"{function}: {name} must be float32 or float64, got dtype {array.dtype}: use {name}.astype({advice})"
        )
    if dtype is not None and native is not dtype:
        raise TypeError(
            f"{function}: {name} is {native} where the call's other arrays are {dtype}: "
            f"use {name}.astype(np.{dtype}) or convert the others"
        )
    if array.dtype == native and array.flags.c_contiguous and array.flags.aligned:
        return array if array.dtype is native else array.view(native)
    return np.array(array, dtype=native, order="C")


def integers(function: str, name: str, value: Any) -> Array:
    """An array argument of any integer dtype; layout and byte order as they come."""
    array = as_array(function, name, value)
    if array.dtype.kind not in "iu":
        raise TypeError(f"{function}: {name} must have an integer dtype, got {array.dtype}")
    return array


def empty(function: str, cause: str, shape: Shape, dtype: DType) -> Array:
    """A new array for a result; ``cause`` names the argument that makes it as large as it is."""
    try:
        return np.empty(shape, dtype)
    except (ValueError, OverflowError):
        size = dtype.itemsize * prod(length or 1 for length in shape)  # as NumPy counts: even if it is empty
        if size <= ADDRESS_LIMIT:
            raise
    raise ValueError(
        f"{function}: {cause} gives a result of shape {shape}, {size} bytes: more than an address can hold"
    )


def check_shape(function: str, name: str, array: Array, expected: Shape, reason: str) -> None:
    """The ValueError for an array whose shape follows from the other arguments."""
    if array.shape != expected:
        raise ValueError(f"{function}: {name} must have shape {expected}, {reason}, got {array.shape}")


def destination(
    function: str, cause: str, out: Any, shape: Shape, dtype: DType, inputs: Iterable[Array | None]
) -> Array:
    """Where a kernel may write a result that the caller wants in ``out``.

    That is ``out`` itself if a kernel can write there, else a new array, which the caller copies to ``out``
    at the end: ``out`` may have any layout and may overlap an input.
    """
    if out is None:
        return empty(function, cause, shape, dtype)
    if not isinstance(out, np.ndarray) or isinstance(out, np.ma.MaskedArray | np.matrix):
        raise TypeError(f"{function}: out must be a NumPy array, got {type(out).__name__}")
    if out.dtype.type is not dtype.type:
        raise TypeError(f"{function}: out must have the dtype of the input, {dtype}, got {out.dtype}")
    check_shape(function, "out", out, shape, "that of the result")
    if not out.flags.writeable:
        raise ValueError(f"{function}: out must be writeable, got a read-only array")
    apart = not any(array is not None and np.may_share_memory(out, array) for array in inputs)
    if apart and type(out) is np.ndarray and out.dtype.isnative and out.flags.carray:
        return out
    return empty(function, cause, shape, dtype)
