"""A run of ``fastconv train`` as one HTML page that needs nothing else: no network, no other file, no script."""

from .page import page
from .run import MODEL, TEST, Run, read_run
from .tested import Tested, run_model

__all__ = ["MODEL", "TEST", "Run", "Tested", "page", "read_run", "run_model"]
