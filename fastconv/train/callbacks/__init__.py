"""What is done while training goes on: one callback per file."""

from .callback import Callback
from .checkpoint import Checkpoint
from .csv_logger import CSVLogger
from .early_stopping import EarlyStopping
from .gradient_norm_clipping import GradientNormClipping
from .lr_scheduler import LRScheduler
from .progress_bar import ProgressBar
from .tensorboard import TensorBoard
from .terminate_on_nan import TerminateOnNaN
from .time_budget import TimeBudget

__all__ = [
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "EarlyStopping",
    "GradientNormClipping",
    "LRScheduler",
    "ProgressBar",
    "TensorBoard",
    "TerminateOnNaN",
    "TimeBudget",
]
