"""Which backend computes, and for the compiled one, which instruction set.

    cython   the kernels of src/, built per instruction set and element type
    numpy    fastconv.reference.numpy: vectorised
    python   fastconv.reference.python: plain loops

All three have the functions of the kernel contract (docs/design.md) with the same signatures. Instruction sets have
names in this file only.
"""

import importlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt

BACKENDS = ("cython", "numpy", "python")
KERNEL_MODULES = (
    "conv2d",
    "conv2d_weight",
    "depthwise",
    "depthwise_weight",
    "linear",
    "pad2d",
    "pool2d",
    "activation",
    "norm",
    "loss",
    "optim",
)
FLOAT32_MODULES = ("winograd", "winograd_weight")


def runnable() -> list[str]:
    """Names of the instruction sets that are built and that this CPU runs, best first; empty without extensions."""
    try:
        cpu = importlib.import_module("fastconv._kernels.cpu")
    except ModuleNotFoundError:
        return []
    built = Path(__file__).parent / "_kernels"
    return [name for name in cpu.runnable() if (built / name / "float32").is_dir()]


def _choose_isa() -> str | None:
    available = runnable()
    asked = os.environ.get("FASTCONV_ISA")
    if not asked:
        return available[0] if available else None
    if asked not in available:
        have = ", ".join(available) or "none: fastconv was built without extensions"
        raise ImportError(f"FASTCONV_ISA={asked!r} cannot be used here; available: {have}")
    return asked


def _choose_backend() -> str:
    available = available_backends()
    asked = os.environ.get("FASTCONV_BACKEND")
    if not asked:
        return available[0]
    if asked not in available:
        raise ImportError(f"FASTCONV_BACKEND={asked!r} cannot be used here; available: {', '.join(available)}")
    return asked


def _functions(modules: list[Any]) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            name: value
            for module in modules
            for name, value in vars(module).items()
            if callable(value) and not name.startswith("_") and not isinstance(value, type)
        }
    )


_compiled: dict[tuple[str, str], SimpleNamespace] = {}


def kernels(isa: str, dtype: npt.DTypeLike) -> SimpleNamespace:
    """The compiled functions of one instruction set (a name in `runnable()`) and element type."""
    element = np.dtype(dtype).name
    if (isa, element) not in _compiled:
        package = f"fastconv._kernels.{isa}.{element}"
        modules = KERNEL_MODULES + (FLOAT32_MODULES if element == "float32" else ())
        _compiled[isa, element] = _functions([importlib.import_module(f"{package}.{m}") for m in modules])
    return _compiled[isa, element]


def _table(name: str, dtype: np.dtype[Any]) -> SimpleNamespace:
    if name == "cython":
        return kernels(str(ISA), dtype)
    package = importlib.import_module(f"fastconv.reference.{name}")
    return SimpleNamespace(**{function: getattr(package, function) for function in package.__all__})


_tables: dict[tuple[str, np.dtype[Any]], SimpleNamespace] = {}
_for_context: ContextVar[str | None] = ContextVar("fastconv_backend", default=None)


def ops(dtype: np.dtype[Any]) -> SimpleNamespace:
    """The kernels of the active backend for float32 or float64 arrays."""
    key = (_for_context.get() or _default, dtype)
    table = _tables.get(key)
    if table is None:
        table = _tables[key] = _table(*key)
    return table


def available_backends() -> list[str]:
    """Names of the backends that can be used here, the fastest first.

    Returns
    -------
    list of str
        ``"cython"`` is missing if fastconv was built without extensions.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.available_backends()[-2:]
    ['numpy', 'python']
    """
    return list(BACKENDS if ISA is not None else BACKENDS[1:])


def _checked(function: str, name: object) -> str:
    if not isinstance(name, str):
        raise TypeError(f"{function}: name must be a str, got {type(name).__name__}")
    available = available_backends()
    if name not in available:
        raise ValueError(f"{function}: name must be one of {', '.join(map(repr, available))}, got {name!r}")
    return name


def get_backend() -> str:
    """Name of the backend that computes now.

    Examples
    --------
    >>> import fastconv as fc
    >>> with fc.use_backend("python"):
    ...     fc.get_backend()
    'python'
    """
    return _for_context.get() or _default


def set_backend(name: str) -> None:
    """Choose the backend of the whole process; a surrounding `use_backend` goes first until it ends.

    Parameters
    ----------
    name : {"cython", "numpy", "python"}

    Raises
    ------
    ValueError
        The backend does not exist or was not built; the text names those that can be used.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.set_backend(fc.get_backend())
    """
    global _default
    _default = _checked("set_backend", name)


@contextmanager
def use_backend(name: str) -> Iterator[None]:
    """Compute with another backend inside a ``with`` block, in this thread (or asyncio task) only.

    Parameters
    ----------
    name : {"cython", "numpy", "python"}

    Raises
    ------
    ValueError
        The backend does not exist or was not built.

    Examples
    --------
    >>> import numpy as np, fastconv as fc
    >>> with fc.use_backend("numpy"):
    ...     fc.functional.relu(np.array([-1.0, 2.0]))
    array([0., 2.])
    """
    token = _for_context.set(_checked("use_backend", name))
    try:
        yield
    finally:
        _for_context.reset(token)


ISA = _choose_isa()
_default = _choose_backend()
