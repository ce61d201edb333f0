"""What runs here and why: `show_config`; and the floating-point mode of the kernels."""

import importlib
import platform
from typing import Any, Literal, overload

import numpy as np

from . import _backend, _threads
from ._version import __version__


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
    if mode not in ("stdout", "dicts"):
        raise ValueError(f"show_config: mode must be 'stdout' or 'dicts', got {mode!r}")
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
