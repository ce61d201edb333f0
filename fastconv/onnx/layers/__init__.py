"""What ONNX can say and `nn` has no layer for: parts of loaded models.

Like layers of `nn` they have a ``backward`` and a text, and can be exported again.
"""

from .affine import Affine
from .bordered_avg_pool2d import BorderedAvgPool2d
from .joining import Add, Join, MatMul, Multiply
from .mean import Mean
from .pad import Pad
from .shape import Matrix, Reshape, Squeeze, Transpose, Unsqueeze

__all__ = [
    "Add",
    "Affine",
    "BorderedAvgPool2d",
    "Join",
    "MatMul",
    "Matrix",
    "Mean",
    "Multiply",
    "Pad",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
]
