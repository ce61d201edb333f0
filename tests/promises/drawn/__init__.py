"""Random valid calls of every function with a kernel, forward and backward, one family per kind of operation."""

from .call import Call, Normals, Pair, run, serves
from .families import EXACT, FAMILIES, LINEAR, draw
from .pooling import factor

__all__ = ["EXACT", "FAMILIES", "LINEAR", "Call", "Normals", "Pair", "draw", "factor", "run", "serves"]
