"""Training: the loop, what it measures and records, and what is done while it goes on."""

from .callbacks import (
    Callback,
    Checkpoint,
    CSVLogger,
    EarlyStopping,
    GradientNormClipping,
    LRScheduler,
    ProgressBar,
    TensorBoard,
    TerminateOnNaN,
    TimeBudget,
)
from .history import History
from .metrics import Accuracy, ConfusionMatrix, Metric, TopKAccuracy
from .run import Run
from .trainer import Trainer

__all__ = [
    "Accuracy",
    "CSVLogger",
    "Callback",
    "Checkpoint",
    "ConfusionMatrix",
    "EarlyStopping",
    "GradientNormClipping",
    "History",
    "LRScheduler",
    "Metric",
    "ProgressBar",
    "Run",
    "TensorBoard",
    "TerminateOnNaN",
    "TimeBudget",
    "TopKAccuracy",
    "Trainer",
]
