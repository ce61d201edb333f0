"""Learning rates that change from step to step, with PyTorch's names, arguments and numbers.

A scheduler owns the ``"lr"`` of every parameter group of an optimizer: it sets the first value when it is made, and the
next one at each ``step()``, which comes after ``optimizer.step()``: once per batch or once per epoch, as you like.
"""

from .chained_scheduler import ChainedScheduler
from .constant_lr import ConstantLR
from .cosine_annealing_lr import CosineAnnealingLR
from .cosine_annealing_warm_restarts import CosineAnnealingWarmRestarts
from .exponential_lr import ExponentialLR
from .lambda_lr import LambdaLR, MultiplicativeLR
from .linear_lr import LinearLR
from .one_cycle_lr import OneCycleLR
from .polynomial_lr import PolynomialLR
from .reduce_lr_on_plateau import ReduceLROnPlateau
from .scheduler import LRScheduler
from .sequential_lr import SequentialLR
from .step_lr import MultiStepLR, StepLR

__all__ = [
    "ChainedScheduler",
    "ConstantLR",
    "CosineAnnealingLR",
    "CosineAnnealingWarmRestarts",
    "ExponentialLR",
    "LRScheduler",
    "LambdaLR",
    "LinearLR",
    "MultiStepLR",
    "MultiplicativeLR",
    "OneCycleLR",
    "PolynomialLR",
    "ReduceLROnPlateau",
    "SequentialLR",
    "StepLR",
]
