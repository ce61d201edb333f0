"""`fastconv bench`: what Cython buys, layer by layer, against NumPy, plain Python, torch and onnxruntime."""

from .command import add_arguments, main
from .comparison import run

__all__ = ["add_arguments", "main", "run"]
