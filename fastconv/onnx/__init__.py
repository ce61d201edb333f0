"""Models to and from ONNX files (https://onnx.ai), for other programs and from them; needs the extra ``onnx``.

>>> import os, tempfile
>>> import fastconv as fc
>>> path = os.path.join(tempfile.mkdtemp(), "lenet.onnx")
>>> fc.onnx.export(fc.models.lenet5(rng=0), path, (1, 1, 32, 32))
>>> sum(p.size for p in fc.onnx.load(path).parameters())
61706
"""

from fastconv._extras import require

require("onnx", "fastconv.onnx", "onnx")

from .backend import Backend  # noqa: E402
from .exporting import export  # noqa: E402
from .loading import load  # noqa: E402

__all__ = ["Backend", "export", "load"]
