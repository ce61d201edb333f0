"""Models to and from ONNX files (https://onnx.ai), for other programs and from them.

>>> import os, tempfile
>>> import fastconv as fc
>>> path = os.path.join(tempfile.mkdtemp(), "lenet.onnx")
>>> fc.onnx.export(fc.models.lenet5(rng=0), path, (1, 1, 32, 32))
>>> sum(p.size for p in fc.onnx.load(path).parameters())
61706
"""

from typing import TYPE_CHECKING, Any

from .exporting import export
from .loading import load

if TYPE_CHECKING:
    from .backend import Backend

__all__ = ["Backend", "export", "load"]


def __getattr__(name: str) -> Any:
    if name == "Backend":  # its base is onnx's
        from .backend import Backend

        globals()[name] = Backend
        return Backend
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
