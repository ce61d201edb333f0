"""Models to and from ONNX files (https://onnx.ai), for other programs and from them.

>>> import os, tempfile
>>> import fastconv as fc
>>> path = os.path.join(tempfile.mkdtemp(), "lenet.onnx")
>>> fc.onnx.export(fc.models.lenet5(rng=0), path, (1, 1, 32, 32))
>>> sum(p.size for p in fc.onnx.load(path).parameters())
61706
"""

from .exporting import export
from .loading import load

__all__ = ["export", "load"]
