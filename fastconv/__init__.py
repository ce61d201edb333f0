"""fastconv: train and run convolutional networks on a CPU.

>>> import numpy as np
>>> import fastconv as fc
>>> from fastconv import functional as F, nn, optim
>>> F.conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 1, 2, 2))).tolist()
[[[[4.0, 4.0], [4.0, 4.0]]]]
"""

import importlib
from typing import TYPE_CHECKING, Any

from ._backend import available_backends, get_backend, set_backend, use_backend
from ._config import get_float32_conv_precision, set_float32_conv_precision, set_flush_subnormals, show_config
from ._threads import get_num_threads, set_num_threads, threads
from ._version import __version__

if TYPE_CHECKING:
    from . import bench, data, distributed, functional, models, nn, optim, plot, testing, train
    from . import onnx as onnx
    from . import sklearn as sklearn
    from . import torch as torch
    from ._summary import summary
    from .checkpoint import load_checkpoint, save_checkpoint
    from .functional._algorithm import explain_conv2d
    from .train import History, Trainer
    from .weights import load_weights, save_weights

# Loaded when first used, so that `import fastconv` costs little more than NumPy.
_SUBMODULES = ("bench", "data", "distributed", "functional", "models", "nn", "optim", "plot", "testing", "train")
# Those that need an extra to be imported, and therefore are not in __all__.
_BRIDGES = ("onnx", "sklearn", "torch")
_NAMES = {
    "History": "train",
    "Trainer": "train",
    "explain_conv2d": "functional._algorithm",
    "load_checkpoint": "checkpoint",
    "load_weights": "weights",
    "save_checkpoint": "checkpoint",
    "save_weights": "weights",
    "summary": "_summary",
}

__all__ = [
    "History",
    "Trainer",
    "__version__",
    "available_backends",
    "bench",
    "data",
    "distributed",
    "explain_conv2d",
    "functional",
    "get_backend",
    "get_float32_conv_precision",
    "get_num_threads",
    "load_checkpoint",
    "load_weights",
    "models",
    "nn",
    "optim",
    "plot",
    "save_checkpoint",
    "save_weights",
    "set_backend",
    "set_float32_conv_precision",
    "set_flush_subnormals",
    "set_num_threads",
    "show_config",
    "summary",
    "testing",
    "threads",
    "train",
    "use_backend",
]


def __getattr__(name: str) -> Any:
    if name in _SUBMODULES or name in _BRIDGES:
        return importlib.import_module(f"{__name__}.{name}")
    if name in _NAMES:
        value = getattr(importlib.import_module(f"{__name__}.{_NAMES[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*__all__, *_BRIDGES]
