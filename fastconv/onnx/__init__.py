"""Models to and from ONNX files (https://onnx.ai), for other programs and from them.

>>> import os, tempfile
>>> import fastconv as fc
>>> path = os.path.join(tempfile.mkdtemp(), "lenet.onnx")
>>> fc.onnx.export(fc.models.lenet5(rng=0), path, (1, 1, 32, 32))
"""

from .exporting import export

__all__ = ["export"]
