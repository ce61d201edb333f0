"""What runs here and why: `show_config`; the floating-point mode and the precision of the kernels."""

import importlib
import platform
from typing import Any, Literal, overload

import numpy as np

from . import _backend, _threads
from ._version import __version__
from .functional._options import word


def cpu_name() -> str:
    """The CPU's marketing name where the system tells it, else its architecture."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def set_flush_subnormals(on: bool) -> None:
    """Let kernels treat subnormal numbers as zero (off by default). Nothing outside the kernels is affected.

    Parameters
    ----------
    on : bool
        Subnormals are smaller than 1.2e-38 in float32; some CPUs compute with them a hundred times slower.

    Raises
    ------
    TypeError
        `on` is not a bool.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.set_flush_subnormals(False)
    """
    if not isinstance(on, (bool, np.bool_)):
        raise TypeError(f"set_flush_subnormals: on must be a bool, got {type(on).__name__}")
    if _backend.ISA is not None:
        importlib.import_module("fastconv._kernels.parallel").set_flush(bool(on))


PRECISIONS = ("high", "highest")
_precision = "high"


def set_float32_conv_precision(precision: str) -> None:
    """Choose how exactly float32 convolutions with ``algorithm="auto"`` are summed, in the whole process.

    Parameters
    ----------
    precision : {"high", "highest"}
        ``"high"``, the default, lets Winograd's transforms serve 3x3 kernels (see `functional.conv2d` for their
        error); ``"highest"`` keeps to direct sums. (The words are those of
        ``torch.set_float32_matmul_precision``.)

    Raises
    ------
    TypeError, ValueError
        `precision` is neither word.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.set_float32_conv_precision("highest")
    >>> fc.explain_conv2d((8, 64, 56, 56), (64, 64, 3, 3), padding=1).forward.algorithm
    'direct'
    >>> fc.set_float32_conv_precision("high")
    """
    global _precision
    if not isinstance(precision, str):
        raise TypeError(f"set_float32_conv_precision: precision must be a str, got {type(precision).__name__}")
    if precision not in PRECISIONS:
        raise ValueError(f"set_float32_conv_precision: precision must be 'high' or 'highest', got {precision!r}")
    _precision = precision


def get_float32_conv_precision() -> str:
    """The word that `set_float32_conv_precision` was given last; ``"high"`` at the start.

    Examples
    --------
    >>> import fastconv as fc
    >>> fc.get_float32_conv_precision()
    'high'
    """
    return _precision


@overload
def show_config(mode: Literal["stdout"] = "stdout") -> None: ...
@overload
def show_config(mode: Literal["dicts"]) -> dict[str, Any]: ...
def show_config(mode: str = "stdout") -> dict[str, Any] | None:
    """Tell which backend, instruction set and number of threads are in use, and why.

    Parameters
    ----------
    mode : {"stdout", "dicts"}
        Print it, or return it as a dict (the modes of ``numpy.show_config``).

    Returns
    -------
    dict or None

    Raises
    ------
    ValueError
        Unknown `mode`.

    Examples
    --------
    >>> import fastconv as fc
    >>> sorted(fc.show_config(mode="dicts"))
    ['backend', 'cpu', 'fastconv', 'instruction sets', 'numpy', 'python', 'threads']
    """
    word("show_config", "mode", mode, ("stdout", "dicts"))
    config: dict[str, Any] = {
        "fastconv": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "cpu": cpu_name(),
        "backend": {"active": _backend.get_backend(), "available": _backend.available_backends()},
        "instruction sets": {"active": _backend.ISA, "available": _backend.runnable()},
        "threads": _threads.describe(),
    }
    if mode == "dicts":
        return config
    threads = config["threads"]
    serial = "" if threads["openmp"] else "; kernels are serial: no OpenMP in this build"
    print(f"fastconv {config['fastconv']}, Python {config['python']}, NumPy {config['numpy']}")
    print(f"CPU:              {config['cpu']}")
    print(f"backend:          {config['backend']['active']} (available: {', '.join(config['backend']['available'])})")
    print(f"instruction set:  {_backend.ISA or 'none'} (available: {', '.join(_backend.runnable()) or 'none'})")
    print(f"threads:          {threads['count']} ({threads['reason']}{serial})")
    return None
