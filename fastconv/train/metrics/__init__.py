"""What is measured besides the loss: one metric per file."""

from .accuracy import Accuracy
from .confusion_matrix import ConfusionMatrix
from .metric import Metric
from .top_k_accuracy import TopKAccuracy

__all__ = ["Accuracy", "ConfusionMatrix", "Metric", "TopKAccuracy"]
