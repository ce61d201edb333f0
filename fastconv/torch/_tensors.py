"""Which tensors are served, and their memory as arrays."""

from typing import Any

import torch

from fastconv._arrays import Array
from fastconv._geometry import shown

DTYPES = (torch.float32, torch.float64)


def unserved(tensor: torch.Tensor) -> str | None:
    """What stands against computing with a tensor, and what to do about it; None if nothing does."""
    if not tensor.is_cpu:
        return f"must be on the CPU, where fastconv computes, got a tensor on {tensor.device}: use .cpu()"
    if tensor.layout is not torch.strided:
        return f"must be dense, got layout {tensor.layout}: use .to_dense()"
    if tensor.dtype not in DTYPES:
        return f"must be float32 or float64, got {tensor.dtype}: use .float()"
    return None


def array(tensor: torch.Tensor) -> Array:
    """A view of the memory of a tensor that is served: nothing is copied, and no gradient is recorded."""
    return tensor.numpy(force=True)  # type: ignore[no-any-return]


def arrays(function: str, **tensors: Any) -> list[Array | None]:
    """Views of the tensors of one call, by the names of the arguments; None stays None.

    Raises
    ------
    TypeError
        Something else than a tensor, or one that is not served; dtypes that differ.
    """
    views: list[Array | None] = []
    dtype = None
    for name, tensor in tensors.items():
        if tensor is None:
            views.append(None)
            continue
        if not isinstance(tensor, torch.Tensor):
            raise TypeError(f"{function}: {name} must be a torch.Tensor, got {shown(tensor)}")
        problem = unserved(tensor)
        if problem is not None:
            raise TypeError(f"{function}: {name} {problem}")
        if dtype is not None and tensor.dtype is not dtype:
            raise TypeError(
                f"{function}: {name} is {tensor.dtype} where the call's other tensors are {dtype}: use .to({dtype})"
            )
        dtype = tensor.dtype
        views.append(array(tensor))
    return views
