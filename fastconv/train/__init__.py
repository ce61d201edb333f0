"""Training: the loop, what it records, and what it shows."""

from .callback import Callback
from .history import History
from .progress import Progress
from .trainer import Trainer

__all__ = ["Callback", "History", "Progress", "Trainer"]
